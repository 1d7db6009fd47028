import type { Player, Role, Status } from '../../shared/game.ts'

/** What can happen to a challenge once it is requested. */
export type Step = 'assign' | 'complete' | 'cancel' | 'expire'

/** Which status each step leads to, from where it is possible; what is not here is refused. */
export const transitions: Readonly<Record<Status, Partial<Readonly<Record<Step, Status>>>>> = {
  requested: { assign: 'assigned', cancel: 'cancelled' },
  assigned: { complete: 'completed', cancel: 'cancelled', expire: 'expired' },
  completed: {},
  cancelled: {},
  expired: {},
}

/** The statuses of what is not over. */
export const openStatuses = statusesWhere((steps) => Object.keys(steps).length > 0)

/** Where a step is possible. */
export function sourcesOf(step: Step): readonly Status[] {
  return statusesWhere((steps) => steps[step] !== undefined)
}

function statusesWhere(isIn: (steps: (typeof transitions)[Status]) => boolean): readonly Status[] {
  return (Object.keys(transitions) as Status[]).filter((status) => isIn(transitions[status]))
}

/** What people do in a game; a challenge expires by itself. */
export type Act = 'request' | Exclude<Step, 'expire'> | 'pause' | 'resume'

/** Which roles may do it to any challenge of the game, and which to those of their own seat alone. */
const allowed: Readonly<Record<Act, { readonly any: readonly Role[]; readonly own: readonly Role[] }>> = {
  request: { any: [], own: ['player'] },
  assign: { any: ['host', 'banker'], own: [] },
  complete: { any: ['host', 'banker'], own: ['player'] },
  cancel: { any: ['host', 'banker'], own: ['player'] },
  pause: { any: ['host'], own: [] },
  resume: { any: ['host'], own: [] },
}

/** Whether who has this seat may; `owner` is the id of the seat whose challenge it is. */
export function may({ id, role }: Pick<Player, 'id' | 'role'>, act: Act, owner?: number): boolean {
  const { any, own } = allowed[act]
  return any.includes(role) || (owner === id && own.includes(role))
}

/** Why {@link may} says no, for whoever asked. */
export function whyNot({ role }: Pick<Player, 'role'>, act: Act): string {
  const { any, own } = allowed[act]
  const who = [...any.map((one) => `a ${one}`), ...own.map((one) => `the ${one} whose it is`)].join(' or ')
  return `A ${role} may not ${act} this: only ${who} may.`
}

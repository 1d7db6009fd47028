import type { Challenge, ChallengeToggled, Notice, ToggleInput } from '../shared/challenge.ts'
import type { Person } from '../shared/identity.ts'
import { Refused } from './http.ts'
import type { ChallengeStore } from './store.ts'
import type { Tell } from './tell.ts'

/** Who asks, and from which window. */
export interface Asking {
  /** `null` for somebody whom the server does not know. */
  readonly by: Person | null
  /** The public id of the window's client, as it says itself. */
  readonly from: string | undefined
}

export interface ToggleDeps {
  readonly store: Pick<ChallengeStore, 'toggle'>
  /** Tells every window. */
  readonly publish: (event: ChallengeToggled, from: string | undefined) => Promise<unknown>
  /** Tells these people, by their ids, and nobody else. */
  readonly notify: (people: readonly string[], notice: Notice) => Promise<unknown>
  readonly tell: Tell
}

/** Switches one challenge for a request, over HTTP or the live connection. Throws `not_found`. */
export type ToggleChallenge = (input: ToggleInput, asking: Asking) => Promise<Challenge>

/** Commits first and tells then: whoever hears of a change can read it. Who asks for what is there already changes nothing, and nobody hears of it. */
export function createToggle({ store, publish, notify, tell }: ToggleDeps): ToggleChallenge {
  return async ({ id, is_active: wanted }, { by, from }) => {
    const change = store.toggle(id, wanted)
    if (!change) throw noChallenge(id)
    const { challenge, changed } = change
    if (!changed) return challenge
    const { is_active } = challenge.toggle_details
    const others = challenge.joined.filter((person) => person !== by?.id)
    const notice = { challenge_id: id, text: noticeText(challenge, by) }
    await Promise.all([
      tell(`challenge ${id}`, () => publish({ challenge_id: id, is_active, challenge, by }, from)),
      tell(`the notice of challenge ${id}`, () => notify(others, notice)),
    ])
    return challenge
  }
}

export function noChallenge(id: number): Refused {
  return new Refused('not_found', `There is no challenge ${id}; load the list again.`)
}

function noticeText({ name, toggle_details }: Challenge, by: Person | null): string {
  return `${by?.name ?? 'Somebody'} switched ${toggle_details.is_active ? 'on' : 'off'} “${name}”, which you have joined.`
}

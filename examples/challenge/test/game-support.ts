import type { GameChallenge as Row } from '../shared/game.ts'
import { ClocksMoved, GameChallenge, GameChallengeList, Player, type Role } from '../shared/game.ts'
import { ask, type Call, connect, signIn, subscribed } from './support.ts'

/** The game that is there from the start. */
export const code = 'ABC123'
export const base = `/api/v2/challenges/${code}`

export const assignment = {
  challenge_type: 'push_ups',
  challenge_description: '20 push-ups',
  target_number: 20,
  time_limit_seconds: 10,
}

/** Somebody with a seat in the game. */
export interface Seated {
  readonly token: string
  readonly seat: Player
}

/** Gives a new person a seat in the seeded game. */
export async function sit(url: string, role: Role, team_number = 1): Promise<Seated> {
  const { token } = await signIn(url, role)
  const body = { name: role, role, team_number }
  const seat = await ask(url, Player, { to: `POST /api/v2/games/${code}/join`, token, body })
  return { token, seat }
}

export const requestBody = ({ seat }: Seated) => ({
  player_id: seat.id,
  building_type: 'farm',
  building_name: 'Farm',
  team_number: seat.team_number,
  has_school: false,
})

export function requestBy(url: string, player: Seated): Promise<Row> {
  const { token } = player
  return ask(url, GameChallenge, { to: `POST ${base}/request`, token, body: requestBody(player) })
}

export type Step = 'assign' | 'complete' | 'cancel'

/** The request that makes a step, for `ask` or `refusal`. */
export function stepCall({ token }: Seated, step: Step, id: number): Call {
  return { to: `POST ${base}/${id}/${step}`, token, ...(step === 'assign' ? { body: assignment } : {}) }
}

export function step(url: string, who: Seated, [name, id]: readonly [Step, number]): Promise<Row> {
  return ask(url, GameChallenge, stepCall(who, name, id))
}

export function moveClocks(url: string, { token }: Seated, act: 'pause' | 'resume') {
  return ask(url, ClocksMoved, { to: `POST /api/v2/games/${code}/${act}`, token })
}

export async function listed(url: string, { token }: Seated, which: 'active' | 'history') {
  const to = `GET ${base}/${which}?include_time_remaining=true`
  return (await ask(url, GameChallengeList, { to, token })).challenges
}

/** A live client of somebody with a seat, and all that it hears of the game. */
export async function hear(url: string, { token }: Seated) {
  const client = await connect(url, token)
  const channel = client.channel('game', { code })
  const heard: { event: string; data: unknown; own: boolean }[] = []
  channel.onAny(({ event, data, meta }) => heard.push({ event, data, own: meta.own }))
  await subscribed(channel)
  return { client, channel, heard, names: () => heard.map(({ event }) => event) }
}

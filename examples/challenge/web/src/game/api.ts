import {
  type AssignInput,
  ClocksMoved,
  Game,
  GameChallenge,
  GameChallengeList,
  GameView,
  type JoinInput,
  Player,
  type RequestInput,
  SeatView,
} from '../../../shared/game.ts'
import { ask, type Call } from '../net/http.ts'
import { asPerson } from '../person/person.ts'
import { client } from '../sync.ts'
import { httpClock } from './http-clock.ts'

const send = (path: string, call: Call = {}) =>
  asPerson((token) => ask(`/api/v2/${path}`, { ...call, token, clientId: client.id }))

const post = (path: string, body: unknown = {}) => send(path, { method: 'POST', body })

/** A game with all that belongs to it, as it stands in the database. */
export interface LoadedGame {
  readonly game: Game
  readonly players: readonly Player[]
  readonly challenges: readonly GameChallenge[]
}

/** Loads all of a game; `undefined` for whoever has no seat in it. Rejects with {@link ApiError}, as all of these do. */
export async function fetchGame(code: string): Promise<LoadedGame | undefined> {
  const { seat } = SeatView.parse(await send(`games/${code}/seat`))
  if (!seat) return undefined
  const sentAt = Date.now()
  const [view, active, history] = await Promise.all([
    send(`games/${code}`),
    send(`challenges/${code}/active?include_time_remaining=true`),
    send(`challenges/${code}/history`),
  ])
  const [open, over] = [GameChallengeList.parse(active), GameChallengeList.parse(history)]
  httpClock.measure(open, sentAt)
  return { ...GameView.parse(view), challenges: [...open.challenges, ...over.challenges] }
}

export async function createGame(name: string): Promise<Game> {
  return Game.parse(await post('games', { name }))
}

/** Takes a seat, or another one than before. */
export async function joinGame(code: string, input: JoinInput): Promise<Player> {
  return Player.parse(await post(`games/${code}/join`, input))
}

/** Stops all clocks of the game, or lets them go on. */
export async function pauseGame(code: string, isPaused: boolean): Promise<ClocksMoved> {
  return ClocksMoved.parse(await post(`games/${code}/${isPaused ? 'pause' : 'resume'}`))
}

export async function requestChallenge(code: string, input: RequestInput): Promise<GameChallenge> {
  return GameChallenge.parse(await post(`challenges/${code}/request`, input))
}

/** One challenge, by the game's code and its own id. */
export interface Which {
  readonly code: string
  readonly id: number
}

export async function assignChallenge({ code, id }: Which, input: AssignInput): Promise<GameChallenge> {
  return GameChallenge.parse(await post(`challenges/${code}/${id}/assign`, input))
}

export async function endChallenge({ code, id }: Which, how: 'complete' | 'cancel'): Promise<GameChallenge> {
  return GameChallenge.parse(await post(`challenges/${code}/${id}/${how}`))
}

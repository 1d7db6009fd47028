import type { HubChannel, HubSettings } from 'syncline/server'
import type {
  ClocksMoved,
  Game,
  GameChallenge,
  GameView,
  JoinInput,
  Player,
  RequestInput,
  SeatView,
} from '../../shared/game.ts'
import type { Person } from '../../shared/identity.ts'
import type { registry } from '../../shared/registry.ts'
import { Refused, shortened } from '../http.ts'
import type { Tell } from '../tell.ts'
import { type Clocks, createClocks } from './clocks.ts'
import { type Act, may, type Step, sourcesOf, whyNot } from './rules.ts'
import type { Assignment, GameStore, Moment } from './store.ts'

export interface PlayDeps {
  readonly store: GameStore
  readonly clock: HubSettings['clock']
  readonly channel: (code: string) => Pick<HubChannel<typeof registry, 'game'>, 'publish'>
  readonly tell: Tell
  readonly log: (line: string) => void
}

/** Who does something in which game, and from which window. */
export interface Turn {
  readonly code: string
  readonly by: Person
  /** The public id of the window's client, as it says itself. */
  readonly from: string | undefined
}

/** A turn that is about one challenge. */
export interface ChallengeTurn extends Turn {
  readonly id: number
}

/** The game as people play it: each checks who may, commits, tells everyone in the game, and returns what was committed. */
export class Play {
  readonly #deps: PlayDeps
  readonly #clocks: Clocks

  constructor(deps: PlayDeps) {
    const { store, clock, log } = deps
    this.#deps = deps
    const expired = (challenge: GameChallenge) =>
      void this.#announce('challenge_expired', challenge, undefined)
    this.#clocks = createClocks({ store, clock, log, expired })
    this.#clocks.start()
  }

  create(name: string): Game {
    return this.#deps.store.createGame(name, this.#deps.clock.now())
  }

  async join({ code, by, from }: Turn, input: JoinInput): Promise<Player> {
    const { store, channel, tell } = this.#deps
    this.#gameOf(code)
    const player = store.join(code, by.id, input)
    await tell(`player ${player.id}`, () => channel(code).publish('player_joined', player, { from }))
    return player
  }

  /** The seat of a person. Throws `not_found` for a game that is not there, `forbidden` for whoever has no seat in it. */
  seatOf({ code, by }: Pick<Turn, 'code' | 'by'>): Player {
    this.#gameOf(code)
    const seat = this.#deps.store.seat(code, by.id)
    if (seat) return seat
    throw new Refused('forbidden', `You have no seat in the game ${code}; join it first.`)
  }

  /** The game, and the seat that a person has in it, if any. Throws `not_found`. */
  lookIn({ code, by }: Turn): SeatView {
    return { game: this.#gameOf(code), seat: this.#deps.store.seat(code, by.id) ?? null }
  }

  view(turn: Turn): GameView {
    this.seatOf(turn)
    return { game: this.#gameOf(turn.code), players: this.#deps.store.players(turn.code) }
  }

  /** Challenges of a game: those that are not over, oldest first, or those that are, newest first. */
  list(turn: Turn, which: 'active' | 'history'): GameChallenge[] {
    this.seatOf(turn)
    this.#clocks.settle()
    return this.#deps.store[which](turn.code)
  }

  async request(turn: Turn, input: RequestInput): Promise<GameChallenge> {
    const { store, clock } = this.#deps
    const seat = this.seatOf(turn)
    if (input.player_id !== seat.id) {
      throw new Refused('forbidden', `Seat ${input.player_id} of the game ${turn.code} is not yours.`)
    }
    requireMay(seat, 'request', seat.id)
    if (input.team_number !== seat.team_number) {
      throw new Refused('bad_request', `team_number: you are in team ${seat.team_number}.`)
    }
    const requested = store.request(turn.code, clock.now(), { ...input, name: seat.name })
    await this.#announce('challenge_requested', requested, turn.from)
    return requested
  }

  assign(turn: ChallengeTurn, input: Assignment): Promise<GameChallenge> {
    return this.#step(turn, 'assign', (moment) => this.#deps.store.assign(moment, input))
  }

  complete(turn: ChallengeTurn): Promise<GameChallenge> {
    return this.#step(turn, 'complete', (moment) => this.#deps.store.complete(moment))
  }

  cancel(turn: ChallengeTurn): Promise<GameChallenge> {
    return this.#step(turn, 'cancel', (moment) => this.#deps.store.cancel(moment))
  }

  /** Stops the clocks of all challenges of the game. */
  pause(turn: Turn): Promise<ClocksMoved> {
    return this.#moveClocks(turn, 'pause')
  }

  /** Lets the clocks of all challenges of the game go on. */
  resume(turn: Turn): Promise<ClocksMoved> {
    return this.#moveClocks(turn, 'resume')
  }

  /** How long there still is, in seconds; `null` unless it is assigned. */
  secondsLeft({ ends_at, remaining_ms }: GameChallenge): number | null {
    const ms = ends_at === null ? remaining_ms : Math.max(0, ends_at - this.#deps.clock.now())
    return ms === null ? null : ms / 1_000
  }

  /** Ends the timer; what runs out from here on expires at the next start. */
  close(): void {
    this.#clocks.close()
  }

  async #step(
    turn: ChallengeTurn,
    step: keyof typeof events,
    commit: (moment: Moment) => GameChallenge | undefined,
  ): Promise<GameChallenge> {
    const { code, id, from } = turn
    const seat = this.seatOf(turn)
    requireMay(seat, step, this.#challengeOf(code, id).player_id)
    this.#clocks.settle()
    const moved = commit({ code, id, now: this.#deps.clock.now() })
    if (!moved) throw wrongStatus(this.#challengeOf(code, id), step)
    this.#clocks.arm()
    await this.#announce(events[step], moved, from)
    return moved
  }

  async #moveClocks(turn: Turn, act: keyof typeof clockEvents): Promise<ClocksMoved> {
    const { store, clock, channel, tell } = this.#deps
    const { code, from } = turn
    const { event, already } = clockEvents[act]
    requireMay(this.seatOf(turn), act)
    this.#clocks.settle()
    const moved = store[act](code, clock.now())
    if (!moved) throw new Refused('wrong_status', `The game ${code} is ${already} already.`)
    this.#clocks.arm()
    await tell(`${event} of ${code}`, () => channel(code).publish(event, moved, { from }))
    return moved
  }

  #announce(event: ChallengeEvent, challenge: GameChallenge, from: string | undefined): Promise<void> {
    const { channel, tell } = this.#deps
    const { game_code, id } = challenge
    return tell(`${event} of ${id}`, () => channel(game_code).publish(event, challenge, { from }))
  }

  #gameOf(code: string): Game {
    const game = this.#deps.store.game(code)
    if (game) return game
    throw new Refused('not_found', `There is no game ${shortened(code)}; check the code.`)
  }

  #challengeOf(code: string, id: number): GameChallenge {
    const challenge = this.#deps.store.challenge(code, id)
    if (challenge) return challenge
    throw new Refused('not_found', `There is no challenge ${id} in the game ${code}.`)
  }
}

const events = {
  assign: 'challenge_assigned',
  complete: 'challenge_completed',
  cancel: 'challenge_cancelled',
} as const

const clockEvents = {
  pause: { event: 'game_paused', already: 'paused' },
  resume: { event: 'game_resumed', already: 'running' },
} as const

type ChallengeEvent = 'challenge_requested' | 'challenge_expired' | (typeof events)[keyof typeof events]

function requireMay(seat: Player, act: Act, owner?: number): void {
  if (!may(seat, act, owner)) throw new Refused('forbidden', whyNot(seat, act))
}

function wrongStatus({ id, status }: GameChallenge, step: Step): Refused {
  const wanted = sourcesOf(step).join(' or ')
  return new Refused('wrong_status', `Challenge ${id} is ${status}; to ${step} it, it must be ${wanted}.`)
}

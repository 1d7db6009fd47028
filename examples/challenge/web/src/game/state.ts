import type { Game, GameChallenge, Player } from '../../../shared/game.ts'
import type { LoadedGame } from './api.ts'

export interface GameState {
  /** `no_seat`: whoever looks must take a seat first; `missing`: there is no such game. */
  readonly phase: 'loading' | 'ready' | 'failed' | 'no_seat' | 'missing'
  readonly game: Game | undefined
  readonly players: readonly Player[]
  /** By id. What a change does not touch keeps its identity. */
  readonly challenges: ReadonlyMap<number, GameChallenge>
  /** Why the last load failed. */
  readonly problem: string | undefined
}

export type GameAction =
  | { readonly type: 'loading' }
  | { readonly type: 'loaded'; readonly loaded: LoadedGame | undefined }
  | { readonly type: 'load_failed'; readonly code: string; readonly message: string }
  | { readonly type: 'challenge'; readonly row: GameChallenge }
  | { readonly type: 'clocks'; readonly game: Game; readonly challenges: readonly GameChallenge[] }
  | { readonly type: 'player'; readonly player: Player }

export const initialGame: GameState = {
  phase: 'loading',
  game: undefined,
  players: [],
  challenges: new Map(),
  problem: undefined,
}

/** Every change of a game, pure. Of two copies of a row the newer one stays: answers may come after later events. */
export function reduceGame(state: GameState, action: GameAction): GameState {
  switch (action.type) {
    case 'loading':
      return keepsItsPage(state) ? state : { ...state, phase: 'loading' }
    case 'loaded':
      return action.loaded ? load(state, action.loaded) : { ...state, phase: 'no_seat', problem: undefined }
    case 'load_failed': {
      const phase = action.code === 'not_found' ? 'missing' : keepsItsPage(state) ? state.phase : 'failed'
      return { ...state, phase, problem: action.message }
    }
    case 'challenge':
      return { ...state, challenges: withRows(state.challenges, [action.row]) }
    case 'clocks':
      return {
        ...state,
        game: newer(state.game, action.game),
        challenges: withRows(state.challenges, action.challenges),
      }
    case 'player':
      return { ...state, players: withPlayers(state.players, [action.player]) }
  }
}

/** Whether what is on screen outlasts another load, and its failure: the game, and the form that somebody fills in. */
function keepsItsPage({ phase }: GameState): boolean {
  return phase === 'ready' || phase === 'no_seat'
}

function load(state: GameState, { game, players, challenges }: LoadedGame): GameState {
  return {
    phase: 'ready',
    problem: undefined,
    game: newer(state.game, game),
    // Nothing of a game is ever deleted, so that what was heard before the list stays right.
    players: withPlayers(state.players, players),
    challenges: withRows(state.challenges, challenges),
  }
}

function newer<Row extends { readonly version: number }>(before: Row | undefined, row: Row): Row {
  return before && before.version >= row.version ? before : row
}

function withRows(
  before: ReadonlyMap<number, GameChallenge>,
  rows: readonly GameChallenge[],
): ReadonlyMap<number, GameChallenge> {
  const isNew = (row: GameChallenge) => newer(before.get(row.id), row) === row
  const news = rows.filter(isNew)
  return news.length === 0 ? before : new Map([...before, ...news.map((row) => [row.id, row] as const)])
}

function withPlayers(before: readonly Player[], players: readonly Player[]): readonly Player[] {
  const all = new Map([...before, ...players].map((player) => [player.id, player]))
  return [...all.values()]
}

/** What the views show of the challenges. */
export interface Sorted {
  /** Asked for, oldest first. */
  readonly requested: readonly GameChallenge[]
  /** At work, the one that ends first on top. */
  readonly assigned: readonly GameChallenge[]
  /** Over, the newest on top. */
  readonly ended: readonly GameChallenge[]
}

export function sortChallenges(challenges: Iterable<GameChallenge>): Sorted {
  const all = [...challenges]
  const of = (status: GameChallenge['status']) => all.filter((row) => row.status === status)
  const endOf = ({ ends_at, remaining_ms }: GameChallenge) => ends_at ?? remaining_ms ?? 0
  return {
    requested: of('requested').sort((a, b) => a.id - b.id),
    assigned: of('assigned').sort((a, b) => endOf(a) - endOf(b) || a.id - b.id),
    ended: all
      .filter(({ ended_at }) => ended_at !== null)
      .sort((a, b) => Date.parse(b.ended_at!) - Date.parse(a.ended_at!) || b.id - a.id),
  }
}

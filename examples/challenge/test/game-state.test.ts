import { describe, expect, it } from 'vitest'
import type { Game, GameChallenge, Player } from '../shared/game.ts'
import {
  type GameAction,
  type GameState,
  initialGame,
  reduceGame,
  sortChallenges,
} from '../web/src/game/state.ts'

const game = (version: number, paused_at: number | null = null): Game => ({
  code: 'ABC123',
  name: 'The Trading Game',
  paused_at,
  version,
})

const ada: Player = { id: 1, user_id: 'u1', name: 'Ada', role: 'player', team_number: 1 }
const ben: Player = { id: 2, user_id: 'u2', name: 'Ben', role: 'host', team_number: 1 }

const row = (id: number, version: number, change: Partial<GameChallenge> = {}): GameChallenge => ({
  id,
  game_code: 'ABC123',
  player_id: 1,
  player_name: 'Ada',
  building_type: 'farm',
  building_name: 'Farm',
  team_number: 1,
  has_school: false,
  challenge_type: null,
  challenge_description: null,
  target_number: null,
  status: 'requested',
  requested_at: '2026-01-01T12:00:00.000Z',
  assigned_at: null,
  ended_at: null,
  time_limit_seconds: 600,
  ends_at: null,
  remaining_ms: null,
  version,
  ...change,
})

const runs = (ends_at: number) => ({ status: 'assigned', ends_at }) as const
const stands = (remaining_ms: number) => ({ status: 'assigned', remaining_ms }) as const
const over = (second: number, status: 'completed' | 'cancelled' | 'expired' = 'completed') => ({
  status,
  ended_at: `2026-01-01T12:00:${String(second).padStart(2, '0')}.000Z`,
})

const after = (...actions: readonly GameAction[]): GameState => actions.reduce(reduceGame, initialGame)
const loaded = (...challenges: readonly GameChallenge[]): GameAction => ({
  type: 'loaded',
  loaded: { game: game(1), players: [ada], challenges },
})
const heard = (challenge: GameChallenge): GameAction => ({ type: 'challenge', row: challenge })
const failed = (code = 'unreachable'): GameAction => ({ type: 'load_failed', code, message: 'no answer' })
const noSeat: GameAction = { type: 'loaded', loaded: undefined }
const versions = ({ challenges }: GameState) => [...challenges.values()].map(({ version }) => version)

describe('loading a game', () => {
  it('starts in loading and is ready with the first answer', () => {
    expect(initialGame.phase).toBe('loading')
    expect(after(loaded(row(1, 1)))).toMatchObject({ phase: 'ready', game: game(1), players: [ada] })
  })

  it('fails when the first answer does not come, and tries again on demand', () => {
    expect(after(failed())).toMatchObject({ phase: 'failed', problem: 'no answer' })
    expect(after(failed(), { type: 'loading' }).phase).toBe('loading')
  })

  it('keeps the game on screen while it is loaded again, and when that fails', () => {
    const state = after(loaded(row(1, 1)), { type: 'loading' }, failed())
    expect(state).toMatchObject({ phase: 'ready', problem: 'no answer' })
    expect(versions(state)).toEqual([1])
    expect(reduceGame(state, loaded(row(1, 1))).problem).toBeUndefined()
  })

  it('says that there is no such game, also where one was shown', () => {
    expect(after(failed('not_found')).phase).toBe('missing')
    expect(after(loaded(), failed('not_found')).phase).toBe('missing')
  })

  it('asks for a seat where there is none, and lets no poll take the form away', () => {
    expect(after(noSeat).phase).toBe('no_seat')
    expect(after(noSeat, { type: 'loading' }).phase).toBe('no_seat')
    expect(after(noSeat, { type: 'loading' }, failed())).toMatchObject({
      phase: 'no_seat',
      problem: 'no answer',
    })
    expect(after(noSeat, failed(), noSeat).problem).toBeUndefined()
    expect(after(noSeat, loaded()).phase).toBe('ready')
  })
})

describe('of two copies of a row the newer one', () => {
  it('stays when a late list, a late answer or a late event has the older one', () => {
    const state = after(loaded(row(1, 5)), heard(row(1, 7, runs(100))))
    for (const late of [loaded(row(1, 5)), heard(row(1, 6)), heard(row(1, 7))]) {
      expect(reduceGame(state, late).challenges.get(1)).toBe(state.challenges.get(1))
    }
  })

  it('is taken whether a list or an event brings it, before or after', () => {
    expect(versions(after(heard(row(1, 7)), loaded(row(1, 5))))).toEqual([7])
    expect(versions(after(heard(row(1, 5)), loaded(row(1, 7))))).toEqual([7])
    expect(versions(after(loaded(row(1, 5)), heard(row(2, 9))))).toEqual([5, 9])
  })

  it('is taken of the game itself, so that a late list does not let a paused game go on', () => {
    const paused = after(loaded(), { type: 'clocks', game: game(3, 50), challenges: [] })
    expect(reduceGame(paused, loaded()).game).toEqual(game(3, 50))
    const late: GameAction = { type: 'clocks', game: game(2), challenges: [] }
    expect(reduceGame(paused, late).game?.paused_at).toBe(50)
  })

  it('leaves what it does not touch the same object', () => {
    const state = after(loaded(row(1, 1), row(2, 1)))
    const changed = reduceGame(state, heard(row(1, 2)))
    expect(changed.challenges.get(2)).toBe(state.challenges.get(2))
    expect(changed.players).toBe(state.players)
    expect(reduceGame(state, heard(row(1, 1))).challenges).toBe(state.challenges)
  })
})

describe('what happens to the whole game', () => {
  it('moves the clocks of all challenges at once', () => {
    const before = after(loaded(row(1, 1, runs(100)), row(2, 1, runs(200)), row(3, 1)))
    const moved = [row(1, 2, stands(40)), row(2, 2, stands(140))]
    const paused = reduceGame(before, { type: 'clocks', game: game(2, 60), challenges: moved })
    expect(paused.game?.paused_at).toBe(60)
    expect([...paused.challenges.values()].map(({ remaining_ms }) => remaining_ms)).toEqual([40, 140, null])
  })

  it('adds who joins, and knows who takes another seat', () => {
    const state = after(loaded(), { type: 'player', player: ben })
    expect(state.players).toEqual([ada, ben])
    const moved = { ...ada, team_number: 3 }
    expect(reduceGame(state, { type: 'player', player: moved }).players).toEqual([moved, ben])
  })
})

describe('what the views show', () => {
  const ids = (rows: readonly GameChallenge[]) => rows.map(({ id }) => id)

  it('sorts requests by age, what runs by its end, and what is over by when it was', () => {
    const { requested, assigned, ended } = sortChallenges([
      row(9, 1),
      row(3, 1),
      row(4, 1, runs(900)),
      row(5, 1, runs(800)),
      row(6, 1, over(10)),
      row(7, 1, over(30, 'expired')),
      row(8, 1, over(20, 'cancelled')),
    ])
    expect([ids(requested), ids(assigned), ids(ended)]).toEqual([
      [3, 9],
      [5, 4],
      [7, 8, 6],
    ])
  })

  it('sorts clocks that stand still by what is left, as they will run', () => {
    expect(ids(sortChallenges([row(1, 1, stands(900)), row(2, 1, stands(500))]).assigned)).toEqual([2, 1])
  })

  it('sorts alike on every screen what happened in the same moment, in whatever order it was heard', () => {
    const rows = [row(1, 1, over(10)), row(2, 1, over(10)), row(3, 1, runs(5)), row(4, 1, runs(5))]
    const one = sortChallenges(rows)
    expect([ids(one.ended), ids(one.assigned)]).toEqual([
      [2, 1],
      [3, 4],
    ])
    expect(sortChallenges([...rows].reverse())).toEqual(one)
  })

  it('has every challenge in one place', () => {
    const { requested, assigned, ended } = sortChallenges([
      row(1, 1),
      row(2, 1, runs(1)),
      row(3, 1, over(1, 'cancelled')),
    ])
    expect([ids(requested), ids(assigned), ids(ended)]).toEqual([[1], [2], [3]])
  })
})

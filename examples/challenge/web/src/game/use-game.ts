import { useCallback, useReducer, useRef } from 'react'
import type { GameChallenge } from '../../../shared/game.ts'
import { usePolling } from '../connection/use-polling.ts'
import { codeOf, wordsOf } from '../net/http.ts'
import { useChannel, useEvent } from '../sync.ts'
import { fetchGame } from './api.ts'
import { type GameAction, type GameState, initialGame, reduceGame } from './state.ts'

export interface GameHandle {
  readonly state: GameState
  readonly dispatch: (action: GameAction) => void
  /** Loads all of it again. */
  readonly reload: () => void
}

/** A game as loaded, and again for as long as nothing is heard; {@link useGameEvents} keeps it in step. */
export function useGame(code: string): GameHandle {
  const [state, dispatch] = useReducer(reduceGame, initialGame)
  const loads = useRef(0)
  const reload = useCallback(async () => {
    loads.current += 1
    const load = loads.current
    dispatch({ type: 'loading' })
    try {
      dispatch({ type: 'loaded', loaded: await fetchGame(code) })
    } catch (error) {
      // A newer load says more about what is on screen than this one does.
      if (load === loads.current)
        dispatch({ type: 'load_failed', code: codeOf(error), message: wordsOf(error) })
    }
  }, [code])
  usePolling(reload)
  return { state, dispatch, reload }
}

/** Hears all that happens in a game; only for those who have a seat in it. */
export function useGameEvents(code: string, { dispatch, reload }: GameHandle): void {
  const channel = useChannel('game', { code })
  const take = (row: GameChallenge) => dispatch({ type: 'challenge', row })
  useEvent(channel, 'challenge_requested', take)
  useEvent(channel, 'challenge_assigned', take)
  useEvent(channel, 'challenge_completed', take)
  useEvent(channel, 'challenge_cancelled', take)
  useEvent(channel, 'challenge_expired', take)
  useEvent(channel, 'game_paused', (moved) => dispatch({ type: 'clocks', ...moved }))
  useEvent(channel, 'game_resumed', (moved) => dispatch({ type: 'clocks', ...moved }))
  useEvent(channel, 'player_joined', (player) => dispatch({ type: 'player', player }))
  // What is loaded from here on and the events miss nothing together; later on, only a gap can.
  useEvent(channel, 'subscribed', ({ recovered }) => {
    if (recovered === null) reload()
  })
  useEvent(channel, 'gap', reload)
}

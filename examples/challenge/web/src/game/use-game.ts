import { useCallback, useEffect, useReducer, useRef } from 'react'
import type { GameChallenge } from '../../../shared/game.ts'
import { usePolling } from '../connection/use-polling.ts'
import { codeOf, wordsOf } from '../net/http.ts'
import { usePerson } from '../person/use-person.ts'
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
  const person = usePerson()
  const loads = useRef(0)
  const reload = useCallback(async () => {
    loads.current += 1
    const load = loads.current
    // A newer load says more about what is on screen than this one does.
    const isNewest = () => load === loads.current
    dispatch({ type: 'loading' })
    try {
      const loaded = await fetchGame(code)
      if (loaded || isNewest()) dispatch({ type: 'loaded', loaded })
    } catch (error) {
      if (isNewest()) dispatch({ type: 'load_failed', code: codeOf(error), message: wordsOf(error) })
    }
  }, [code])
  usePolling(reload)
  const isSeated = state.players.some(({ user_id }) => user_id === person?.id)
  // The server took this window for somebody new, who has to take a seat again.
  useEffect(() => {
    if (state.phase === 'ready' && !isSeated) reload()
  }, [state.phase, isSeated, reload])
  return { state, dispatch, reload }
}

/** Hears all that happens in a game; only for those who have a seat in it. */
export function useGameEvents(code: string, { state, dispatch, reload }: GameHandle): void {
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
  // What is loaded from here on and the events miss nothing together; later on, only a gap can. What failed to load
  // while nothing got through is loaded now.
  useEvent(channel, 'subscribed', ({ recovered }) => {
    if (recovered === null || state.problem !== undefined) reload()
  })
  useEvent(channel, 'gap', reload)
}

import { useCallback, useEffect, useReducer, useRef } from 'react'
import { client, useChannel, useEvent } from '../sync.ts'
import { ApiError, fetchChallenges, toggleChallenge } from './api.ts'
import { initialState, reduce, type State } from './state.ts'

export interface Challenges {
  readonly state: State
  /** Loads the list again. */
  readonly reload: () => void
  /** Switches one on or off: here at once, everywhere when the server has committed it. */
  readonly toggle: (id: number) => void
}

/** The challenges, kept in step with the server. */
export function useChallenges(): Challenges {
  const [state, dispatch] = useReducer(reduce, initialState)
  const channel = useChannel('challenges')
  const loads = useRef(0)

  const reload = useCallback(async () => {
    loads.current += 1
    const load = loads.current
    dispatch({ type: 'loading' })
    try {
      dispatch({ type: 'loaded', rows: await fetchChallenges() })
    } catch (error) {
      // A newer load says more about what is on screen than this one does.
      if (load === loads.current) dispatch({ type: 'load_failed', message: messageOf(error) })
    }
  }, [])

  const toggle = useCallback(
    async (id: number) => {
      dispatch({ type: 'asked', id })
      try {
        dispatch({ type: 'answered', row: await toggleChallenge(id, client.id) })
      } catch (error) {
        dispatch({ type: 'refused', id, message: messageOf(error) })
        // A refusal says that this window's list is out of date.
        if (error instanceof ApiError && error.code === 'not_found') reload()
      }
    },
    [reload],
  )

  useEvent(channel, 'challenge_toggled', ({ challenge }, { own }) => {
    dispatch({ type: 'heard', row: challenge, own })
  })
  // A list asked for from here on and the events miss nothing together; later on, only a gap can.
  useEvent(channel, 'subscribed', ({ recovered }) => {
    if (recovered === null) reload()
  })
  useEvent(channel, 'gap', reload)
  // Not only then, so that the list is there also where no live connection comes about.
  useEffect(() => {
    reload()
  }, [reload])

  return { state, reload, toggle }
}

function messageOf(error: unknown): string {
  return error instanceof ApiError
    ? error.message
    : 'The server sent something that this page does not understand.'
}

import { useCallback, useEffect, useReducer, useRef } from 'react'
import type { Challenge } from '../../../shared/challenge.ts'
import { usePolling } from '../connection/use-polling.ts'
import { codeOf, wordsOf } from '../net/http.ts'
import { reach } from '../net/reach.ts'
import { client, useChannel, useEvent } from '../sync.ts'
import { fetchChallenges, switchChallenge } from './api.ts'
import { initialState, isOn, reduce, type State } from './state.ts'
import { createSwitchOver } from './switch-over.ts'

const switchOver = createSwitchOver({ client, reach, send: switchChallenge })

export interface Challenges {
  readonly state: State
  /** Loads the list again. */
  readonly reload: () => void
  /** Switches one on or off: here at once, everywhere when the server has committed it. */
  readonly toggle: (id: number) => void
  /** Takes an answer in: the event of it may come before, after or not at all. */
  readonly take: (row: Challenge) => void
  /** The same for one that was deleted. */
  readonly drop: (id: number) => void
}

/** The challenges, kept in step with the server. Once in an app, above its pages: what waits must not be lost from sight. */
export function useChallengesOnce(): Challenges {
  const [state, dispatch] = useReducer(reduce, initialState)
  const channel = useChannel('challenges')
  const loads = useRef(0)
  const now = useRef(state)
  useEffect(() => {
    now.current = state
  })

  const reload = useCallback(async () => {
    loads.current += 1
    const load = loads.current
    dispatch({ type: 'loading' })
    try {
      const rows = await fetchChallenges()
      // A newer load says more about what is on screen than this one does.
      if (load === loads.current) dispatch({ type: 'loaded', rows })
    } catch (error) {
      if (load === loads.current) dispatch({ type: 'load_failed', message: wordsOf(error) })
    }
  }, [])

  const toggle = useCallback(
    async (id: number) => {
      const entry = now.current.entries.find(({ row }) => row.id === id)
      if (!entry) return
      const wanted = !isOn(entry)
      dispatch({ type: 'asked', id, wanted })
      let wasWaiting = false
      const wait = () => {
        wasWaiting = true
        dispatch({ type: 'waiting', id })
      }
      try {
        dispatch({ type: 'answered', row: await switchOver({ id, wanted, wait }), wasWaiting })
      } catch (error) {
        dispatch({ type: 'refused', id, message: wordsOf(error), wasWaiting })
        // A refusal says that this window's list is out of date.
        if (codeOf(error) === 'not_found') reload()
      }
    },
    [reload],
  )

  useEvent(channel, 'challenge_toggled', ({ challenge, by }, { own }) => {
    dispatch({ type: 'toggled', row: challenge, by: by?.name ?? 'somebody', own })
  })
  const take = useCallback((row: Challenge) => dispatch({ type: 'changed', row }), [])
  const drop = useCallback((id: number) => dispatch({ type: 'deleted', id }), [])
  useEvent(channel, 'challenge_created', ({ challenge }) => take(challenge))
  useEvent(channel, 'challenge_joined', ({ challenge }) => take(challenge))
  useEvent(channel, 'challenge_deleted', ({ challenge_id }) => drop(challenge_id))
  // A list asked for from here on and the events miss nothing together; later on, only a gap can.
  useEvent(channel, 'subscribed', ({ recovered }) => {
    if (recovered === null || now.current.problem !== undefined) reload()
  })
  useEvent(channel, 'gap', reload)
  usePolling(reload)

  return { state, reload, toggle, take, drop }
}

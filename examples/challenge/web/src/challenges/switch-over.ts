import type { Challenge } from '../../../shared/challenge.ts'
import { codeOf } from '../net/http.ts'
import { labNetwork } from '../net/lab-network.ts'
import { client } from '../sync.ts'
import { switchChallenge } from './api.ts'

export interface Switching {
  readonly id: number
  readonly wanted: boolean
  /** Told when no answer came, and the change waits here for a connection. */
  readonly wait: () => void
}

/**
 * Switches a challenge over HTTP. Where no answer comes, it waits in the client for the connection and is carried out from
 * there: the wanted state travels, so that what was carried out already stays as it is. Rejects with the server's reason.
 */
export async function switchOver({ id, wanted, wait }: Switching): Promise<Challenge> {
  try {
    return await switchChallenge(id, wanted)
  } catch (error) {
    if (codeOf(error) !== 'unreachable' || isGivenUp()) throw error
  }
  wait()
  const giveUp = new AbortController()
  const undo = client.onStatus(() => {
    if (isGivenUp()) giveUp.abort()
  })
  try {
    const toggle = { id, is_active: wanted }
    const options = { signal: giveUp.signal, timeoutMs: Number.POSITIVE_INFINITY }
    return await client.channel('challenges').request('toggle', toggle, options)
  } catch (error) {
    if (!giveUp.signal.aborted) throw error
    return await switchChallenge(id, wanted)
  } finally {
    undo()
  }
}

/** Whether no connection will come by itself: without a network it will, with its return. */
function isGivenUp(): boolean {
  return client.status.state === 'error' && labNetwork.hasNetwork
}

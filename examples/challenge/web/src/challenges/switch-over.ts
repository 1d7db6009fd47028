import type { Client } from 'syncline/client'
import type { Challenge } from '../../../shared/challenge.ts'
import type { registry } from '../../../shared/registry.ts'
import { codeOf } from '../net/http.ts'
import type { reach } from '../net/reach.ts'

export interface SwitchOverDeps {
  readonly client: Client<typeof registry>
  readonly reach: Pick<typeof reach, 'isThere' | 'subscribe'>
  /** Switches a challenge over HTTP. Rejects with {@link ApiError}. */
  readonly send: (id: number, wanted: boolean) => Promise<Challenge>
}

export interface Switching {
  readonly id: number
  readonly wanted: boolean
  /** Told when no answer came, and the change waits here for a connection. */
  readonly wait: () => void
}

/** Resolves to the row as committed. Rejects with the server's reason. */
export type SwitchOver = (switching: Switching) => Promise<Challenge>

/**
 * Switches challenges over HTTP. Where no answer comes, a change waits in the client for the connection and is carried out from
 * there: the wanted state travels, so that what was carried out already stays as it is.
 */
export function createSwitchOver({ client, reach, send }: SwitchOverDeps): SwitchOver {
  // While the server cannot be reached at all it is not over: its return brings a connection.
  const isGivenUp = () => client.status.state === 'error' && reach.isThere
  const switchOne: SwitchOver = async ({ id, wanted, wait }) => {
    try {
      return await send(id, wanted)
    } catch (error) {
      if (codeOf(error) !== 'unreachable' || isGivenUp()) throw error
    }
    wait()
    const giveUp = new AbortController()
    const look = () => {
      if (isGivenUp()) giveUp.abort()
    }
    const undos = [client.onStatus(look), reach.subscribe(look)]
    try {
      const toggle = { id, is_active: wanted }
      const options = { signal: giveUp.signal, timeoutMs: Number.POSITIVE_INFINITY }
      return await client.channel('challenges').request('toggle', toggle, options)
    } catch (error) {
      if (!giveUp.signal.aborted) throw error
      return await send(id, wanted)
    } finally {
      for (const undo of undos) undo()
    }
  }
  /** The last change of each challenge: two on their way at once could arrive in either order. */
  const lanes = new Map<number, Promise<unknown>>()
  return async (switching) => {
    const { id } = switching
    const before = lanes.get(id)
    const result = before ? before.then(() => switchOne(switching)) : switchOne(switching)
    const lane = result.catch(() => {})
    lanes.set(id, lane)
    void lane.then(() => {
      if (lanes.get(id) === lane) lanes.delete(id)
    })
    return result
  }
}

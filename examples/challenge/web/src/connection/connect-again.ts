import type { AnyRegistry } from 'syncline'
import type { Client } from 'syncline/client'
import type { labNetwork } from '../net/lab-network.ts'
import type { reach } from '../net/reach.ts'

export interface ConnectAgain {
  readonly client: Pick<Client<AnyRegistry>, 'status' | 'onStatus' | 'connect'>
  readonly network: Pick<typeof labNetwork, 'mode' | 'hasNetwork' | 'subscribe'>
  readonly reach: Pick<typeof reach, 'isThere' | 'subscribe'>
}

/** How long after it was given up the connection is tried again by itself, in milliseconds. */
export const againMs = 60_000

/**
 * Connects anew when the network returns, when the server answers over HTTP again, and after a minute, until the undo is called:
 * five attempts are soon over, and nobody should have to ask for more.
 */
export function connectAgain({ client, network, reach }: ConnectAgain): () => void {
  const connectIf = (isBack: boolean) => {
    if (isBack && network.mode === 'whole' && client.status.state === 'error') client.connect()
  }
  let timer: ReturnType<typeof setTimeout> | undefined
  const undos = [
    // Nothing may tell that the server is back: where nothing is asked of it, nothing is answered.
    client.onStatus(({ state }) => {
      clearTimeout(timer)
      if (state === 'error') timer = setTimeout(() => connectIf(network.hasNetwork), againMs)
    }),
    () => clearTimeout(timer),
    network.subscribe(() => connectIf(network.hasNetwork)),
    reach.subscribe(() => connectIf(reach.isThere)),
  ]
  return () => {
    for (const undo of undos) undo()
  }
}

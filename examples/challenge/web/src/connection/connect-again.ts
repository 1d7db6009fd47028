import type { ConnectionStatus } from 'syncline/client'
import type { labNetwork } from '../net/lab-network.ts'
import type { reach } from '../net/reach.ts'

export interface ConnectAgain {
  readonly client: { readonly status: ConnectionStatus; connect(): void }
  readonly network: Pick<typeof labNetwork, 'mode' | 'hasNetwork' | 'subscribe'>
  readonly reach: Pick<typeof reach, 'isThere' | 'subscribe'>
}

/**
 * Connects anew when the network returns or the server answers over HTTP again, until the undo is called: without either, all
 * attempts are soon over, and nobody should have to ask for more.
 */
export function connectAgain({ client, network, reach }: ConnectAgain): () => void {
  const connectIf = (isBack: boolean) => {
    if (isBack && network.mode === 'whole' && client.status.state === 'error') client.connect()
  }
  const undos = [
    network.subscribe(() => connectIf(network.hasNetwork)),
    reach.subscribe(() => connectIf(reach.isThere)),
  ]
  return () => {
    for (const undo of undos) undo()
  }
}

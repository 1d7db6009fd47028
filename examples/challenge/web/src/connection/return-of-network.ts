import type { ConnectionStatus } from 'syncline/client'
import type { labNetwork } from '../net/lab-network.ts'

export interface ReturnOfNetwork {
  readonly client: { readonly status: ConnectionStatus; connect(): void }
  readonly network: Pick<typeof labNetwork, 'mode' | 'hasNetwork' | 'subscribe'>
}

/** Connects anew when the network returns, until the undo is called: without one, all attempts are soon over. */
export function connectWithNetwork({ client, network }: ReturnOfNetwork): () => void {
  return network.subscribe(() => {
    const mayConnect = network.mode === 'whole' && network.hasNetwork
    if (mayConnect && client.status.state === 'error') client.connect()
  })
}

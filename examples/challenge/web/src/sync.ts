import { createClient } from 'syncline/client'
import { createHooks } from 'syncline/react'
import { registry } from '../../shared/registry.ts'
import { connectAgain } from './connection/connect-again.ts'
import { labNetwork, labSignals, labSocket } from './net/lab-network.ts'
import { reach } from './net/reach.ts'
import { person } from './person/person.ts'

/** The one connection of this window; every component shares it. */
export const client = createClient(registry, {
  url: '/sync',
  auth: ({ refused }) => person.token(refused),
  socket: labSocket,
  signals: labSignals,
  // Five attempts, and then the page goes on over HTTP until somebody asks for more.
  backoff: { firstMaxMs: 1_000, maxMs: 8_000, maxAttempts: 5 },
  // Soon, so that a visitor who freezes the server sees that the page notices; 25 s are enough elsewhere.
  heartbeatMs: 4_000,
  probeTimeoutMs: 3_000,
  // The status in the header says what goes wrong with the connection.
  onError: (error, { stage }) => {
    if (stage !== 'connect') reportError(error)
  },
})

export const { SyncProvider, useChannel, useConnection, useCountdown, useEvent, useRequest } =
  createHooks(registry)

const undo = connectAgain({ client, network: labNetwork, reach })

// Each edit of this module makes a new client; without this the one before it stays connected.
if (import.meta.hot) {
  import.meta.hot.data.close?.()
  import.meta.hot.data.close = () => {
    undo()
    client.close()
  }
}

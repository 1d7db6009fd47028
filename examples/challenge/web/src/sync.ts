import { createClient } from 'syncline/client'
import { createHooks } from 'syncline/react'
import { registry } from '../../shared/registry.ts'
import { connectAgain } from './connection/connect-again.ts'
import { labNetwork, labSignals, labSocket } from './net/lab-network.ts'
import { reach } from './net/reach.ts'
import { person } from './person/person.ts'

/** The token that opened the connection. */
let used: string | undefined

/** The one connection of this window; every component shares it. */
export const client = createClient(registry, {
  url: '/sync',
  async auth({ refused }) {
    used = await person.token(refused ? used : undefined)
    return used
  },
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

export const { SyncProvider, useChannel, useConnection, useCountdown, useEvent } = createHooks(registry)

const undos = [
  connectAgain({ client, network: labNetwork, reach }),
  // The server may have forgotten whom HTTP asks for: the connection must not go on as somebody else.
  person.subscribe(async () => {
    if (used === undefined || (await person.token()) === used || client.isOff) return
    client.disconnect()
    client.connect()
  }),
]

// Each edit of this module makes a new client; without this the one before it stays connected.
if (import.meta.hot) {
  import.meta.hot.data.close?.()
  import.meta.hot.data.close = () => {
    for (const undo of undos) undo()
    client.close()
  }
}

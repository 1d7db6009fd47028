import { fileURLToPath } from 'node:url'
import { startProcess } from '../../lib/processes.mjs'

const profiles = fileURLToPath(new URL('../../results/profiles', import.meta.url))

/** `server` and `client` are files of the folders below; several clients share a server. */
const variants = [
  { name: 'ws', label: '`ws` and `JSON.parse`', server: 'plain', client: 'ws' },
  {
    name: 'syncline',
    label: '`syncline`, pass-through schema',
    server: 'syncline',
    client: 'syncline-pass-through',
    target: 1.4,
  },
  { name: 'syncline-zod', label: '`syncline`, zod', server: 'syncline', client: 'syncline-zod' },
  { name: 'syncline-valibot', label: '`syncline`, valibot', server: 'syncline', client: 'syncline-valibot' },
  { name: 'partysocket', label: '`partysocket` and `JSON.parse`', server: 'plain', client: 'partysocket' },
  { name: 'centrifuge', label: '`centrifuge`, JSON', server: 'centrifuge', client: 'centrifuge' },
  { name: 'socket.io', label: '`socket.io-client`', server: 'socket-io', client: 'socket-io' },
]

/** CPU per received event of a client. */
export const clientEvent = {
  name: 'client-event',
  group: 'client',
  title: 'CPU per received event of a client',
  unit: 'µs',
  about:
    'User and system CPU time of a whole client process for one event of about 200 bytes, from the socket to the listener.',
  baseline: 'ws',
  settings: { events: 150_000, warmUp: 50_000, burst: 100, everyMs: 5 },
  packages: [
    'syncline',
    'ws',
    'zod',
    'valibot',
    'partysocket',
    'centrifuge',
    'socket.io',
    'socket.io-client',
  ],
  variants,
  measure,
}

/** One round of one variant: a load generator and a client, each in its own process. */
async function measure({ name, server, client }, { settings, profile }) {
  const load = startProcess(new URL('load.mjs', import.meta.url), { server, ...settings })
  try {
    const { port, messageBytes } = await load.next()
    const task = { client, url: `ws://127.0.0.1:${port}`, ...settings }
    const execArgv = profile ? profileArgs(name) : []
    const listener = startProcess(new URL('client.mjs', import.meta.url), task, { execArgv })
    try {
      const [heard, sent] = await Promise.all([listener.next(), load.next()])
      if (profile) await listener.exited
      return toResult(settings, heard, { ...sent, messageBytes })
    } finally {
      await listener.end()
    }
  } finally {
    await load.end()
  }
}

const profileArgs = (name) => [
  '--cpu-prof',
  `--cpu-prof-dir=${profiles}`,
  `--cpu-prof-name=${name}.cpuprofile`,
]

function toResult({ events }, { userUs, systemUs, elapsedMs }, { heldTicks, messageBytes }) {
  const busy = (userUs + systemUs) / 1000 / elapsedMs
  const warnings = []
  // A client that lags reads more at a time, which is cheaper.
  if (busy > 0.8) warnings.push(`the client was busy for ${(busy * 100).toFixed(0)} % of the time`)
  if (heldTicks > 0) warnings.push(`the load generator held back ${heldTicks} times: a buffer was full`)
  return {
    value: (userUs + systemUs) / events,
    notes: { userUs, systemUs, elapsedMs, busy, messageBytes, heldTicks },
    warnings,
  }
}

import { busyColumns, warningsOf, withPair } from './pair.mjs'
import { packages, variantsFor } from './variants.mjs'

const target = 0.5

export const requests = {
  group: 'server',
  name: 'requests',
  title: 'CPU per request, 64 in flight on each connection',
  about:
    'User and system CPU time of the server to read a request with about 200 bytes of data and answer it with the same data.',
  unit: 'µs',
  baseline: 'ws',
  settings: { connections: 8, inFlight: 64, warmUp: 3000, perConnection: 8000 },
  packages,
  columns: [...busyColumns, { title: 'replies', note: 'perSecond', unit: '/s', digits: 0 }],
  // Framing once has nothing to say where each frame has one receiver.
  variants: [
    ...variantsFor(target, ['ws-framed']),
    {
      name: 'syncline-idempotent',
      label: '`syncline`, declared `idempotent`',
      hub: 'syncline-idempotent',
      dialect: 'syncline',
      target,
    },
  ],
  measure,
}

function measure(variant, { settings, profile }) {
  const { connections, inFlight, perConnection, warmUp } = settings
  return withPair({ variant, row: 'requests', profile }, async ({ server, load }) => {
    await load.ask({ do: 'open', count: connections, channels: connections })
    await load.ask({ do: 'request', perLink: warmUp, inFlight })
    await server.ask({ do: 'startCpu' })
    const counted = await load.ask({ do: 'request', perLink: perConnection, inFlight })
    const { cpuUs } = await server.ask({ do: 'stopCpu' })
    const replies = connections * perConnection
    return {
      value: cpuUs / replies,
      notes: {
        serverBusy: cpuUs / 1000 / counted.elapsedMs,
        loadBusy: counted.busy,
        perSecond: replies / (counted.elapsedMs / 1000),
      },
      warnings: warningsOf(counted),
    }
  })
}

import process from 'node:process'
import { say } from '../../lib/progress.mjs'
import { busyColumns, warningsOf, withPair } from './pair.mjs'
import { packages, variantsFor } from './variants.mjs'

const common = { group: 'server', baseline: 'ws', packages }

/** Framing once and the schema have no part in a connection. */
const without = ['ws-framed', 'syncline-zod']

export const connect = {
  ...common,
  name: 'connect',
  title: 'CPU to connect, upgrade and subscribe',
  about:
    'User and system CPU time of the server from taking a connection to the answer of its first subscription: the upgrade, and what the protocol asks for before a client may subscribe.',
  unit: 'µs',
  settings: { warmUp: 500, connections: 2000, atOnce: 32 },
  columns: busyColumns,
  variants: variantsFor(1.3, without),
  measure: measureConnect,
}

export const memory = {
  ...common,
  name: 'memory',
  title: 'Memory per idle subscribed connection',
  about:
    'Growth of the resident memory of the server from `warmUp` to `warmUp + connections` subscribed connections, each time after garbage collection, for one of them.',
  unit: 'KiB',
  settings: { warmUp: 500, connections: 5000 },
  columns: [{ title: 'JavaScript heap', note: 'heapKiB', unit: ' KiB', digits: 2 }],
  variants: variantsFor(1.25, without),
  measure: measureMemory,
}

function measureConnect(variant, { settings, profile }) {
  const { atOnce, connections, warmUp } = settings
  return withPair({ variant, row: 'connect', profile }, async ({ server, load }) => {
    await load.ask({ do: 'open', count: warmUp, atOnce })
    await server.ask({ do: 'startCpu' })
    const opened = await load.ask({ do: 'open', count: connections, atOnce })
    const { cpuUs } = await server.ask({ do: 'stopCpu' })
    return {
      value: cpuUs / connections,
      notes: { serverBusy: cpuUs / 1000 / opened.elapsedMs, loadBusy: opened.busy },
      warnings: warningsOf(opened),
    }
  })
}

function measureMemory(variant, { settings, profile }) {
  const execArgv = ['--expose-gc']
  return withPair({ variant, row: 'memory', profile, execArgv }, async ({ server, load }) => {
    await load.ask({ do: 'open', count: settings.warmUp })
    const before = await server.ask({ do: 'collect' })
    const connections = possible(settings)
    await load.ask({ do: 'open', count: connections })
    const after = await server.ask({ do: 'collect' })
    const grown = (name) => (after[name] - before[name]) / 1024 / connections
    return { value: grown('rss'), notes: { heapKiB: grown('heapUsed'), connections }, warnings: [] }
  })
}

/** As many connections as are wanted, or as one process may have open files; a few are for the rest of it. */
function possible({ connections, warmUp }) {
  const limit = process.report?.getReport().userLimits?.open_files.hard ?? Number.POSITIVE_INFINITY
  const most = (limit === 'unlimited' ? Number.POSITIVE_INFINITY : Number(limit)) - warmUp - 100
  if (most < connections) say(`note: ${most} connections, as a process may not have more files open`)
  return Math.min(connections, most)
}

import { fileURLToPath } from 'node:url'
import { cores } from '../../lib/cores.mjs'
import { startProcess } from '../../lib/processes.mjs'

const profiles = fileURLToPath(new URL('../../results/profiles', import.meta.url))

const profileArgs = (name) => [
  '--cpu-prof',
  `--cpu-prof-dir=${profiles}`,
  `--cpu-prof-name=${name}.cpuprofile`,
]

/** Starts a variant's server and the load that speaks to it, hands both to `work`, and ends them whatever becomes of it. */
export async function withPair({ variant, row, profile = false, execArgv = [] }, work) {
  const { dialect, hub, name, runtime } = variant
  const isProfiled = profile && !runtime
  const server = startProcess(
    new URL('hubs/main.mjs', import.meta.url),
    { variant: hub },
    {
      runtime,
      core: cores.server,
      execArgv: runtime ? [] : [...execArgv, ...(isProfiled ? profileArgs(`${row}-${name}`) : [])],
    },
  )
  try {
    const ports = await server.next()
    const task = { dialect, ...ports }
    const load = startProcess(new URL('load/main.mjs', import.meta.url), task, { core: cores.load })
    try {
      const result = await work({ server, load })
      if (isProfiled) {
        await load.end()
        await server.ask({ do: 'leave' })
        await server.exited
      }
      return result
    } finally {
      await load.end()
    }
  } finally {
    await server.end()
  }
}

/** What may have made a round wrong. The load's own share of a core is reported in any case. */
export function warningsOf(load) {
  if (load.busy <= 0.85) return []
  return [`the load was busy for ${(load.busy * 100).toFixed(0)} % of the time, and may have set the pace`]
}

/** The columns that all rows of this folder add to the table: medians of their notes. */
export const busyColumns = [
  { title: 'server busy', note: 'serverBusy', unit: '%', factor: 100, digits: 0 },
  { title: 'load busy', note: 'loadBusy', unit: '%', factor: 100, digits: 0 },
]

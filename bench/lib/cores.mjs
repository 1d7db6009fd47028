import { spawnSync } from 'node:child_process'
import os from 'node:os'

/** Where the two sides of a measurement run: on one core they would take each other's time and caches. */
export const cores = { server: 0, load: 1 }

const needed = Math.max(...Object.values(cores)) + 1
const canPin = os.availableParallelism() >= needed && spawnSync('taskset', ['-c', '0', 'true']).status === 0

/** How the processes were placed, for the report. */
export const placement = canPin
  ? `server on core ${cores.server}, load on core ${cores.load}`
  : 'server and load not pinned: no `taskset`, or too few cores'

/** The command line that runs `runtime` on this core, where that can be had. */
export const pinned = (core, runtime) =>
  core !== undefined && canPin ? ['taskset', '-c', String(core), runtime] : [runtime]

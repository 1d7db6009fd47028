import { fork } from 'node:child_process'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { pinned } from './cores.mjs'

const running = new Set()
const endAll = () => {
  for (const child of running) child.kill('SIGKILL')
}
process.on('exit', endAll)
// npm hands a signal to the shell between it and this script, and that shell ends without passing it on.
const parent = process.ppid
if (process.env.npm_lifecycle_event) {
  setInterval(() => process.ppid !== parent && process.exit(1), 250).unref()
}
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => process.exit(1))

/**
 * Starts a script (a URL) in its own process, with `task` as JSON for its argument.
 * `next` resolves to its coming message and rejects when it ends without one, or says nothing for `patienceMs`:
 * a guard against a hang, not a measure. `ask` sends it a message and resolves to its answer. `end` kills it, and
 * resolves once it is gone. `core` keeps it on one core where that can be had; `runtime` is the path of another than this Node.
 */
export function startProcess(script, task, options = {}) {
  const { core, execArgv = [], patienceMs = 120_000, runtime = process.execPath } = options
  const [execPath, ...before] = pinned(core, runtime)
  const child = fork(fileURLToPath(script), [JSON.stringify(task)], {
    execPath,
    execArgv: [...before, ...execArgv],
  })
  running.add(child)
  const name = `${new URL(script).pathname.split('/').at(-1)} ${JSON.stringify(task)}`
  const exited = new Promise((resolve) => {
    child.once('exit', (code, signal) => {
      running.delete(child)
      resolve(code ?? signal)
    })
  })
  const next = () =>
    new Promise((resolve, reject) => {
      const late = setTimeout(
        () => reject(new Error(`${name} said nothing for ${patienceMs} ms`)),
        patienceMs,
      )
      child.once('message', (message) => {
        clearTimeout(late)
        resolve(message)
      })
      exited.then((how) => {
        clearTimeout(late)
        reject(new Error(`${name} ended early (${how})`))
      })
    })
  return {
    next,
    exited,
    ask(message) {
      child.send(message)
      return next()
    },
    end() {
      child.kill('SIGKILL')
      return exited
    },
  }
}

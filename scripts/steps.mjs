import { spawn } from 'node:child_process'
import { delimiter, join } from 'node:path'
import process from 'node:process'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

/** The repository's root, absolute. */
export const root = fileURLToPath(new URL('..', import.meta.url))

/** Thrown where a step cannot go on; `message` says what happened and what to do. */
export class StepFailed extends Error {}

/** Thrown after a signal, once every child has ended. `signal` names it. */
export class Interrupted extends Error {
  constructor(signal) {
    super(`stopped by ${signal}`)
    this.signal = signal
  }
}

const begun = Date.now()
const stillEveryMs = 15_000
const killAfterMs = 5_000
const parentEveryMs = 250
const ownGroup = process.platform !== 'win32'
const children = new Set()
let stoppedBy

/** Seconds since `since` (milliseconds; default: the start of the command) as `12.3 s`. */
export const seconds = (since = begun) => `${((Date.now() - since) / 1000).toFixed(1)} s`

/** Prints one line with the time since the command began. */
export const say = (line) => console.log(`[${seconds().padStart(7)}] ${line}`)

/** Runs `work` between a line that says what begins and one that says how long it took. */
export async function step(name, work) {
  const since = Date.now()
  say(`▸ ${name}`)
  const result = await work()
  say(`✓ ${name} (${seconds(since)})`)
  return result
}

/** The command and arguments that run npm with `args`, by the very npm that runs this script where there is one. */
export function npm(...args) {
  const own = process.env.npm_execpath
  return own?.endsWith('npm-cli.js') ? [process.execPath, own, ...args] : ['npm', ...args]
}

/** The command and arguments that run a development tool of this package. */
export const tool = (name, ...args) => [join(root, 'node_modules', '.bin', name), ...args]

function send(child, signal) {
  try {
    if (ownGroup) process.kill(-child.pid, signal)
    else child.kill(signal)
    return true
  } catch {
    return false
  }
}

/** Waits until nothing of a child's process group lives; what outlives the grace period is killed. */
async function groupGone(child) {
  const until = Date.now() + killAfterMs
  while (ownGroup && send(child, 0)) {
    if (Date.now() > until) send(child, 'SIGKILL')
    await wait(20)
  }
}

function stop(signal) {
  if (stoppedBy) return
  stoppedBy = signal
  for (const child of children) {
    send(child, signal)
    setTimeout(send, killAfterMs, child, 'SIGKILL').unref()
  }
}

/** npm hands a signal to the shell between it and this script, and that shell ends without passing it on. */
function stopWithNpm() {
  const parent = process.ppid
  setInterval(() => process.ppid !== parent && stop('SIGHUP'), parentEveryMs).unref()
}

if (process.env.npm_lifecycle_event) stopWithNpm()
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => stop(signal))

function environment(extra) {
  const bin = join(root, 'node_modules', '.bin')
  return { ...process.env, PATH: `${bin}${delimiter}${process.env.PATH}`, ...extra }
}

/**
 * Runs a command in the root. `stream: true` shows its output as it comes; else the output is kept and
 * a line every 15 s shows that the command is at work.
 * Resolves to `{ code, output }`, also where it failed or could not be started.
 * A child leads a process group of its own, so that a signal reaches its grandchildren too.
 */
export async function run([command, ...args], { stream = false, env = {} } = {}) {
  if (stoppedBy) throw new Interrupted(stoppedBy)
  const since = Date.now()
  let output = ''
  const child = spawn(command, args, {
    cwd: root,
    env: environment(env),
    detached: ownGroup,
    shell: process.platform === 'win32',
    stdio: stream ? ['ignore', 'inherit', 'inherit'] : ['ignore', 'pipe', 'pipe'],
  })
  children.add(child)
  for (const source of [child.stdout, child.stderr]) {
    source?.setEncoding('utf8').on('data', (text) => {
      output += text
    })
  }
  const still = stream ? undefined : setInterval(() => say(`  … at it for ${seconds(since)}`), stillEveryMs)
  const code = await new Promise((resolve) => {
    child.on('error', (error) => {
      output += `${error.message}\n`
      resolve(127)
    })
    child.on('close', (exit) => resolve(exit ?? 1))
  })
  clearInterval(still)
  children.delete(child)
  if (stoppedBy) {
    await groupGone(child)
    throw new Interrupted(stoppedBy)
  }
  return { code, output }
}

/** As {@link run}, but a failure prints the kept output whole and throws {@link StepFailed} with `advice`. */
export async function mustRun(command, { advice = '', ...options } = {}) {
  const { code, output } = await run(command, options)
  if (code === 0) return output
  if (output) console.log(output)
  const shown = command.map((part) => part.replace(root, '')).join(' ')
  throw new StepFailed(`\`${shown}\` ended with code ${code}. ${advice}`.trim())
}

/** Runs a command's `main`; says in one line why it could not go on, and ends with its code. */
export async function command(main, codeWhenStopped) {
  try {
    process.exitCode = await main()
  } catch (error) {
    if (error instanceof Interrupted) {
      say(`■ ${error.message}`)
      process.exitCode = codeWhenStopped
    } else if (error instanceof StepFailed) {
      say(`✗ ${error.message}`)
      process.exitCode = 1
    } else throw error
  }
}

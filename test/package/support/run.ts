import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { join } from 'node:path'
import { root } from './files.ts'

/** The path of a development tool's command. */
export const tool = (name: string): string => join(root, 'node_modules', '.bin', name)

export interface Ended {
  readonly code: number
  /** Standard output and standard error, one after the other. */
  readonly output: string
}

/** A command that hangs is ended, so that its test fails with what it printed. */
const deadlineMs = 120_000

/** Runs a command to its end in `cwd` (default: the root); a failure is a code, not an exception. */
export function run(command: string, args: readonly string[], cwd = root): Promise<Ended> {
  return new Promise((resolve) => {
    execFile(command, args, { cwd, maxBuffer: 2 ** 26, timeout: deadlineMs }, (error, stdout, stderr) => {
      const code = error ? (typeof error.code === 'number' ? error.code : 1) : 0
      resolve({ code, output: stdout + stderr })
    })
  })
}

export interface Program {
  /** What it has printed so far. */
  readonly output: () => string
  /** Resolves once the output satisfies `test`; rejects with the output if the program ends before. */
  until(test: (output: string) => boolean): Promise<void>
  /** Resolves once it has ended. */
  readonly ended: Promise<void>
  /** Sends a signal to the program alone. */
  signal(name: NodeJS.Signals): void
  /** Ends the program and all it has started. */
  stop(): Promise<void>
}

function killGroup(child: ChildProcess): void {
  try {
    if (child.pid) process.kill(-child.pid, 'SIGKILL')
  } catch {
    // the group has ended by itself
  }
}

/** Starts a program that goes on running, in `cwd`. */
export function start(command: string, args: readonly string[], cwd: string): Program {
  const child = spawn(command, args, { cwd, detached: true, stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  let isOver = false
  const changed = new Set<() => void>()
  const tell = () => {
    for (const run of [...changed]) run()
  }
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text
      tell()
    })
  }
  const closed = new Promise<void>((resolve) => {
    child.on('error', (error) => {
      output += `${error.message}\n`
    })
    child.on('close', () => {
      isOver = true
      tell()
      resolve()
    })
  })
  return {
    output: () => output,
    until: (test) =>
      new Promise((resolve, reject) => {
        const look = () => {
          if (test(output)) resolve()
          else if (isOver)
            reject(new Error(`the program ended before it printed what was awaited:\n${output}`))
          else return
          changed.delete(look)
        }
        changed.add(look)
        look()
      }),
    ended: closed,
    signal: (name) => child.kill(name),
    async stop() {
      killGroup(child)
      await closed
    },
  }
}

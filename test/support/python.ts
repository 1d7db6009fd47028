import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { findPython } from '../../scripts/needs.mjs'

/** A Python program that was started by a test, which must `stop` it. */
export interface PythonProgram {
  readonly process: ChildProcess
  /** Its standard output, line by line, until it ends. */
  readonly lines: AsyncIterable<string>
  /** Resolves with its exit code once it has ended, `null` when it was killed. */
  readonly exited: Promise<number | null>
  /** Everything that it wrote to standard error so far. */
  readonly complaints: () => string
  /** Kills it if it still runs; resolves when it has ended. */
  stop(): Promise<unknown>
}

/** Starts `python3` with these arguments. Throws one line that says how to get one where there is none. */
export function startPython(...args: readonly string[]): PythonProgram {
  const python = findPython()
  if (python === undefined) {
    throw new Error(
      'No Python with fastapi, uvicorn and websockets found: install the Debian packages python3-fastapi, uvicorn and python3-websockets, or set PYTHON to the path of one.',
    )
  }
  const child = spawn(python, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, PYTHONUNBUFFERED: '1', PYTHONDONTWRITEBYTECODE: '1' },
  })
  let complaints = ''
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    complaints += chunk
  })
  const exited = new Promise<number | null>((resolve) => child.once('exit', resolve))
  const stop = () => {
    child.kill('SIGKILL')
    return exited
  }
  return { process: child, lines: createInterface(child.stdout), exited, complaints: () => complaints, stop }
}

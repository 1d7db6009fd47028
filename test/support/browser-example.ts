import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { onTestFinished } from 'vitest'

export interface ExampleOptions {
  /** `production` serves a build of the page, `development` Vite's dev server. */
  readonly mode: 'production' | 'development'
  readonly dbFile: string
  /** 0 lets the system choose. */
  readonly port?: number
}

export interface Example {
  /** The address that it printed. */
  readonly url: string
  readonly port: number
  /** Ends it as Ctrl-C does, and resolves to its exit code. */
  stop(): Promise<number | null>
}

/** A path for a database file, removed after the test. */
export function temporaryDatabase(): string {
  const folder = mkdtempSync(join(tmpdir(), 'syncline-browser-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  return join(folder, 'challenges.db')
}

/** Starts the challenge example as a process of its own, as a person does; it ends with the test. */
export async function startExample({ mode, dbFile, port = 0 }: ExampleOptions): Promise<Example> {
  const child = spawn(process.execPath, ['--import', 'tsx', 'server/main.ts'], {
    cwd: fileURLToPath(new URL('../../examples/challenge', import.meta.url)),
    env: { ...process.env, NODE_ENV: mode, PORT: String(port), DB_FILE: dbFile, HOST: '' },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const stop = async () => {
    if (child.exitCode !== null || child.signalCode !== null) return child.exitCode
    child.kill('SIGINT')
    const [code] = await once(child, 'exit')
    return code
  }
  onTestFinished(() => void stop())
  const url = await printedUrl(child)
  return { url, port: Number(new URL(url).port), stop }
}

async function printedUrl(child: ChildProcess): Promise<string> {
  const said: string[] = []
  child.stderr!.on('data', (chunk) => said.push(String(chunk)))
  for await (const line of createInterface({ input: child.stdout! })) {
    said.push(line)
    const url = /http:\/\/\S+/.exec(line)?.[0]
    if (url !== undefined) {
      child.stdout!.resume()
      return url
    }
  }
  throw new Error(`The example ended before it was ready. It said: ${said.join('\n')}`)
}

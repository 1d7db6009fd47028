import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

export interface ProcessOptions {
  readonly dbFile: string
  /** A folder with a built page. Default: the page is served by Vite. */
  readonly pageFolder?: string
  /** 0, the default, lets the system choose. */
  readonly port?: number
}

export interface ServerProcess {
  /** The address that it printed. */
  readonly url: string
  readonly port: number
  /** Ends it as Ctrl-C does, and resolves to its exit code. */
  stop(): Promise<number | null>
}

/** Starts the example as a process of its own, as a person does. Whoever calls it must stop it. */
export async function startProcess({ dbFile, pageFolder, port = 0 }: ProcessOptions): Promise<ServerProcess> {
  const settings = { NODE_ENV: 'development', HOST: '', PAGE_DIR: pageFolder ?? '' }
  const child = spawn(process.execPath, ['--import', 'tsx', 'server/main.ts'], {
    cwd: join(import.meta.dirname, '..'),
    env: { ...process.env, ...settings, PORT: String(port), DB_FILE: dbFile },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const stop = async () => {
    if (child.exitCode !== null || child.signalCode !== null) return child.exitCode
    child.kill('SIGINT')
    const [code] = await once(child, 'exit')
    return code
  }
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

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { onTestFinished } from 'vitest'

export interface RunningServer {
  /** The address that it printed. */
  readonly url: string
  /** Tells it to end, and resolves to its exit code and all that it printed. */
  stop(): Promise<{ readonly code: number | null; readonly printed: string }>
}

/** Runs a file of `server/` as a process of its own, as a person does, on a free port; it ends with the test. */
export async function runServer(file: string): Promise<RunningServer> {
  const child = spawn(process.execPath, ['--import', 'tsx', `server/${file}`], {
    cwd: fileURLToPath(new URL('..', import.meta.url)),
    env: { ...process.env, PORT: '0', HOST: '', NODE_OPTIONS: '' },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const exited = once(child, 'exit')
  onTestFinished(() => void child.kill('SIGKILL'))
  let printed = ''
  child.stderr.on('data', (chunk) => {
    printed += chunk
  })
  const url = await new Promise<string>((resolve, reject) => {
    createInterface({ input: child.stdout }).on('line', (line) => {
      printed += `${line}\n`
      const [address] = /https?:\/\/\S+/.exec(line) ?? []
      if (address) resolve(address)
    })
    exited.then(() => reject(new Error(`${file} ended before it was ready. It printed: ${printed}`)))
  })
  const stop = async () => {
    child.kill('SIGTERM')
    const [code] = await exited
    return { code, printed }
  }
  return { url, stop }
}

import { type ChildProcess, spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { onTestFinished } from 'vitest'

const root = fileURLToPath(new URL('../..', import.meta.url))

export interface ClientProcess {
  readonly process: ChildProcess
  /** Resolves once the process has ended by itself or was killed, with its exit code and all of its output. */
  readonly exited: Promise<{ code: number | null; output: string }>
}

/**
 * Runs `source`, which may import the package by its names, in a Node process of its own; killed after the test.
 * `args` follow in `process.argv` from index 2.
 */
export async function runInNode(source: string, ...args: readonly string[]): Promise<ClientProcess> {
  const { outputFiles } = await build({
    stdin: { contents: source, resolveDir: root, loader: 'ts' },
    bundle: true,
    write: false,
    platform: 'node',
    format: 'cjs',
    alias: { '#websocket': './src/client/websocket/node.ts' },
    tsconfig: `${root}/tsconfig.json`,
    logLevel: 'silent',
  })
  // Node 20 has the platform's own WebSocket only with this flag.
  const child = spawn(process.execPath, ['--experimental-websocket', '-', ...args], {
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (chunk: string) => {
      output += chunk
    })
  }
  child.stdin.end(outputFiles[0]!.text)
  const exited = new Promise<{ code: number | null; output: string }>((resolve) => {
    child.once('close', (code) => resolve({ code, output }))
  })
  onTestFinished(async () => {
    child.kill('SIGKILL')
    await exited
  })
  return { process: child, exited }
}

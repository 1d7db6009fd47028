import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import type { ClientOrder, ClientSetup, HubOrder, HubSetup, LogOrder, LogSetup } from './orders.ts'

const root = fileURLToPath(new URL('../../..', import.meta.url))

/** The programs of the processes, bundled from the sources so that they start soon, and a place for what they write. */
export interface Workshop {
  readonly folder: string
  readonly remove: () => void
}

export async function openWorkshop(): Promise<Workshop> {
  const folder = mkdtempSync(join(tmpdir(), 'syncline-processes-'))
  await build({
    entryPoints: ['hub-main.ts', 'client-main.ts', 'log-main.ts'].map((name) =>
      join(root, 'test/integration/processes', name),
    ),
    outdir: folder,
    outExtension: { '.js': '.cjs' },
    bundle: true,
    platform: 'node',
    format: 'cjs',
    alias: { '#websocket': './src/client/websocket/node.ts' },
    tsconfig: join(root, 'tsconfig.json'),
    logLevel: 'silent',
  })
  return { folder, remove: () => rmSync(folder, { recursive: true, force: true }) }
}

/** Those that live, so that none outlives this process, however it ends. */
const living = new Set<ChildProcess>()
process.on('exit', () => {
  for (const child of living) child.kill('SIGKILL')
})

/** How many of all that were started live. */
export function countLiving(): number {
  return living.size
}

/** A process that plays a part. */
export class Actor<Order> {
  isStopped = false
  /** Resolves when it has ended, with its exit code, or the signal that ended it. */
  readonly ended: Promise<number | NodeJS.Signals>
  #output = ''
  #isAlive = true
  readonly #child: ChildProcess

  constructor(program: string, setup: object) {
    const stdio = ['ignore', 'pipe', 'pipe', 'ipc'] as const
    this.#child = spawn(process.execPath, [program, JSON.stringify(setup)], { stdio: [...stdio] })
    living.add(this.#child)
    for (const stream of [this.#child.stdout!, this.#child.stderr!]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        this.#output += text
      })
    }
    // It may have ended by a signal while it is being told something.
    this.#child.on('error', () => {})
    this.ended = new Promise((resolve) => {
      this.#child.once('close', (code, signal) => {
        this.#isAlive = false
        living.delete(this.#child)
        resolve(signal ?? code ?? -1)
      })
    })
  }

  get isAlive(): boolean {
    return this.#isAlive
  }

  /** What it has printed, which is nothing unless something is wrong. */
  get output(): string {
    return this.#output
  }

  tell(order: Order): void {
    if (this.#child.connected) this.#child.send(order as object, () => {})
  }

  stop(): void {
    this.isStopped = true
    this.#child.kill('SIGSTOP')
  }

  goOn(): void {
    this.isStopped = false
    this.#child.kill('SIGCONT')
  }

  /** Ends it as `kill -9` does. */
  async kill(): Promise<void> {
    this.#child.kill('SIGKILL')
    await this.ended
  }
}

export const startHubProcess = ({ folder }: Workshop, setup: HubSetup) =>
  new Actor<HubOrder>(join(folder, 'hub-main.cjs'), setup)

export const startClientProcess = ({ folder }: Workshop, setup: ClientSetup) =>
  new Actor<ClientOrder>(join(folder, 'client-main.cjs'), setup)

export const startLogProcess = ({ folder }: Workshop, setup: LogSetup) =>
  new Actor<LogOrder>(join(folder, 'log-main.cjs'), setup)

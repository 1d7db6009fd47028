import { chmodSync, existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { type Folder, filesBelow, read, root, temporaryFolder } from './support/files.ts'
import { type Ended, type Program, run, start } from './support/run.ts'
import { type Found, pathOrSkip, provideRuntimes, type RuntimeName, runtimes } from './support/runtimes.ts'
import { npm, pack } from './support/tarball.ts'

const home = 'test/package/runtimes'
const { zod } = JSON.parse(read('package.json')).devDependencies

/** Loading both takes long on a slow line. */
const installPatienceMs = 700_000

let folder: Folder
let hub: Program
let origin: string
let found: Record<RuntimeName | 'Node', Found>

async function startHub(): Promise<void> {
  hub = start(process.execPath, ['hub.mjs'], folder.path)
  const listens = /listens on (\d+)\./
  await hub.until((output) => listens.test(output))
  origin = `http://127.0.0.1:${listens.exec(hub.output())![1]}`
}

beforeAll(async () => {
  found = { Node: { path: process.execPath }, ...(await provideRuntimes()) }
  folder = temporaryFolder({ outside: true })
  for (const file of filesBelow(home, '.mjs').filter((path) => !path.includes('node_modules'))) {
    folder.write({ [file.slice(home.length + 1)]: read(file) })
  }
  folder.write({ 'package.json': '{ "name": "consumer", "private": true }' })
  const { path } = await pack(root, folder.path)
  const options = ['--prefer-offline', '--no-audit', '--no-fund']
  const { code, output } = await npm(folder.path, 'install', path, `zod@${zod}`, ...options)
  if (code !== 0) throw new Error(output)
  await startHub()
}, installPatienceMs)

afterAll(async () => {
  await hub?.stop()
  folder?.remove()
})

afterEach(() => {
  vi.unstubAllEnvs()
  vi.restoreAllMocks()
})

/** What a runtime is told beside the program: to fetch no packages, and on Deno what the program may do. */
const options: Record<RuntimeName | 'Node', () => readonly string[]> = {
  Node: () => [],
  Bun: () => ['--no-install'],
  Deno: () => [
    ...['run', '--no-prompt', '--no-lock', '--cached-only'],
    `--allow-net=${new URL(origin).host}`,
  ],
}

function runOn(name: RuntimeName | 'Node', program: string, skip: (note: string) => never): Promise<Ended> {
  return run(pathOrSkip(found[name], skip), [...options[name](), program, origin], folder.path)
}

const lines = (version: string, ownSockets: number) => [
  `runs on ${version}`,
  'disconnected',
  'connecting',
  'connected',
  'subscribed, recovered: null',
  'heard one',
  'connecting after slow_consumer',
  'connected',
  'subscribed, recovered: true',
  'heard two',
  'connecting after connection_lost',
  'connected',
  'subscribed, recovered: true',
  'heard three',
  'disconnected',
  `made ${ownSockets} sockets of the runtime's own class`,
]

const ended = ({ code, output }: Ended) => ({ code, lines: output.trimEnd().split('\n') })

/** Node has a class of its own, without a flag, from this version on. */
const hasOwnClass = Number(process.versions.node.split('.')[0]) >= 22

const everywhere = [
  { name: 'Node', version: `Node ${process.versions.node}`, ownSockets: hasOwnClass ? 3 : 0 } as const,
  ...runtimes.map(({ name, version }) => ({ name, version: `${name} ${version}`, ownSockets: 3 })),
]

describe('the packed package, in an empty project with a hub on Node', () => {
  beforeEach(() => {
    // They write beside the program, ask nobody for a newer version, colour nothing, and get no flag from outside.
    vi.stubEnv('DENO_DIR', join(folder.path, '.deno'))
    vi.stubEnv('DENO_NO_UPDATE_CHECK', '1')
    vi.stubEnv('BUN_RUNTIME_TRANSPILER_CACHE_PATH', '0')
    vi.stubEnv('NO_COLOR', '1')
    vi.stubEnv('FORCE_COLOR', undefined)
    vi.stubEnv('NODE_OPTIONS', undefined)
  })

  it.for(everywhere)(
    'hears events on $version, comes back after a close and a cut, and ends by itself',
    async ({ name, version, ownSockets }, { skip }) => {
      const { code, lines: printed } = ended(await runOn(name, 'client.mjs', skip))
      expect(printed).toEqual(lines(version, ownSockets))
      expect(code).toBe(0)
    },
  )

  it.for(everywhere)('fails on $version for a name that it does not export', async ({ name }, { skip }) => {
    folder.write({ 'wrong.mjs': read(`${home}/client.mjs`).replaceAll('createClient', 'createNothing') })
    const { code, output } = await runOn(name, 'wrong.mjs', skip)
    expect(code).not.toBe(0)
    expect(output).toContain('createNothing')
    expect(output).not.toContain('runs on')
  })

  it('is seen to use another class than the own one of the runtime', async ({ skip }) => {
    folder.write({ 'without.mjs': `delete globalThis.WebSocket\nawait import('./client.mjs')\n` })
    const { code, lines: printed } = ended(await runOn('Node', 'without.mjs', skip))
    expect(printed).toEqual(lines(`Node ${process.versions.node}`, 0))
    expect(code).toBe(0)
  })
})

const ran: (note: string) => never = (note) => {
  throw new Error(`left out: ${note}`)
}

describe('the search for the runtimes', () => {
  let cache: Folder
  beforeEach(() => {
    cache = temporaryFolder()
    for (const { variable } of runtimes) vi.stubEnv(variable, undefined)
  })
  afterEach(() => cache.remove())

  /** Writes what stands for a binary at `path` of `at`. */
  function writeProgram(at: string, path: string, prints: string): string {
    const file = join(at, path)
    cache.write({ [file.slice(cache.path.length + 1)]: `#!/bin/sh\necho '${prints}'\n` })
    chmodSync(file, 0o755)
    return file
  }

  /** As npm, but the binaries only print a version: the pinned one, or `version`. */
  const installer = (version?: string) =>
    vi.fn(async (at: string) => {
      expect(readdirSync(at).sort()).toEqual(['.npmrc', 'package-lock.json', 'package.json'])
      for (const { scope, binary, version: pinned } of runtimes) {
        writeProgram(at, join('node_modules', scope, 'other', binary), '0.0.1')
        writeProgram(at, join('node_modules', scope, 'platform', binary), `x ${version ?? pinned} (stable)`)
      }
      return 'no network'
    })

  const provide = (install: (at: string) => Promise<string>) =>
    provideRuntimes({ cache: cache.path, install })

  it('pins the same version in the package and in its lock file', () => {
    const { packages } = JSON.parse(read(`${home}/package-lock.json`))
    const locked = runtimes.map(({ name }) => packages[`node_modules/${name.toLowerCase()}`].version)
    expect(locked).toEqual(runtimes.map(({ version }) => version))
    for (const version of locked) expect(version).toMatch(/^\d+\.\d+\.\d+$/)
    for (const entry of Object.values<object>(packages)) expect(entry).not.toHaveProperty('resolved')
  })

  it('installs what is missing, also for two at once, and finds it afterwards', async () => {
    const install = installer()
    const [one, other] = await Promise.all([provide(install), provide(install)])
    expect(one).toEqual(other)
    for (const name of ['Bun', 'Deno'] as const) expect(existsSync(pathOrSkip(one[name], ran))).toBe(true)
    expect(install).toHaveBeenCalledTimes(2)
    expect(await provide(install)).toEqual(one)
    expect(install).toHaveBeenCalledTimes(2)
    expect(readdirSync(cache.path)).toHaveLength(2)
  })

  it('installs again where what is kept does not run', async () => {
    const first = await provide(installer())
    const path = pathOrSkip(first.Bun, ran)
    cache.write({ [path.slice(cache.path.length + 1)]: '' })
    const install = installer()
    expect(await provide(install)).toEqual(first)
    expect(install).toHaveBeenCalledTimes(1)
  })

  it('keeps nothing of an install that did not bring the pinned version, and says what npm said', async () => {
    const { Bun, Deno } = await provide(installer('9.9.9'))
    const { version } = runtimes[0]!
    expect(Bun).toEqual({ missing: expect.stringContaining(`Bun ${version} is missing`) })
    expect(Bun).toEqual({ missing: expect.stringContaining('set BUN to the path') })
    expect(Deno).toEqual({ missing: expect.stringContaining('no network') })
    expect(readdirSync(cache.path)).toEqual([])
  })

  it('takes what the environment names, at the pinned version alone', async () => {
    const { version } = runtimes[0]!
    vi.stubEnv('BUN', writeProgram(cache.path, 'own/bun', version))
    vi.stubEnv('DENO', writeProgram(cache.path, 'own/deno', '0.0.1'))
    const install = installer()
    const { Bun, Deno } = await provide(install)
    expect(Bun).toEqual({ path: join(cache.path, 'own/bun') })
    expect(Deno).toEqual({ missing: expect.stringContaining('unset it') })
    expect(install).not.toHaveBeenCalled()
  })

  it('fails under CI for what is missing, and elsewhere says so and leaves it out', () => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {})
    vi.stubEnv('CI', 'true')
    expect(() => pathOrSkip({ missing: 'Bun is missing' }, ran)).toThrow(/^Bun is missing$/)
    expect(warn).not.toHaveBeenCalled()
    vi.stubEnv('CI', undefined)
    expect(() => pathOrSkip({ missing: 'Bun is missing' }, ran)).toThrow('left out: Bun is missing')
    expect(warn).toHaveBeenCalledExactlyOnceWith(expect.stringContaining('LEFT OUT: Bun is missing'))
  })
})

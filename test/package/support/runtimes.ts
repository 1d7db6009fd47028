import { execFile } from 'node:child_process'
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs'
import { join } from 'node:path'
import { read, root } from './files.ts'
import { run } from './run.ts'

export type RuntimeName = 'Bun' | 'Deno'

interface Runtime {
  readonly name: RuntimeName
  readonly version: string
  /** The environment variable that may name another copy of the same version. */
  readonly variable: string
  /** Where the npm packages with the binary of each platform lie, and where in them it is. */
  readonly scope: string
  readonly binary: string
}

/** What was found: the absolute path of the binary, or a line that says what is missing and how to get it. */
export type Found = { readonly path: string } | { readonly missing: string }

export interface ProvideOptions {
  /** Where the binaries are kept. Default: below the root's `node_modules`, which git ignores. */
  readonly cache?: string
  /** Installs the packages of a folder's lock file there, and resolves to what it printed; never rejects. */
  readonly install?: (folder: string) => Promise<string>
}

const home = 'test/package/runtimes'
const manifest = JSON.parse(read(`${home}/package.json`))
const ending = process.platform === 'win32' ? '.exe' : ''

/** The runtimes beside Node, at the versions of `test/package/runtimes/package.json`. */
export const runtimes: readonly Runtime[] = [
  {
    name: 'Bun',
    version: manifest.dependencies.bun,
    variable: 'BUN',
    scope: '@oven',
    binary: join('bin', `bun${ending}`),
  },
  {
    name: 'Deno',
    version: manifest.dependencies.deno,
    variable: 'DENO',
    scope: '@deno',
    binary: `deno${ending}`,
  },
]

/** Both are about 95 MB to load: 10 minutes are enough at 1.3 Mbit/s. */
const installDeadlineMs = 600_000
const abandonedAfterMs = 3_600_000

function npmInstall(cwd: string): Promise<string> {
  console.log(`${home}: installing its packages from npm (about 95 MB)`)
  const own = process.env['npm_execpath']
  const [command, ...first] = own?.endsWith('npm-cli.js') ? [process.execPath, own] : ['npm']
  const args = [
    ...first,
    // `npm ci` refuses a lock file that lacks the packages of some platforms; this one keeps to what is locked, too.
    'install',
    // The binaries come in packages of their own, so that none of the scripts is needed.
    ...['--ignore-scripts', '--include=optional', '--prefer-offline', '--no-audit', '--no-fund'],
    ...['--loglevel=error', '--fetch-retries=1', '--fetch-retry-mintimeout=1000'],
  ]
  return new Promise((resolve) => {
    execFile(command!, args, { cwd, timeout: installDeadlineMs }, (_, stdout, stderr) =>
      resolve((stdout + stderr).trim()),
    )
  })
}

/** Whether the file is this runtime at this version. */
async function isRuntime(path: string, { version }: Runtime): Promise<boolean> {
  if (!existsSync(path)) return false
  const { code, output } = await run(path, ['--version'])
  return code === 0 && /\d+\.\d+\.\d+\S*/.exec(output)?.[0] === version
}

/** The folder that keeps a runtime: its name tells all that must change where another binary is needed. */
const keptIn = (cache: string, { name, version }: Runtime) =>
  join(cache, `${name.toLowerCase()}-${version}-${process.platform}-${process.arch}`)

async function find(runtime: Runtime, cache: string): Promise<string | undefined> {
  const path = process.env[runtime.variable] || join(keptIn(cache, runtime), runtime.binary)
  return (await isRuntime(path, runtime)) ? path : undefined
}

/** Moves a runtime out of an install into the cache: there is all of it then, or nothing. */
async function keep(runtime: Runtime, staging: string, cache: string): Promise<void> {
  const scope = join(staging, 'node_modules', runtime.scope)
  const kept = keptIn(cache, runtime)
  for (const platform of existsSync(scope) ? readdirSync(scope) : []) {
    const installed = join(scope, platform)
    if (!(await isRuntime(join(installed, runtime.binary), runtime))) continue
    try {
      renameSync(installed, kept)
    } catch {
      // Whoever installs at the same time was faster, or what is there does not run.
      if (await find(runtime, cache)) return
      rmSync(kept, { recursive: true, force: true })
      renameSync(installed, kept)
    }
    return
  }
}

/** Removes what installs have left that were killed. */
function sweep(cache: string): void {
  for (const name of readdirSync(cache).filter((entry) => entry.startsWith('install-'))) {
    const path = join(cache, name)
    const age = Date.now() - (statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? Date.now())
    if (age > abandonedAfterMs) rmSync(path, { recursive: true, force: true })
  }
}

async function installInto(
  cache: string,
  wanted: readonly Runtime[],
  install: (folder: string) => Promise<string>,
): Promise<string> {
  mkdirSync(cache, { recursive: true })
  sweep(cache)
  const staging = mkdtempSync(join(cache, 'install-'))
  try {
    for (const file of ['package.json', 'package-lock.json', '.npmrc']) {
      copyFileSync(join(root, home, file), join(staging, file))
    }
    const output = await install(staging)
    for (const runtime of wanted) await keep(runtime, staging, cache)
    return output
  } finally {
    rmSync(staging, { recursive: true, force: true })
  }
}

function absence({ name, version, variable }: Runtime, npmOutput: string): string {
  const what = `${name} ${version} is missing, which test/package/runtimes.test.ts needs`
  const own = process.env[variable]
  if (own) {
    return `${what}: ${variable} is "${own}", which is not it. Set ${variable} to the path of ${name} ${version}, or unset it to have it installed.`
  }
  const said = npmOutput.split('\n').slice(0, 5).join('\n')
  return `${what}: installing ${home} did not bring it. Check that the npm registry can be reached and that it has ${name} for this platform, and run the test again; or set ${variable} to the path of ${name} ${version}. npm said:\n${said}`
}

/**
 * Finds Bun and Deno: where `$BUN` and `$DENO` say, else in the cache, into which what is missing is installed from
 * npm (about 95 MB). Several at once, and installs that were stopped, do no harm.
 */
export async function provideRuntimes(options: ProvideOptions = {}): Promise<Record<RuntimeName, Found>> {
  const { cache = join(root, 'node_modules/.cache/syncline-runtimes'), install = npmInstall } = options
  const wanted: Runtime[] = []
  for (const runtime of runtimes) {
    if (!process.env[runtime.variable] && !(await find(runtime, cache))) wanted.push(runtime)
  }
  let output = ''
  if (wanted.length > 0) output = await installInto(cache, wanted, install)
  const found = runtimes.map(async (runtime) => {
    const path = await find(runtime, cache)
    return [runtime.name, path ? { path } : { missing: absence(runtime, output) }] as const
  })
  return Object.fromEntries(await Promise.all(found)) as Record<RuntimeName, Found>
}

/**
 * The path of what was found. Where it is missing, throws under `CI`, as a test that is left out there would pass
 * unseen; elsewhere says so and calls `skip`.
 */
export function pathOrSkip(found: Found, skip: (note: string) => never): string {
  if ('path' in found) return found.path
  if (process.env['CI']) throw new Error(found.missing)
  console.warn(`\n!!! LEFT OUT: ${found.missing}\n`)
  return skip(found.missing)
}

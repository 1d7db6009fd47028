import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { mustRun, npm, root, StepFailed, say, step, tool } from './steps.mjs'

const oldest = [20, 19]

/** Throws {@link StepFailed} where the running Node is older than the package supports. */
export function checkNode(version = process.versions.node) {
  const [major, minor] = version.split('.').map(Number)
  if (major > oldest[0] || (major === oldest[0] && minor >= oldest[1])) return
  throw new StepFailed(
    `Node ${version} is too old: Syncline needs Node ${oldest.join('.')} or newer. Install one (for example from https://nodejs.org) and run the command again.`,
  )
}

const readLock = (path) => JSON.parse(readFileSync(path, 'utf8')).packages

/**
 * Why `node_modules` does not hold what the lock file asks for, or undefined where it does.
 * Contents are compared, as modification times say nothing after a checkout.
 */
export function installGap(folder = root) {
  const installed = join(folder, 'node_modules', '.package-lock.json')
  if (!existsSync(installed)) return 'not installed yet'
  const have = readLock(installed)
  const want = readLock(join(folder, 'package-lock.json'))
  const differs = ([path, entry]) => {
    if (!path.includes('node_modules/')) return false
    // npm leaves optional packages of other platforms out.
    if (!have[path]) return !(entry.optional || entry.devOptional)
    return have[path].version !== entry.version
  }
  const [first] = Object.entries(want).find(differs) ?? []
  return first && `${first.split('node_modules/').pop()} is not at the version of package-lock.json`
}

/** Installs the npm packages of the lock file unless they are there. */
export async function install() {
  const gap = installGap()
  if (!gap) return say('✓ npm packages are installed')
  say(`npm packages: ${gap}`)
  await step('npm ci (about 450 MB)', () =>
    mustRun(npm('ci', '--include=dev', '--no-audit', '--no-fund'), {
      advice: 'Check that the npm registry can be reached, then run the command again.',
    }),
  )
}

function newest(path) {
  const stat = statSync(path)
  if (!stat.isDirectory()) return stat.mtimeMs
  // A folder's own time moves when a file in it is removed.
  return Math.max(stat.mtimeMs, ...readdirSync(path).map((name) => newest(join(path, name))))
}

/** Whether `dist` is missing or older than what it is built from. */
export function buildIsStale(folder = root) {
  const built = ['index.js', 'index.cjs', 'index.d.ts'].map((name) => join(folder, 'dist', name))
  if (!built.every((path) => existsSync(path))) return true
  const oldestBuilt = Math.min(...built.map((path) => statSync(path).mtimeMs))
  const sources = ['src', 'tsup.config.ts', 'tsconfig.json', 'package.json']
  return sources.some((name) => newest(join(folder, name)) > oldestBuilt)
}

/** Builds the library into `dist`. */
export const build = () => mustRun(tool('tsup'), { advice: 'Run `npm run build` to try again.' })

/** Builds the library unless `dist` is up to date. */
export async function buildIfStale() {
  if (buildIsStale()) await step('library: building it into dist (tsup)', build)
  else say('✓ library is built')
}

import { spawnSync } from 'node:child_process'
import { accessSync, constants, existsSync } from 'node:fs'
import { delimiter, isAbsolute, join } from 'node:path'
import process from 'node:process'
import { mustRun, StepFailed, say, step } from './steps.mjs'

const browsers = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable']
const firefoxes = ['firefox-esr', 'firefox']
const pythonModules = ['fastapi', 'uvicorn', 'websockets']

const runs = (command, ...args) => spawnSync(command, args, { stdio: 'ignore' }).status === 0

function onPath(name) {
  const places = isAbsolute(name)
    ? [name]
    : (process.env.PATH ?? '').split(delimiter).map((dir) => join(dir, name))
  return places.find((path) => {
    try {
      accessSync(path, constants.X_OK)
      return true
    } catch {
      return false
    }
  })
}

/** The absolute path of a Chromium or Chrome: `$CHROMIUM`, else the first on PATH; undefined where there is none. */
export function findChromium() {
  const own = process.env.CHROMIUM
  return (own ? [own] : browsers).map(onPath).find(Boolean)
}

/** The absolute path of a Firefox: `$FIREFOX`, else the first on PATH; undefined where there is none. */
export function findFirefox() {
  const own = process.env.FIREFOX
  return (own ? [own] : firefoxes).map(onPath).find(Boolean)
}

/**
 * The absolute path of a Python 3 that has fastapi, uvicorn and websockets: `$PYTHON`, else Debian's own, else the
 * one on PATH; undefined where none has them. Debian's own comes before PATH because the one on PATH may be
 * a version manager's, which does not see Debian's packages.
 */
export function findPython() {
  const own = process.env.PYTHON
  const places = (own ? [own] : ['/usr/bin/python3', 'python3']).map(onPath).filter(Boolean)
  return places.find((path) => runs(path, '-c', `import ${pythonModules.join(', ')}`))
}

/**
 * What tests need beside Node: how to find it, the Debian packages that bring it, the suites that use it. Where only
 * one file of a suite does, `file` names it: it skips itself, and its suite runs without it.
 */
export const needs = [
  {
    name: 'Chromium',
    find: findChromium,
    variable: 'CHROMIUM',
    packages: ['chromium'],
    suites: ['chromium', 'browser'],
    otherwise: 'install Chromium or Chrome, or set CHROMIUM to the path of one',
  },
  {
    name: 'Firefox',
    find: findFirefox,
    variable: 'FIREFOX',
    packages: ['firefox-esr'],
    suites: ['browser'],
    file: 'test/browser/firefox.test.ts',
    otherwise: 'install Firefox, or set FIREFOX to the path of one',
  },
  {
    name: 'Python 3 with fastapi, uvicorn and websockets',
    find: findPython,
    variable: 'PYTHON',
    packages: ['python3', 'python3-fastapi', 'python3-uvicorn', 'uvicorn', 'python3-websockets'],
    suites: ['foreign'],
    otherwise: 'run `pip install fastapi uvicorn websockets`, or set PYTHON to a Python that has them',
  },
]

/** `[]` for root, `['sudo', '-n']` where that asks no password, undefined where apt-get cannot be used. */
function aptPrefix() {
  if (!existsSync('/etc/debian_version') || !onPath('apt-get')) return undefined
  if (process.getuid?.() === 0) return []
  return onPath('sudo') && runs('sudo', '-n', 'true') ? ['sudo', '-n'] : undefined
}

const aptGet = (prefix, ...args) =>
  mustRun([
    ...prefix,
    'env',
    'DEBIAN_FRONTEND=noninteractive',
    'apt-get',
    '-o',
    'DPkg::Lock::Timeout=120',
    ...args,
  ])

/** Runs a step that may fail: what then is missing is said by the search after it. */
async function attempt(label, work) {
  try {
    await step(label, work)
  } catch (error) {
    if (!(error instanceof StepFailed)) throw error
    say(`! ${error.message}`)
  }
}

async function tryInstall(absent) {
  // A package does not mend a variable that points elsewhere.
  const missing = absent.filter((need) => !process.env[need.variable])
  const prefix = aptPrefix()
  if (!prefix || missing.length === 0) return
  await attempt('Debian packages: reading the lists (apt-get update)', () => aptGet(prefix, 'update'))
  // One by one, as a package that a distribution does not have must not keep the others away.
  for (const { packages } of missing) {
    await attempt(`Debian packages: installing ${packages.join(' ')}`, () =>
      aptGet(prefix, 'install', '-y', '--no-install-recommends', ...packages),
    )
  }
}

const users = ({ file, suites }) => (file ? `${file} needs` : `${suites.join(', ')} tests need`)

const absence = (need) =>
  `${need.name} is missing, which ${users(need)}: on Debian \`apt-get install ${need.packages.join(' ')}\`; elsewhere ${need.otherwise}.`

/**
 * Finds, or installs where it may, what the `suites` (names) need. Resolves to `{ suites, warnings }`: the suites
 * that have to be left out, and a line for each reason. Throws {@link StepFailed} where `CI` is set, as a suite
 * left out there would pass unseen.
 */
export async function provide(suites) {
  const wanted = needs.filter((need) => need.suites.some((suite) => suites.includes(suite)))
  const absent = () => wanted.filter((need) => !need.find())
  await tryInstall(absent())
  for (const need of wanted) if (need.find()) say(`✓ ${need.name}: ${need.find()}`)
  const missing = absent()
  if (missing.length > 0 && process.env.CI) throw new StepFailed(missing.map(absence).join(' '))
  const whole = missing.filter((need) => !need.file)
  return { suites: whole.flatMap((need) => need.suites), warnings: missing.map(absence) }
}

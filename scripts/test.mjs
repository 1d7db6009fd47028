import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { join, relative } from 'node:path'
import process from 'node:process'
import { provide } from './needs.mjs'
import { build, buildIsStale, checkNode, install } from './prepare.mjs'
import { command, Interrupted, mustRun, root, run, StepFailed, say, seconds, tool } from './steps.mjs'

/** Suites that run the library itself; the folder tells whether a suite ran anything. */
const runtime = {
  unit: 'test/unit',
  contract: 'test/contract',
  simulation: 'test/simulation',
  integration: 'test/integration',
  processes: 'test/integration/processes',
  foreign: 'test/integration/foreign',
  react: 'test/react',
}
const oldestMajor = '20'
const newerMajor = '24'

const totals = { passed: 0, failed: 0, skipped: 0 }
const timings = []

function count(report) {
  totals.passed += report.numPassedTests
  totals.failed += report.numFailedTests
  totals.skipped += report.numPendingTests + (report.numTodoTests ?? 0)
}

/** The suite folder that a test file belongs to: the deepest one, as suites lie inside suites. */
const folderOf = (file, folders) =>
  folders.filter((folder) => file.startsWith(`${folder}/`)).sort((a, b) => b.length - a.length)[0]

/** Throws for a suite without a test, which would pass unseen. */
function refuseEmpty(report, folders) {
  const known = [...Object.values(runtime), ...folders]
  const filled = report.testResults.map((result) => folderOf(relative(root, result.name), known))
  const empty = folders.filter((folder) => !filled.includes(folder))
  if (empty.length > 0) throw new StepFailed(`no test ran in ${empty.join(', ')}`)
}

/** Runs vitest projects (name → folder) and adds their tests to the totals; `wrap` may put another Node around it. */
async function vitest(projects, wrap = (args) => tool('vitest', ...args)) {
  const folder = join(root, '.tmp')
  mkdirSync(folder, { recursive: true })
  const reports = mkdtempSync(join(folder, 'report-'))
  const file = relative(root, join(reports, 'vitest.json'))
  const chosen = Object.keys(projects).flatMap((name) => ['--project', name])
  const args = ['run', ...chosen, '--reporter=default', '--reporter=json', `--outputFile.json=${file}`]
  try {
    const { code } = await run(wrap(args), { stream: true })
    const report = existsSync(join(root, file)) && JSON.parse(readFileSync(join(root, file), 'utf8'))
    if (report) count(report)
    if (code !== 0) throw new StepFailed('vitest reports a failure, see its lines above')
    if (!report) throw new StepFailed('vitest wrote no report')
    refuseEmpty(report, Object.values(projects))
  } finally {
    rmSync(reports, { recursive: true, force: true })
  }
}

const onNewerNode = (args) => [
  'npx',
  '-y',
  '-p',
  `node@${newerMajor}`,
  '-c',
  `node --version && vitest ${args.join(' ')}`,
]

const pick = (table, names) =>
  Object.fromEntries(Object.entries(table).filter(([name]) => names.includes(name)))

/** The steps for the chosen suites, in order; `left` are suites without what they need. */
function plan(chosen, left) {
  const has = (name) => chosen.includes(name) && !left.includes(name)
  const inOneRun = pick({ ...runtime, types: 'test/types' }, chosen.filter(has))
  const steps = [
    has('lint') && ['lint', 'biome check', () => mustRun(tool('biome', 'check', '--error-on-warnings', '.'))],
    has('compile') && ['compile', 'tsc', () => mustRun(tool('tsc', '--noEmit'))],
    has('build') && ['build', 'tsup', build],
    Object.keys(inOneRun).length > 0 && [Object.keys(inOneRun).join(', '), 'vitest', () => vitest(inOneRun)],
    // The same folder as that of `react`: in one run with it nobody would see that nothing of it ran.
    has('react-18') && ['react-18', 'vitest', () => vitest({ 'react-18': runtime.react })],
    has('chromium') && ['chromium', 'vitest', () => vitest({ chromium: 'test/unit' })],
    has('package') && ['package', 'vitest', () => vitest({ package: 'test/package' })],
    has('browser') && ['browser', 'vitest', () => vitest({ browser: 'test/browser' })],
    has('examples') && ['examples', 'vitest', () => vitest({ 'example-*': 'examples' })],
    has('docs') && ['docs', 'typedoc', () => mustRun(tool('typedoc'))],
    has('newer') && [
      `newer: the runtime suites on Node ${newerMajor}`,
      'vitest',
      () =>
        vitest(
          pick(
            runtime,
            Object.keys(runtime).filter((name) => !left.includes(name)),
          ),
          onNewerNode,
        ),
    ],
  ]
  return steps.filter(Boolean)
}

const suiteNames = [
  'lint',
  'compile',
  'build',
  ...Object.keys(runtime),
  'types',
  'react-18',
  'chromium',
  'package',
  'browser',
  'examples',
  'docs',
  'newer',
]

/** The suites that `--only a,b` names; without it all that the running Node is for. */
function choose(args) {
  const at = args.findIndex((arg) => arg === '--only' || arg.startsWith('--only='))
  if (at < 0) {
    if (args.length > 0) throw new StepFailed(`unknown option ${args[0]}: the only one is --only <suites>`)
    const [major] = process.versions.node.split('.')
    return suiteNames.filter((name) => name !== 'newer' || major === oldestMajor)
  }
  const names = (args[at].split('=')[1] ?? args[at + 1] ?? '').split(',').filter(Boolean)
  const unknown = names.filter((name) => !suiteNames.includes(name))
  if (unknown.length > 0 || names.length === 0) {
    throw new StepFailed(
      `--only takes a comma-separated list of ${suiteNames.join(', ')}; got "${unknown.join(', ')}"`,
    )
  }
  const needBuild = ['package', 'browser', 'examples'].some((name) => names.includes(name))
  return needBuild && buildIsStale() ? ['build', ...names] : names
}

async function timed([name, how, work]) {
  const since = Date.now()
  say(`▸ ${name} (${how})`)
  try {
    await work()
    timings.push([name, seconds(since), 'passed'])
    say(`✓ ${name} (${seconds(since)})`)
  } catch (error) {
    timings.push([name, seconds(since), error instanceof Interrupted ? 'stopped' : 'failed'])
    if (!(error instanceof StepFailed)) throw error
    say(`✗ ${name} (${seconds(since)}): ${error.message}`)
    return false
  }
  return true
}

function printTable() {
  const width = Math.max(...timings.map(([name]) => name.length))
  console.log('')
  for (const [name, time, state] of timings)
    console.log(`  ${name.padEnd(width)}  ${time.padStart(8)}  ${state}`)
  console.log(`  ${'total'.padEnd(width)}  ${seconds().padStart(8)}`)
}

function printEnd(failedAt, warnings) {
  printTable()
  for (const line of warnings) console.log(`\n!!! LEFT OUT: ${line}`)
  // A step that is no test, or a crash outside a test, must not end in "0 failed".
  if (failedAt && totals.failed === 0) totals.failed = 1
  if (failedAt) {
    console.log(`\nStopped at "${failedAt}"; the steps after it did not run.`)
    console.log(`Again, that step only: npm test -- --only ${failedAt.split(':')[0].replaceAll(' ', '')}`)
  }
  const skipped = totals.skipped > 0 ? `, ${totals.skipped} skipped` : ''
  console.log(`\n${totals.passed} passed, ${totals.failed} failed${skipped}`)
}

async function prepare() {
  const chosen = choose(process.argv.slice(2))
  await install()
  const wanted = chosen.includes('newer') ? [...chosen, ...Object.keys(runtime)] : chosen
  const { suites, warnings } = await provide(wanted)
  return { steps: plan(chosen, suites), warnings }
}

async function main() {
  checkNode()
  say(`Syncline: testing on Node ${process.versions.node}`)
  const { steps, warnings } = await prepare()
  let failedAt
  for (const each of steps) {
    if (await timed(each)) continue
    failedAt = each[0]
    break
  }
  printEnd(failedAt, warnings)
  return failedAt ? 1 : 0
}

await command(async () => {
  try {
    return await main()
  } catch (error) {
    if (!(error instanceof StepFailed)) throw error
    say(`✗ ${error.message}`)
    console.log('\n0 passed, 1 failed')
    return 1
  }
}, 130)

import { execFileSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { pathToFileURL } from 'node:url'
import { Worker } from 'node:worker_threads'
import { build } from 'esbuild'
import { figuresOf, withFigures } from './figures.mjs'
import { command, StepFailed, say } from './steps.mjs'

const usage =
  'npm run simulate -- --seeds 10000 --from 1 --workers 1 --steps 60 --record yes (all may be left out)'

const portion = 100

/** How many findings end a run: more tell nothing new. */
const enough = 10

/** In so many seeds, everything must have happened. */
const enoughToHappen = 1_000

/** Where what was found is written. */
const folder = 'simulations'

function read(args) {
  const options = { seeds: 10_000, from: 1, workers: 1, steps: 60, record: '' }
  for (let i = 0; i < args.length; i += 2) {
    const name = args[i].replace(/^--/, '')
    const value = name === 'record' ? args[i + 1] : Number(args[i + 1])
    const isRight =
      Object.hasOwn(options, name) && (name === 'record' ? value : Number.isSafeInteger(value) && value > 0)
    if (!isRight) throw new StepFailed(`${args[i]} ${args[i + 1]}: ${usage}`)
    options[name] = value
  }
  return options
}

/** The scenarios and what they stand on, as one file of JavaScript. */
async function bundle(outfile) {
  await build({
    stdin: {
      contents: `export * from './src/testing/scenario.ts'; export * from './src/testing/minimise.ts'`,
      resolveDir: process.cwd(),
    },
    bundle: true,
    platform: 'node',
    format: 'esm',
    outfile,
    logLevel: 'error',
    plugins: [
      {
        name: 'no sockets',
        setup(made) {
          // The worlds have sockets of their own.
          made.onResolve({ filter: /^#websocket$/ }, () => ({ path: 'none', namespace: 'none' }))
          made.onLoad({ filter: /.*/, namespace: 'none' }, () => ({
            contents: 'export const webSocketClass = 0',
          }))
        },
      },
    ],
  })
}

/** What has been done so far. */
class Tally {
  done = 0
  counts = {}
  findings = []
  #startedAt = performance.now()

  constructor(seeds) {
    this.seeds = seeds
  }

  add({ count, counts, findings }) {
    this.done += count
    this.findings.push(...findings)
    for (const [name, times] of Object.entries(counts)) this.counts[name] = (this.counts[name] ?? 0) + times
  }

  get seconds() {
    return (performance.now() - this.#startedAt) / 1_000
  }

  get line() {
    const share = this.done / this.seeds
    const rate = this.done / this.seconds
    const bar = '█'.repeat(Math.floor(share * 30)).padEnd(30, '░')
    const left = rate > 0 ? Math.ceil((this.seeds - this.done) / rate) : 0
    return `${bar} ${this.done.toLocaleString('en')} of ${this.seeds.toLocaleString('en')} seeds, ${rate.toFixed(0)} a second, ${left} s left, ${this.findings.length} found`
  }
}

/** Shows how far it is: in place on a terminal, else a line now and then. */
function showProgress(tally) {
  const isTerminal = process.stdout.isTTY
  const timer = setInterval(
    () => process.stdout.write(isTerminal ? `\r${tally.line}` : `${tally.line}\n`),
    isTerminal ? 500 : 30_000,
  )
  return () => {
    clearInterval(timer)
    process.stdout.write(`${isTerminal ? '\r' : ''}${tally.line}\n`)
  }
}

/** One thread, which is given portions until there are none, or it is to stop. */
function work(next, { data, tally }) {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL('./simulate-worker.mjs', import.meta.url), { workerData: data })
    const go = () => {
      const task = next()
      if (task) worker.postMessage(task)
      else resolve(worker.terminate())
    }
    worker.on('message', (report) => {
      tally.add(report)
      writeFindings(report.findings)
      go()
    })
    worker.on('error', reject)
    // As where a run waits for what never comes.
    worker.on('exit', (code) => reject(new StepFailed(`a thread has ended with ${code} in the middle`)))
    go()
  })
}

/** Writes down what was found, as soon as it is. */
function writeFindings(findings) {
  mkdirSync(folder, { recursive: true })
  for (const { seed, ...finding } of findings) {
    const path = join(folder, `seed-${seed}.json`)
    writeFileSync(path, `${JSON.stringify({ seed, ...finding }, null, 1)}\n`)
    say(
      `✗ seed ${seed}: ${finding.violations.map(({ invariant, who, why }) => `${invariant}: ${who} ${why}`).join('; ')}`,
    )
    say(`  with ${finding.steps.length} steps: ${finding.steps.map(({ name }) => name).join(', ')}`)
    if (!finding.isRepeated)
      say('  it was not found again by the same seed: something else than the seed had a part')
    say(`  its history: ${path}`)
  }
}

const ledger = 'docs/simulations.json'
const document = 'docs/guarantees.md'

/** In one step, so that a run which is broken off leaves no half of a file. */
async function replaceFile(path, text) {
  await writeFile(`${path}.new`, text)
  await rename(`${path}.new`, path)
}

/** Adds the run to the ledger, and what the ledger tells now to the document. */
async function enter({ from, workers, steps, tally, faults }) {
  const before = JSON.parse(await readFile(ledger, 'utf8'))
  const git = (...args) => execFileSync('git', args, { encoding: 'utf8' }).trim()
  const run = {
    date: new Date().toISOString().slice(0, 10),
    commit: git('rev-parse', '--short', 'HEAD'),
    from,
    seeds: tally.done,
    steps,
    workers,
    seconds: Math.round(tally.seconds),
    perSecond: Math.round(tally.done / tally.seconds),
    broken: tally.findings.map(({ seed }) => seed),
    counts: Object.fromEntries(Object.entries(tally.counts).sort(([a], [b]) => (a < b ? -1 : 1))),
  }
  const runs = [...before, run]
  await replaceFile(ledger, `${JSON.stringify(runs, null, 2)}\n`)
  await replaceFile(document, withFigures(await readFile(document, 'utf8'), figuresOf(runs, faults)))
  say(`entered in ${ledger} and ${document}`)
}

await command(async () => {
  const { seeds, from, workers, steps, record } = read(process.argv.slice(2))
  const home = await mkdtemp(join(tmpdir(), 'syncline-simulate-'))
  const outfile = join(home, 'scenario.mjs')
  await bundle(outfile)
  const { faultNames, missingFrom } = await import(pathToFileURL(outfile).href)
  const tally = new Tally(seeds)
  let started = 0
  let isStopping = false
  // What has been done is told, and entered, also when it is broken off.
  process.once('SIGINT', () => {
    isStopping = true
  })
  process.once('SIGTERM', () => {
    isStopping = true
  })
  const next = () => {
    if (isStopping || started >= seeds || tally.findings.length >= enough) return undefined
    const task = { from: from + started, count: Math.min(portion, seeds - started) }
    started += task.count
    return task
  }
  say(`▸ ${seeds.toLocaleString('en')} seeds from ${from}, with ${workers} of the machine's threads`)
  const stop = showProgress(tally)
  try {
    const data = { bundle: pathToFileURL(outfile).href, steps }
    await Promise.all(Array.from({ length: workers }, () => work(next, { data, tally })))
  } finally {
    stop()
    await rm(home, { recursive: true })
  }
  const missing = tally.done >= enoughToHappen ? missingFrom(tally.counts) : []
  if (missing.length > 0)
    throw new StepFailed(`these have never happened, so the run proves little: ${missing.join(', ')}`)
  if (record) await enter({ from, workers, steps, tally, faults: faultNames })
  if (tally.findings.length === 0) {
    say(`✓ nothing was found in ${tally.done.toLocaleString('en')} seeds`)
    return 0
  }
  return 1
}, 130)

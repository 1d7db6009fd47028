import process from 'node:process'
import { parseArgs } from 'node:util'
import { requireBuilt } from './lib/prepared.mjs'
import { say } from './lib/progress.mjs'
import { writeReport } from './lib/report.mjs'
import { measureRow } from './lib/rounds.mjs'
import { rows } from './rows/index.mjs'

/** Thrown for a command line that means nothing here. */
class Usage extends Error {}

const groups = [...new Set(rows.map(({ group }) => group))]

const usage = `npm run bench -- [row …] [--rounds 3] [--only variant …] [--set name=number …] [--profile]
rows: ${rows.map(({ name }) => name).join(', ')}
or all of: ${groups.join(', ')}`

function readCommandLine() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      rounds: { type: 'string', default: '3' },
      only: { type: 'string', multiple: true, default: [] },
      set: { type: 'string', multiple: true, default: [] },
      profile: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  })
  const isNamed = ({ name, group }) => positionals.includes(name) || positionals.includes(group)
  const chosen = positionals.length === 0 ? rows : rows.filter(isNamed)
  const known = [...groups, ...rows.map(({ name }) => name)]
  const missing = positionals.filter((name) => !known.includes(name))
  if (missing.length > 0) throw new Usage(`No such row: ${missing.join(', ')}`)
  return { ...values, chosen, rounds: wholeNumber('--rounds', values.rounds) }
}

function wholeNumber(name, text) {
  if (!/^[1-9]\d*$/.test(text)) throw new Usage(`${name} must be a whole number from 1, not "${text}"`)
  return Number(text)
}

/** The row's settings with those of the command line over them; every other setting is refused. */
function settingsOf(row, changes) {
  const settings = { ...row.settings }
  for (const change of changes) {
    const [name, value = ''] = change.split('=')
    if (!Object.hasOwn(settings, name)) {
      throw new Usage(`${row.name} has no setting "${name}"; it has ${Object.keys(settings).join(', ')}`)
    }
    settings[name] = wholeNumber(name, value)
  }
  return settings
}

/** The row's variants that were asked for, and always its baseline. */
function variantsOf(row, only) {
  const missing = only.filter((name) => !row.variants.some((variant) => variant.name === name))
  if (missing.length > 0) throw new Usage(`${row.name} has no variant: ${missing.join(', ')}`)
  if (only.length === 0) return row.variants
  return row.variants.filter(({ name }) => name === row.baseline || only.includes(name))
}

async function main() {
  const { chosen, help, only, profile, rounds, set } = readCommandLine()
  if (help) {
    process.stdout.write(`${usage}\n`)
    return
  }
  requireBuilt()
  const plans = chosen.map((row) => ({
    row,
    variants: variantsOf(row, only),
    settings: settingsOf(row, set),
    rounds,
    profile,
  }))
  for (const [index, plan] of plans.entries()) {
    say(`row ${index + 1} of ${plans.length}`)
    await measureAndReport(plan)
  }
}

/** A row that fails is told of, and does not take the others with it. */
async function measureAndReport(plan) {
  try {
    const { files, markdown } = writeReport(plan, await measureRow(plan))
    process.stdout.write(`${markdown}\n`)
    say(`written: ${files.join(', ')}`)
  } catch (error) {
    say(`FAILED: ${plan.row.name}: ${error.stack}`)
    process.exitCode = 1
  }
}

try {
  await main()
} catch (error) {
  // Everything but a defect of the bench itself is told in one line.
  const isPlain = error instanceof Usage || error.code?.startsWith('ERR_PARSE_ARGS') || error.isPlain
  say(isPlain ? error.message : error.stack)
  if (error instanceof Usage) say(usage)
  process.exitCode = 1
}

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { toChart } from './chart.mjs'
import { placement } from './cores.mjs'
import { median } from './figures.mjs'

const folder = new URL('../results/', import.meta.url)

/** Writes `results/<row>.md`, `.json` and `.svg`; a row that is measured again replaces its own alone. */
export function writeReport(plan, results) {
  const facts = {
    row: plan.row.name,
    at: new Date().toISOString(),
    environment: environment(),
    packages: Object.fromEntries(plan.row.packages.map((name) => [name, versionOf(name)])),
    settings: plan.settings,
    rounds: plan.rounds,
    profiled: plan.profile,
    left: plan.variants.flatMap(({ label, missing }) =>
      missing ? [`${label}: not measured: ${missing}`] : [],
    ),
  }
  const markdown = toMarkdown(plan.row, facts, results)
  const json = { ...facts, title: plan.row.title, unit: plan.row.unit, baseline: plan.row.baseline, results }
  mkdirSync(folder, { recursive: true })
  const write = (ending, text) => {
    writeFileSync(new URL(`${plan.row.name}.${ending}`, folder), text)
    return `results/${plan.row.name}.${ending}`
  }
  const files = [
    write('md', markdown),
    write('json', `${JSON.stringify(json, null, 2)}\n`),
    write('svg', toChart(plan.row, results)),
  ]
  return { markdown, files }
}

function environment() {
  const cpus = os.cpus()
  return {
    node: process.versions.node,
    v8: process.versions.v8,
    platform: `${process.platform} ${process.arch}`,
    cpu: cpus[0]?.model ?? 'unknown',
    cores: cpus.length,
    load: os.loadavg()[0],
    placement,
  }
}

function versionOf(name) {
  const path = fileURLToPath(new URL(`../node_modules/${name}/package.json`, import.meta.url))
  return JSON.parse(readFileSync(path, 'utf8')).version
}

const fixed = (number) => number.toFixed(2)
const range = ({ min, max }) => `${fixed(min)}–${fixed(max)}`
const list = (entries) =>
  Object.entries(entries)
    .map(([name, value]) => `${name} ${value}`)
    .join(', ')

/** `≤ 1.40: met`, or nothing where no target is set. It is told, never asserted. */
function verdict({ target, ratio }) {
  if (target === undefined) return ''
  return `≤ ${fixed(target)}: ${ratio.median <= target ? 'met' : '**missed**'}`
}

/** The median of a note over the rounds, for a column of the row's own. */
function cell({ note, factor = 1, digits, unit }, { notes }) {
  const numbers = notes.map((all) => all[note] * factor)
  return `${median(numbers).toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits })}${unit}`
}

function table({ columns = [], unit }, results) {
  const titles = ['variant', `${unit}, median`, 'min–max', 'ratio, median', 'min–max', 'target']
  const lines = results.map((result) => {
    const { label, ratio, value } = result
    const own = [fixed(value.median), range(value), fixed(ratio.median), range(ratio), verdict(result)]
    return [label, ...own, ...columns.map((column) => cell(column, result))]
  })
  const toLine = (cells) => `| ${cells.join(' | ')} |`
  return [
    toLine([...titles, ...columns.map(({ title }) => title)]),
    `|---|--:|--:|--:|--:|---|${'--:|'.repeat(columns.length)}`,
    ...lines.map(toLine),
  ]
}

function toMarkdown(row, facts, results) {
  const warnings = results.flatMap(({ label, warnings }) => warnings.map((warning) => `${label}: ${warning}`))
  const told = [...facts.left, ...warnings]
  const { cores, cpu, load, node, platform } = facts.environment
  return [
    `### ${row.title}`,
    '',
    row.about,
    '',
    ...table(row, results),
    '',
    `${facts.rounds} rounds; ${list(facts.settings)}. Node ${node}, ${platform}, ${cores} × ${cpu}, load ${fixed(load)}; ${placement}.`,
    '',
    `${list(facts.packages)}.`,
    ...(facts.profiled ? ['', 'Profiled: the figures are not to be compared with others.'] : []),
    ...(told.length > 0 ? ['', 'Warnings:', '', ...told.map((line) => `- ${line}`)] : []),
    '',
  ].join('\n')
}

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import process from 'node:process'
import { fileURLToPath } from 'node:url'

const folder = new URL('../results/', import.meta.url)

/** Writes `results/<row>.md` and `results/<row>.json`; a row that is measured again replaces its own alone. */
export function writeReport(plan, results) {
  const facts = {
    row: plan.row.name,
    at: new Date().toISOString(),
    environment: environment(),
    packages: Object.fromEntries(plan.row.packages.map((name) => [name, versionOf(name)])),
    settings: plan.settings,
    rounds: plan.rounds,
    profiled: plan.profile,
  }
  const markdown = toMarkdown(plan.row, facts, results)
  const json = { ...facts, title: plan.row.title, unit: plan.row.unit, baseline: plan.row.baseline, results }
  mkdirSync(folder, { recursive: true })
  const write = (ending, text) => {
    writeFileSync(new URL(`${plan.row.name}.${ending}`, folder), text)
    return `results/${plan.row.name}.${ending}`
  }
  const files = [write('md', markdown), write('json', `${JSON.stringify(json, null, 2)}\n`)]
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

function toMarkdown(row, facts, results) {
  const lines = results.map((result) => {
    const { label, ratio, value } = result
    return `| ${[label, fixed(value.median), range(value), fixed(ratio.median), range(ratio), verdict(result)].join(' | ')} |`
  })
  const warnings = results.flatMap(({ label, warnings }) =>
    warnings.map((warning) => `- ${label}: ${warning}`),
  )
  const { cores, cpu, load, node, platform } = facts.environment
  return [
    `### ${row.title}`,
    '',
    row.about,
    '',
    `| variant | ${row.unit}, median | min–max | ratio, median | min–max | target |`,
    '|---|--:|--:|--:|--:|---|',
    ...lines,
    '',
    `${facts.rounds} rounds; ${list(facts.settings)}. Node ${node}, ${platform}, ${cores} × ${cpu}, load ${fixed(load)}.`,
    '',
    `${list(facts.packages)}.`,
    ...(facts.profiled ? ['', 'Profiled: the figures are not to be compared with others.'] : []),
    ...(warnings.length > 0 ? ['', 'Warnings:', '', ...warnings] : []),
    '',
  ].join('\n')
}

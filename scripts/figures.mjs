const number = (value) => value.toLocaleString('en')

/** What of the counts is told, and under which words. */
const told = [
  ['delivered', 'events delivered'],
  ['appended', 'entries of the logs'],
  ['recovered', 'interruptions after which nothing was missing'],
  ['gap: retention', 'gaps, as what was missed was not kept any more'],
  ['gap: epoch', 'gaps, as the log was another one'],
  ['gap: rollback', 'gaps, as the log had lost the position'],
  ['sent', 'publications and requests of clients'],
  ['resend', 'that were sent again'],
  [
    'duplicate publication',
    'publications that came again after they were applied, and were not applied again',
  ],
  ['duplicate request', 'requests that came again after they were begun, and did not run again'],
  ['indeterminate', 'sends that ended as `indeterminate`'],
  ['fault', 'faults, of all kinds'],
]

/** The sum of the counts of all runs. */
function sumOf(runs) {
  const sum = {}
  for (const { counts } of runs)
    for (const [name, times] of Object.entries(counts)) sum[name] = (sum[name] ?? 0) + times
  return sum
}

const lines = (rows) => rows.map((row) => `| ${row.join(' | ')} |`).join('\n')

/**
 * What `docs/guarantees.md` tells of the runs in the ledger, as Markdown. `kinds` are the names of the faults: one that never happened is told,
 * too.
 */
export function figuresOf(runs, kinds) {
  const sum = sumOf(runs)
  const seeds = runs.reduce((total, run) => total + run.seeds, 0)
  const broken = runs.flatMap((run) => run.broken)
  const shown = told.map(([name, words]) => [number(sum[name] ?? 0), words])
  const faults = kinds.map((kind) => [kind, number(sum[kind] ?? 0)])
  const each = runs.map(({ date, commit, from, seeds: count, steps, perSecond, broken: found }) => [
    date,
    `\`${commit}\``,
    `${from} to ${from + count - 1}`,
    number(count),
    steps,
    perSecond,
    found.length,
  ])
  return `**${number(seeds)} seeds; runs: ${runs.length}; seeds that broke a promise: ${number(broken.length)}.** In them:

${lines([['times', 'what'], ['---:', '---'], ...shown])}

| fault | times |
|---|---:|
${lines(faults)}

| date | commit | seeds | how many | steps | a second | broke a promise |
|---|---|---|---:|---:|---:|---:|
${lines(each)}`
}

const begin = '<!-- figures: written by `npm run simulate -- --record` -->'
const end = '<!-- end of figures -->'

/** The document with these figures in their place. Throws where it has no such place. */
export function withFigures(document, figures) {
  const from = document.indexOf(begin)
  const to = document.indexOf(end)
  if (from < 0 || to < from) throw new Error(`The document has no ${begin} … ${end}`)
  return `${document.slice(0, from + begin.length)}\n\n${figures}\n\n${document.slice(to)}`
}

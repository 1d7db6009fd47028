import { spread } from './figures.mjs'
import { say } from './progress.mjs'

/**
 * Measures each variant once per round, one after the other (A B C, A B C, …), so that whatever slows the machine down
 * for a while meets them all. A ratio is always to the baseline of the same round.
 * Resolves to `[{ name, label, target, values, ratios, value, ratio, notes, warnings }]`.
 */
export async function measureRow({ row, variants, settings, rounds, profile }) {
  for (const { name, missing } of variants) if (missing) say(`NOT MEASURED: ${name}: ${missing}`)
  const present = variants.filter(({ missing }) => !missing)
  say(`${row.name}: ${rounds} rounds of ${present.length} variants`)
  const results = present.map((variant) => ({ ...variant, values: [], ratios: [], notes: [], warnings: [] }))
  for (let round = 1; round <= rounds; round++) {
    for (const result of results) {
      const { value, notes, warnings } = await row.measure(result, { settings, profile })
      result.values.push(value)
      result.notes.push(notes)
      result.warnings.push(...warnings.map((warning) => `round ${round}: ${warning}`))
      say(`round ${round}/${rounds}  ${result.name.padEnd(20)} ${value.toFixed(2).padStart(8)} ${row.unit}`)
      for (const warning of warnings) say(`  warning: ${warning}`)
    }
  }
  return compared(results, row.baseline)
}

function compared(results, baseline) {
  const { values: ones } = results.find(({ name }) => name === baseline)
  return results.map((result) => {
    const ratios = result.values.map((value, round) => value / ones[round])
    return { ...result, ratios, value: spread(result.values), ratio: spread(ratios) }
  })
}

import type { Violation } from './facts.ts'
import {
  planOf,
  runScenario,
  type ScenarioOptions,
  type ScenarioReport,
  type ScenarioStep,
} from './scenario.ts'

/** The fewest steps under which a seed still breaks what it broke. */
export interface Minimised {
  readonly steps: readonly (ScenarioStep & { readonly index: number })[]
  readonly report: ScenarioReport
  /** How many runs it took. */
  readonly runs: number
}

/**
 * Leaves out steps of a run for as long as it breaks one of the invariants that it broke: halves first, then ever smaller parts, then one by
 * one. `mostRuns` bounds the search.
 */
export async function minimise(
  seed: number,
  options: ScenarioOptions = {},
  mostRuns = 400,
): Promise<Minimised> {
  const plan = planOf(seed, options)
  let report = await runScenario(seed, options)
  const broken = new Set(report.violations.map(({ invariant }) => invariant))
  let kept = plan.map((_, index) => index)
  let runs = 1
  for (
    let size = Math.ceil(kept.length / 2);
    size >= 1 && runs < mostRuns;
    size = size > 1 ? Math.ceil(size / 2) : 0
  ) {
    for (let from = 0; from < kept.length && runs < mostRuns; ) {
      const fewer = [...kept.slice(0, from), ...kept.slice(from + size)]
      const tried = await runScenario(seed, { ...options, only: new Set(fewer) })
      runs++
      if (isBroken(tried.violations, broken)) {
        kept = fewer
        report = tried
      } else from += size
    }
  }
  return { steps: kept.map((index) => ({ index, ...plan[index]! })), report, runs }
}

function isBroken(violations: readonly Violation[], before: ReadonlySet<Violation['invariant']>): boolean {
  return violations.some(({ invariant }) => before.has(invariant))
}

import type { ProcessFact } from './facts.ts'

/** What a fact counts as, if it counts: faults, and what the promises were needed for. */
function nameOf(fact: ProcessFact): string | undefined {
  switch (fact.kind) {
    case 'fault':
      return fact.fault
    case 'gap':
      return `gap: ${fact.reason}`
    case 'subscribed':
      return fact.recovered === null ? undefined : fact.recovered ? 'recovered' : 'not recovered'
    case 'delivered':
      return fact.replayed ? 'replayed' : 'delivered'
    case 'answered':
      return fact.outcome === 'unknown'
        ? 'indeterminate'
        : fact.outcome === 'applied'
          ? 'applied'
          : `refused: ${fact.code}`
    case 'duplicate':
      return `duplicate ${fact.what} suppressed`
    case 'error':
      return `error: ${fact.stage} ${fact.code}`
    case 'status':
      return fact.code && `lost: ${fact.code}`
    default:
      return undefined
  }
}

/** How often each thing happened: a run in which nothing happens proves nothing. */
export function tallyOf(facts: readonly ProcessFact[]): Record<string, number> {
  const tally: Record<string, number> = {}
  for (const fact of facts) {
    const name = nameOf(fact)
    if (name !== undefined) tally[name] = (tally[name] ?? 0) + 1
  }
  return tally
}

/** Adds one tally to another, which is changed. */
export function addTally(total: Record<string, number>, tally: Readonly<Record<string, number>>): void {
  for (const [name, count] of Object.entries(tally)) total[name] = (total[name] ?? 0) + count
}

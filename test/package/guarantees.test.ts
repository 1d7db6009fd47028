import { describe, expect, it } from 'vitest'
import { figuresOf, withFigures } from '../../scripts/figures.mjs'
import { memoryDefaults } from '../../src/broadcasters/memory.ts'
import { clientDefaults } from '../../src/client/options.ts'
import { outboxDefaults } from '../../src/client/outbox.ts'
import { hubDefaults } from '../../src/server/options.ts'
import { invariants } from '../../src/testing/facts.ts'
import { faultNames, missingFrom } from '../../src/testing/scenario.ts'
import { read } from './support/files.ts'
import { literalsOf } from './support/literals.ts'
import { tableRows } from './support/markdown.ts'
import { shownNumber } from './support/options.ts'

const guarantees = read('docs/guarantees.md')
const runs = JSON.parse(read('docs/simulations.json'))

describe('the guarantees', () => {
  it('tell the figures of the ledger', () => {
    expect(guarantees).toBe(withFigures(guarantees, figuresOf(runs, faultNames)))
  })

  it('are caught where their figures are others', () => {
    const wrong = guarantees.replace(/\*\*[\d,]+ seeds/, '**1,000,001 seeds')
    expect(wrong).not.toBe(guarantees)
    expect(wrong).not.toBe(withFigures(wrong, figuresOf(runs, faultNames)))
    expect(() => withFigures('no place', '')).toThrow('has no')
  })

  it('rest on runs in which everything happened', () => {
    for (const { counts } of runs) expect(missingFrom(counts)).toEqual([])
  })

  it('rest on seeds that were run once', () => {
    const seen = runs.map(({ from, seeds, steps }: { from: number; seeds: number; steps: number }) => ({
      from,
      to: from + seeds,
      steps,
    }))
    const overlaps = seen.filter((one: (typeof seen)[0], i: number) =>
      seen.some(
        (other: typeof one, j: number) =>
          j < i && other.steps === one.steps && other.from < one.to && one.from < other.to,
      ),
    )
    expect(overlaps).toEqual([])
  })

  it('name every reason of a gap and every invariant', () => {
    const reasons = tableRows(guarantees, ['reason', 'what happened']).map(([reason]) => reason)
    expect(reasons.sort()).toEqual([...literalsOf('src/protocol/frames.ts', 'GapReason')].sort())
    const named = Object.fromEntries(
      tableRows(guarantees, ['invariant', 'promise']).map(([n, promise]) => [n, promise]),
    )
    expect(named).toEqual({ ...invariants })
  })

  it('tell the windows that the code has', () => {
    const defaults: Record<string, unknown> = {
      ...clientDefaults,
      ...outboxDefaults,
      ...hubDefaults,
      ...memoryDefaults,
    }
    const rows = tableRows(guarantees, ['option', 'default', 'unit', 'what it bounds'])
    expect(rows.length).toBeGreaterThan(5)
    for (const [name, value] of rows)
      expect([name, value]).toEqual([name, shownNumber(defaults[name!] as number)])
  })
})

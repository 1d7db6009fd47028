import { describe, expect, test } from 'vitest'
import {
  missingFrom,
  runScenario,
  type ScenarioOptions,
  type ScenarioReport,
} from '../../src/testing/scenario.ts'

const seeds = Number(process.env.SEEDS ?? 4_000)
const first = Number(process.env.FROM_SEED ?? 1)

/** What is wrong with a run, with the seed that replays it; empty for a good one. */
function wrongIn(seed: number, { violations }: ScenarioReport): string[] {
  return violations.map(
    ({ invariant, who, why, at }) => `seed ${seed}: ${invariant} at fact ${at}: ${who} ${why}`,
  )
}

test(`${seeds} worlds full of faults keep every promise`, async () => {
  const total: Record<string, number> = {}
  for (let seed = first; seed < first + seeds; seed++) {
    const report = await runScenario(seed)
    expect(wrongIn(seed, report)).toEqual([])
    for (const [name, count] of Object.entries(report.counts)) total[name] = (total[name] ?? 0) + count
  }
  console.info(`What happened in ${seeds} worlds:`, total)
  // Proof that the runs were not empty: a world without gaps, resends and faults keeps any promise.
  expect(missingFrom(total)).toEqual([])
}, 600_000)

test('runs in which something never happens are found out', () => {
  expect(missingFrom({ delivered: 5, cut: 0 })).toEqual(expect.arrayContaining(['cut', 'told', 'send']))
  expect(missingFrom({ delivered: 5, cut: 0 })).not.toContain('delivered')
})

test('a world without faults has no gap, and nothing of it is lost', async () => {
  for (let seed = 1; seed <= 50; seed++) {
    const report = await runScenario(seed, { faults: [] })
    expect(wrongIn(seed, report)).toEqual([])
    expect(report.counts.delivered).toBeGreaterThan(0)
  }
})

describe('one seed', () => {
  const bytesOf = async (seed: number, options?: ScenarioOptions) =>
    JSON.stringify((await runScenario(seed, options)).history)

  test('replays one history, to the byte', async () => {
    for (const seed of [7, 8, 9]) expect(await bytesOf(seed)).toBe(await bytesOf(seed))
    expect(await bytesOf(7)).not.toBe(await bytesOf(8))
  })

  test('leaves the other steps as they were when some are left out', async () => {
    const only = new Set([0, 1, 2, 3, 5, 8, 13, 21, 34, 55])
    expect(await bytesOf(7, { only })).toBe(await bytesOf(7, { only }))
    const { counts } = await runScenario(7, { only })
    expect(counts.quiet).toBe(1)
  })
})

import { expect, test } from 'vitest'
import { minimise } from '../../src/testing/minimise.ts'
import { planOf, runScenario } from '../../src/testing/scenario.ts'

/** Whatever a client is told, it never learns that a publication was applied, and hears of nothing. */
const tamper = (message: string) => (/^\["(ev|subscribed)"/.test(message) ? [] : [message])

test('what was found is told with the fewest steps that still show it', async () => {
  const whole = await runScenario(4, { tamper })
  const { steps, report, runs } = await minimise(4, { tamper })
  const broken = new Set(whole.violations.map(({ invariant }) => invariant))
  expect(report.violations.some(({ invariant }) => broken.has(invariant))).toBe(true)
  expect(steps.length).toBeLessThan(5)
  expect(runs).toBeGreaterThan(steps.length)
  const plan = planOf(4, { tamper })
  for (const { index, ...step } of steps) expect(step).toEqual(plan[index])
  const only = new Set(steps.map(({ index }) => index))
  expect((await runScenario(4, { tamper, only })).violations).toEqual(report.violations)
})

test('a search that is bounded ends where it is', async () => {
  const { runs, report } = await minimise(4, { tamper }, 3)
  expect([runs, report.violations.length > 0]).toEqual([3, true])
})

test('a seed that breaks nothing keeps all of its steps', async () => {
  const { steps, report } = await minimise(4, {}, 10)
  expect([steps.length, report.violations]).toEqual([60, []])
})

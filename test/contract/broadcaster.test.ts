import { memory } from 'syncline/server'
import { broadcasterContract, manualClock } from 'syncline/testing'
import { describe, expect, test } from 'vitest'
import type { Broadcaster } from '../../src/broadcasters/broadcaster.ts'
import { brokenLogs } from '../support/broken-broadcasters.ts'
import { brokenClaims, brokenCloses } from '../support/broken-claims.ts'
import { brokenKeys, brokenLengths, brokenSenders } from '../support/broken-once.ts'

const broken = {
  ...brokenLogs,
  ...brokenSenders,
  ...brokenKeys,
  ...brokenLengths,
  ...brokenClaims,
  ...brokenCloses,
}

/** The contract over the memory broadcaster, with some of its methods replaced. */
function contract(wrong: (inner: Broadcaster) => Partial<Broadcaster> = () => ({}), deliveryMs = 5_000) {
  return broadcasterContract(
    () => {
      const inner = memory({ maxEntries: 64, maxBytes: 1_000_000, clock: manualClock() })
      return { broadcaster: { ...inner, ...wrong(inner) }, maxEntries: 64, close: () => inner.close() }
    },
    { deliveryMs, tooLong: 300_000 },
  )
}

describe('the memory broadcaster keeps the contract', () => {
  for (const { title, run } of contract()) test(title, run)
})

describe('the contract catches a broadcaster that', () => {
  for (const [name, { caughtBy, wrong }] of Object.entries(broken)) {
    test(name, async () => {
      const rule = contract(wrong, 20).find(({ title }) => title === caughtBy)
      const error = await rule?.run().then(
        () => undefined,
        (thrown: unknown) => thrown,
      )
      // The contract's own: no other class.
      expect((error as Error | undefined)?.name).toBe('Error')
    })
  }
})

test('each rule of the contract is shown to catch a break', () => {
  const rules = contract().map(({ title }) => title)
  const shown = new Set(Object.values(broken).map(({ caughtBy }) => caughtBy))
  expect(rules.filter((title) => !shown.has(title))).toEqual([])
})

test('a rule says what it expected and what it got', async () => {
  const rule = contract(broken['counts from 0']!.wrong).find(({ title }) => title.startsWith('offsets count'))
  await expect(rule!.run()).rejects.toThrow(
    'The offsets of five appends: expected [1,2,3,4,5], got [0,1,2,3,4]',
  )
})

test('a lost delivery is told with what was heard', async () => {
  const rule = contract(broken['loses every delivery']!.wrong, 20).find(({ title }) =>
    title.includes('delivered once'),
  )
  await expect(rule!.run()).rejects.toThrow('Not delivered in 20 ms: entry 41; heard of offsets: nothing')
})

test('the broadcaster of a case is closed, whatever came of the case', async () => {
  let open = 0
  const cases = broadcasterContract(() => {
    open++
    const inner = memory()
    const broadcaster = { ...inner, append: () => Promise.reject(new Error('engine gone')) }
    return { broadcaster, maxEntries: 256, close: async () => void open-- }
  })
  for (const { run } of cases) await run().catch(() => {})
  expect(open).toBe(0)
})

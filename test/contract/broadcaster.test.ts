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

test('a broadcaster that rejects where it must not is told of by its code', async () => {
  const rule = contract(broken['begins with 1 only']!.wrong).find(({ title }) => title.includes('any number'))
  await expect(rule!.run()).rejects.toThrow('It rejected with out_of_order where it must not')
})

describe('what the contract is told of a broadcaster', () => {
  const casesOf = (windowMs: number, options = {}) =>
    broadcasterContract(() => {
      const broadcaster = memory({ windowMs: 1_200_000 })
      return { broadcaster, maxEntries: 256, windowMs, close: () => broadcaster.close() }
    }, options).filter(
      ({ title }) => title.startsWith('a publication as old as') || title.includes('too_large'),
    )

  test('is how long it remembers', async () => {
    for (const { run } of casesOf(1_200_000)) await run()
    for (const { run } of casesOf(600_000)) await expect(run()).rejects.toThrow('indeterminate')
  })

  test('is which length it never takes, and without one no case asks', () => {
    expect(casesOf(1_200_000)).toHaveLength(1)
    expect(casesOf(1_200_000, { tooLong: 40_000_000 })).toHaveLength(2)
  })
})

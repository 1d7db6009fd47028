import { expect, test } from 'vitest'
import { backoffMs } from '../../../src/shared/backoff.ts'
import { withDefaults } from '../../../src/shared/defaults.ts'

test('options stand over defaults, and one that is undefined is not given', () => {
  const options = { a: undefined, b: 0, c: null, d: false }
  expect(withDefaults({ a: 1, b: 2, c: 3, d: 4, e: 5 }, options)).toEqual({
    a: 1,
    b: 0,
    c: null,
    d: false,
    e: 5,
  })
})

test('a backoff whose bounds are undefined keeps its defaults', () => {
  const options = { firstMaxMs: undefined, baseMs: undefined, maxMs: undefined } as object
  expect([1, 2, 9].map((attempt) => backoffMs(attempt, () => 0.5, options))).toEqual([1_500, 1_000, 10_000])
})

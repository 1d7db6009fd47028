import { expect, test } from 'vitest'
import { backoffMs } from '../../../src/shared/backoff.ts'

const attempts = [1, 2, 3, 4, 5, 6, 7, 100, 5_000]
const almostOne = () => 1 - 2 ** -32

test('the bound is 3 s at first, then doubles from 2 s up to 20 s and stays there', () => {
  expect(attempts.map((attempt) => backoffMs(attempt, almostOne))).toEqual([
    2_999, 1_999, 3_999, 7_999, 15_999, 19_999, 19_999, 19_999, 19_999,
  ])
})

test('a delay is drawn from nothing up to its bound', () => {
  expect(attempts.map((attempt) => backoffMs(attempt, () => 0))).toEqual(attempts.map(() => 0))
  expect(backoffMs(1, () => 0.5)).toBe(1_500)
  expect(backoffMs(3, () => 0.25)).toBe(1_000)
})

test('each of the three bounds can be set', () => {
  const options = { firstMaxMs: 10, baseMs: 100, maxMs: 300 }
  expect([1, 2, 3, 4].map((attempt) => backoffMs(attempt, almostOne, options))).toEqual([9, 199, 299, 299])
  expect(backoffMs(1, almostOne, { maxMs: 300 })).toBe(2_999)
})

test('delays are whole milliseconds', () => {
  expect(backoffMs(2, () => 1 / 3)).toBe(666)
})

import { describe, expect, test } from 'vitest'
import { type BackoffOptions, backoffMs } from '../../../src/shared/backoff.ts'

const attempts = [1, 2, 3, 4, 5, 6, 7, 100, 5_000]
const almostOne = () => 1 - 2 ** -32

/** The delays of the first `count` attempts, where the random source gives `chance`. */
const delays = (options: BackoffOptions, chance = 0.5, count = 7) =>
  attempts.slice(0, count).map((attempt) => backoffMs(attempt, () => chance, options))

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

describe('jitter', () => {
  test('of 0 makes every delay exactly its bound, whatever is drawn', () => {
    for (const chance of [0, 0.5, 0.999]) {
      expect(delays({ jitter: 0 }, chance)).toEqual([3_000, 2_000, 4_000, 8_000, 16_000, 20_000, 20_000])
    }
  })

  test('of a half draws the upper half of each delay', () => {
    expect(delays({ jitter: 0.5 }, 0, 3)).toEqual([1_500, 1_000, 2_000])
    expect(delays({ jitter: 0.5 }, 0.5, 3)).toEqual([2_250, 1_500, 3_000])
    expect(delays({ jitter: 0.5 }, 1 - 2 ** -32, 3)).toEqual([2_999, 1_999, 3_999])
  })

  test('of 1 draws the whole of each delay, and is the default', () => {
    for (const chance of [0, 0.3, 0.999]) expect(delays({ jitter: 1 }, chance)).toEqual(delays({}, chance))
    expect(delays({}, 0.5, 3)).toEqual([1_500, 1_000, 2_000])
  })

  test('above 1 is as 1', () => {
    for (const chance of [0, 0.3, 0.999]) expect(delays({ jitter: 2 }, chance)).toEqual(delays({}, chance))
  })
})

describe('factor', () => {
  test('is by what the bound grows at each further attempt', () => {
    expect(delays({ factor: 3, jitter: 0, baseMs: 100, maxMs: 5_000 })).toEqual([
      3_000, 300, 900, 2_700, 5_000, 5_000, 5_000,
    ])
  })

  test('of 1 keeps the bound', () => {
    expect(delays({ factor: 1, jitter: 0 }, 0.5, 4)).toEqual([3_000, 1_000, 1_000, 1_000])
  })
})

describe('a list of delays', () => {
  test('is held exactly, and the last one for all further attempts', () => {
    for (const chance of [0, 0.999]) {
      expect(delays({ delaysMs: [2_000, 4_000, 8_000, 10_000] }, chance, 6)).toEqual([
        2_000, 4_000, 8_000, 10_000, 10_000, 10_000,
      ])
    }
  })

  test('replaces formula and jitter', () => {
    expect(delays({ delaysMs: [5], jitter: 1, firstMaxMs: 9_000, factor: 9, maxMs: 1 }, 0)).toEqual(
      Array(7).fill(5),
    )
  })
})

test('bounds without an end make delays that are numbers', () => {
  const options = { baseMs: 0, maxMs: Number.POSITIVE_INFINITY }
  expect(backoffMs(5_000, () => 0.5, options)).toBe(0)
  expect(backoffMs(5_000, () => 0, { maxMs: Number.POSITIVE_INFINITY })).toBe(0)
})

test.each([-5, Number.NaN])('a function of delays that says %d says 0', (ms) => {
  expect(backoffMs(1, () => 0.5, { delaysMs: () => ms })).toBe(0)
})

test('a function of delays is asked with the number of the attempt and the random source', () => {
  const asked: unknown[] = []
  const random = () => 0.25
  const delaysMs = (attempt: number, chance: () => number) => {
    asked.push([attempt, chance])
    return attempt * 1_000 + chance()
  }
  expect([1, 2, 9].map((attempt) => backoffMs(attempt, random, { delaysMs, jitter: 0 }))).toEqual([
    1_000.25, 2_000.25, 9_000.25,
  ])
  expect(asked).toEqual([1, 2, 9].map((attempt) => [attempt, random]))
})

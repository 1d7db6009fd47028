import { describe, expect, test } from 'vitest'
import { breakerDefaults, Retry, type RetrySettings } from '../../../src/client/retry.ts'
import { backoffDefaults } from '../../../src/shared/backoff.ts'

const now = 1_700_000_000_000

const retry = (settings: Partial<RetrySettings> = {}, chance = 0.5) =>
  new Retry({ backoff: backoffDefaults, breaker: breakerDefaults, random: () => chance, ...settings })

/** What `count` failures of attempts, each followed by its wait, come to. */
function verdicts(one: Retry, count: number) {
  return Array.from({ length: count }, () => {
    const verdict = one.failed(false)
    if (verdict !== 'refused') one.delayMs(verdict === 'tripped', now)
    return verdict
  })
}

describe('failures', () => {
  test('trip the breaker from the sixth in a row on', () => {
    expect(verdicts(retry(), 8)).toEqual([...Array(5).fill('lost'), ...Array(3).fill('tripped')])
  })

  test('never trip a breaker that is left out', () => {
    expect(new Set(verdicts(retry({ breaker: false }), 50))).toEqual(new Set(['lost']))
  })

  test('are the last straw once as many attempts were made as are allowed', () => {
    const backoff = { ...backoffDefaults, maxAttempts: 2 }
    expect(verdicts(retry({ backoff }), 3)).toEqual(['lost', 'lost', 'refused'])
  })

  test('that would trip the breaker and are the last straw are the last straw', () => {
    const backoff = { ...backoffDefaults, maxAttempts: 5 }
    expect(verdicts(retry({ backoff }), 6).at(-1)).toBe('refused')
  })

  test('are not counted twice over: a reset forgets them and the attempts', () => {
    const one = retry()
    verdicts(one, 5)
    expect(one.attempt).toBe(5)
    one.reset()
    expect(one.attempt).toBe(0)
    expect(verdicts(one, 6)).toEqual([...Array(5).fill('lost'), 'tripped'])
  })
})

describe('a delay', () => {
  test('counts one attempt more, and is that of its number', () => {
    const one = retry()
    expect([1, 2, 3].map(() => one.delayMs(false, now))).toEqual([1_500, 1_000, 2_000])
    expect(one.attempt).toBe(3)
  })

  test('is the pause while the breaker is open', () => {
    expect(retry({ breaker: { failures: 1, pauseMs: 777 } }).delayMs(true, now)).toBe(777)
  })
})

describe('a promise to come back', () => {
  test.each([
    [0, 2_000],
    [0.5, 3_500],
    [0.999_999, 4_999],
  ])('is drawn from its window: %d gives %i', (chance, delayMs) => {
    expect(retry({}, chance).promise([2_000, 5_000], now)).toBe(delayMs)
  })

  test.each([[[3_000, 3_000]], [[3_000, 0]]])('of the window %j is its beginning', (afterMs) => {
    expect(retry().promise(afterMs as [number, number], now)).toBe(3_000)
  })

  test('is kept instead of any delay, also while the breaker is open, and not before its time', () => {
    const one = retry()
    one.promise([2_000, 5_000], now)
    expect(one.delayMs(false, now + 1_000)).toBe(2_500)
    expect(one.delayMs(true, now + 1_000)).toBe(2_500)
    expect(one.delayMs(false, now + 9_000)).toBe(0)
  })

  test('is over with the next attempt, and replaced by the next one', () => {
    const one = retry()
    one.promise([2_000, 5_000], now)
    one.promise([20, 20], now)
    expect(one.delayMs(false, now)).toBe(20)
    one.begin()
    expect(one.delayMs(false, now)).toBe(1_000)
  })
})

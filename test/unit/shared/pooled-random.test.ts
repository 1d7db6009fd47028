import { expect, test, vi } from 'vitest'
import { pooledRandom } from '../../../src/shared/pooled-random.ts'

test('the pooled source gives different numbers from 0 to below 1, over many fillings of the pool', () => {
  const draws = Array.from({ length: 5_000 }, pooledRandom)
  expect(draws.every((draw) => draw >= 0 && draw < 1)).toBe(true)
  expect(new Set(draws).size).toBeGreaterThan(4_980)
})

test('numbers come in all tenths alike', () => {
  const counts = Array.from({ length: 10 }, () => 0)
  for (let i = 0; i < 20_000; i++) counts[Math.floor(pooledRandom() * 10)]!++
  // Ten standard deviations.
  for (const count of counts) expect(Math.abs(count - 2_000)).toBeLessThan(430)
})

test('the platform is asked once for many numbers, and what was given out is kept nowhere', () => {
  const asked = vi.spyOn(crypto, 'getRandomValues')
  try {
    while (asked.mock.calls.length === 0) pooledRandom()
    // One of it has been drawn.
    const pool = asked.mock.calls[0]![0] as Uint32Array
    for (let at = pool.length - 2; at >= 0; at--) {
      const value = pool[at]!
      expect(pooledRandom()).toBe(value / 2 ** 32)
    }
    expect(asked).toHaveBeenCalledTimes(1)
    expect([...pool].filter((value) => value !== 0)).toEqual([])
    pooledRandom()
    expect(asked).toHaveBeenCalledTimes(2)
  } finally {
    asked.mockRestore()
  }
})

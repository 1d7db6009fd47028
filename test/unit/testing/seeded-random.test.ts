import { seededRandom } from 'syncline/testing'
import { expect, test } from 'vitest'

const draws = (seed: number, length = 1_000) => Array.from({ length }, seededRandom(seed))

test('the same seed gives the same numbers, on every machine', () => {
  expect(draws(7)).toEqual(draws(7))
  expect(draws(1, 3)).toMatchInlineSnapshot(`
    [
      0.6270739405881613,
      0.002735721180215478,
      0.5274470399599522,
    ]
  `)
})

test('different seeds give different numbers', () => {
  const firsts = new Set(Array.from({ length: 1_000 }, (_, seed) => draws(seed, 1)[0]))
  expect(firsts.size).toBe(1_000)
})

test('numbers lie from 0 to below 1 and are spread evenly', () => {
  const numbers = draws(3, 10_000)
  expect(numbers.every((number) => number >= 0 && number < 1)).toBe(true)
  const tenths = new Array(10).fill(0)
  for (const number of numbers) tenths[Math.floor(number * 10)]++
  expect(Math.min(...tenths)).toBeGreaterThan(900)
  expect(Math.max(...tenths)).toBeLessThan(1_100)
})

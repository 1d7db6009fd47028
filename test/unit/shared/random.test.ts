import { seededRandom } from 'syncline/testing'
import { expect, test } from 'vitest'
import { randomMark, secureRandom } from '../../../src/shared/random.ts'

test('a mark has its length and only digits and small letters', () => {
  const random = seededRandom(1)
  for (const length of [0, 1, 6, 40])
    expect(randomMark(random, length)).toMatch(new RegExp(`^[0-9a-z]{${length}}$`))
})

test('a mark uses the whole alphabet, from the lowest draw to the highest', () => {
  expect(randomMark(() => 0, 2)).toBe('00')
  expect(randomMark(() => 1 - 2 ** -32, 2)).toBe('zz')
  expect(new Set(randomMark(seededRandom(2), 2_000)).size).toBe(36)
})

test('the secure source gives different numbers from 0 to below 1', () => {
  const draws = Array.from({ length: 1_000 }, secureRandom)
  expect(draws.every((draw) => draw >= 0 && draw < 1)).toBe(true)
  expect(new Set(draws).size).toBeGreaterThan(990)
})

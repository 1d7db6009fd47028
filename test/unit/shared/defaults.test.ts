import { describe, expect, test } from 'vitest'
import { backoffMs } from '../../../src/shared/backoff.ts'
import { withDefaults } from '../../../src/shared/defaults.ts'

test('options stand over defaults, and one that is undefined is not given', () => {
  const defaults = { a: 1, b: 2, c: 'c', d: true, e: 5 }
  const options = { a: undefined, b: 0, c: 'x', d: false }
  expect(withDefaults(defaults, options)).toEqual({ a: 1, b: 0, c: 'x', d: false, e: 5 })
})

test('an option without a default is taken as it is', () => {
  expect(withDefaults({ a: 1 }, { auth: 'x', limitMs: -1 })).toEqual({ a: 1, auth: 'x', limitMs: -1 })
})

test('neither the defaults nor the options are changed', () => {
  const defaults = Object.freeze({ a: 1 })
  const options = Object.freeze({ a: 2, b: undefined })
  expect(withDefaults(defaults, options)).not.toBe(defaults)
})

test('a backoff whose bounds are undefined keeps its defaults', () => {
  const options = { firstMaxMs: undefined, baseMs: undefined, maxMs: undefined } as object
  expect([1, 2, 9].map((attempt) => backoffMs(attempt, () => 0.5, options))).toEqual([1_500, 1_000, 10_000])
})

describe('where the default is a number', () => {
  test.each([-1, -0.001, Number.NaN, Number.NEGATIVE_INFINITY, '5', '', null, true, [], {}, () => 5])(
    'the option %s is refused by its name',
    (waitMs) => {
      const attempt = () => withDefaults({ waitMs: 1_000 }, { waitMs } as object)
      expect(attempt).toThrow(
        expect.objectContaining({ code: 'bad_options', message: expect.stringContaining('waitMs') }),
      )
    },
  )

  test.each([0, 0.5, 1, Number.MAX_SAFE_INTEGER, Number.POSITIVE_INFINITY])(
    'the option %s is taken',
    (waitMs) => {
      expect(withDefaults({ waitMs: 1_000 }, { waitMs })).toEqual({ waitMs })
    },
  )
})

test.each([
  ['wait', null],
  ['run', 'x'],
  ['name', 5],
  ['on', 'yes'],
  ['clock', null],
])('the option %s of another type than its default is refused by its name: %j', (key, value) => {
  const defaults = { wait: 1, run: () => {}, name: 'a', on: true, clock: {} }
  expect(() => withDefaults(defaults, { [key]: value })).toThrow(
    expect.objectContaining({ code: 'bad_options', message: expect.stringContaining(key) }),
  )
})

test.each([null, 5, 'x', undefined])('options that are %j are refused', (options) => {
  expect(() => withDefaults({}, options as never)).toThrow(expect.objectContaining({ code: 'bad_options' }))
})

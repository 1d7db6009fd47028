import { describe, expect, test } from 'vitest'
import {
  type Check,
  count,
  data,
  flag,
  list,
  nullable,
  optional,
  position,
  record,
  text,
  tuple,
} from '../../../src/protocol/checks.ts'

/** Everything that JSON can hold, and the nothing of what is not there. */
const values = {
  nothing: undefined,
  null: null,
  true: true,
  false: false,
  zero: 0,
  one: 1,
  'a negative': -1,
  'a fraction': 1.5,
  'the largest': Number.MAX_SAFE_INTEGER,
  'one too large': Number.MAX_SAFE_INTEGER + 1,
  infinity: Number.POSITIVE_INFINITY,
  'no number': Number.NaN,
  'an empty text': '',
  'a text': 'text',
  'an array': [],
  'an object': {},
}

const takenBy = (check: Check<unknown>) =>
  Object.entries(values)
    .filter(([, value]) => check(value))
    .map(([name]) => name)

describe('a check of one value', () => {
  test('takes exactly what it stands for', () => {
    expect(takenBy(text)).toEqual(['an empty text', 'a text'])
    expect(takenBy(flag)).toEqual(['true', 'false'])
    expect(takenBy(count)).toEqual(['zero', 'one', 'the largest'])
    expect(takenBy(data)).toEqual(Object.keys(values).filter((name) => name !== 'nothing'))
  })

  test('that is optional takes nothing too, and no null', () => {
    expect(takenBy(optional(text))).toEqual(['nothing', ...takenBy(text)])
  })

  test('that is nullable takes null too, and not nothing', () => {
    expect(takenBy(nullable(text))).toEqual(['null', ...takenBy(text)])
  })
})

describe('a list', () => {
  test('takes any number of items that all fit, and no other array', () => {
    const counts = list(count)
    expect([[], [1], [1, 2]].every((value) => counts(value))).toBe(true)
    expect([[1, 'two'], [null], [[1]]].some((value) => counts(value))).toBe(false)
  })

  test('takes nothing but an array', () => {
    expect(takenBy(list(count))).toEqual(['an array'])
    expect(list(count)({ length: 0 })).toBe(false)
  })
})

describe('a tuple', () => {
  const pair = tuple<[string, number]>(text, count)

  test('takes its elements in order, and more for later versions', () => {
    expect(pair(['a', 1])).toBe(true)
    expect(pair(['a', 1, 'later', null])).toBe(true)
  })

  test('refuses what is short, of another order or no array', () => {
    for (const value of [['a'], [], [1, 'a'], ['a', null], { 0: 'a', 1: 1 }]) expect(pair(value)).toBe(false)
    expect(takenBy(pair)).toEqual([])
  })
})

describe('a record', () => {
  const named = record<{ name: string; age?: number }>({ name: text, age: optional(count) })

  test('takes its fields, without the optional ones and with others of later versions', () => {
    expect(named({ name: 'a' })).toBe(true)
    expect(named({ name: 'a', age: 1, later: [] })).toBe(true)
  })

  test('refuses a field that is missing or does not fit', () => {
    for (const value of [{}, { name: 1 }, { name: 'a', age: '1' }, { name: 'a', age: null }]) {
      expect(named(value)).toBe(false)
    }
  })

  test('refuses all that is no object, an array with such fields included', () => {
    expect(takenBy(record({}))).toEqual(['an object'])
    expect(named(Object.assign([], { name: 'a' }))).toBe(false)
    expect(named(null)).toBe(false)
  })
})

test('a position is an epoch, an offset from 0 and a tag', () => {
  expect(position(['epoch', 0, ''])).toBe(true)
  expect(position(['epoch', -1, ''])).toBe(false)
  expect(position(['epoch', 0])).toBe(false)
  expect(position([1, 0, ''])).toBe(false)
})

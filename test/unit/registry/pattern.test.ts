import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { formatName, matchName, type Params } from '../../../src/registry/pattern.ts'
import { thrown } from './errors.ts'

/** Texts without lone surrogates, with all kinds of others. */
const text = fc.string({ unit: 'binary', minLength: 1 })
const anyText = fc.array(fc.integer({ min: 0, max: 0xffff })).map((units) => String.fromCharCode(...units))

describe('formatName', () => {
  it('fills parameters in, strings or numbers', () => {
    expect(formatName('lobby')).toBe('lobby')
    expect(formatName('lobby', {})).toBe('lobby')
    expect(formatName('game/:code', { code: 'ABC' })).toBe('game/ABC')
    expect(formatName('game/:code/round/:n', { n: -2.5, code: 'A' })).toBe('game/A/round/-2.5')
    expect(formatName('game/:code', { code: 0 })).toBe('game/0')
  })

  it('escapes what could be taken for structure', () => {
    expect(formatName('game/:code', { code: 'a/b' })).toBe('game/a%2Fb')
    expect(formatName('game/:code', { code: ':a%é 💥' })).toBe('game/%3Aa%25%C3%A9%20%F0%9F%92%A5')
    expect(formatName('game/:code', { code: '..' })).toBe('game/..')
  })

  const bad: [string, unknown][] = [
    ['a missing', {}],
    ['a missing object of', null],
    ['an undefined', { code: undefined }],
    ['an inherited', Object.create({ code: 'A' })],
    ['an empty', { code: '' }],
    ['a NaN', { code: Number.NaN }],
    ['an infinite', { code: Number.POSITIVE_INFINITY }],
    ['a boolean', { code: true }],
    ['a bigint', { code: 1n }],
    ['a symbol', { code: Symbol('x') }],
    ['an object', { code: { toString: () => 'A' } }],
    ['a lone surrogate', { code: 'a\ud800' }],
    ['a lone low surrogate', { code: '\udc00a' }],
    ['an overlong', { code: 'a'.repeat(257) }],
    ['an extra', { code: 'A', other: 'B' }],
  ]
  it.each(bad)('refuses %s parameter', (_, params) => {
    const { message } = thrown('bad_channel', () => formatName('game/:code', params as Params))
    expect(message).toContain('game/:code')
    expect(message).not.toContain('\n')
  })

  it('writes different names for different parameters', () => {
    const pair = fc.tuple(text, text)
    fc.assert(
      fc.property(pair, pair, ([a, b], [c, d]) => {
        const same = a === c && b === d
        const one = formatName(':x/y/:z', { x: a, z: b })
        expect(one === formatName(':x/y/:z', { x: c, z: d })).toBe(same)
      }),
    )
  })
})

describe('matchName', () => {
  it('gives back the parameters of any name that formatName writes', () => {
    fc.assert(
      fc.property(text, text, (code, round) => {
        const name = formatName('game/:code/:round', { code, round })
        expect(matchName('game/:code/:round', name)).toEqual({ code, round })
      }),
    )
  })

  it('gives nothing for names that the pattern would not write', () => {
    for (const name of [
      ...['', 'game', 'game/', 'game/A/B', 'Game/A', '/game/A', 'game//A', 'game/A/', 'games/A'],
      ...[
        'game/%41',
        'game/a%2fb',
        'game/%',
        'game/%ED%A0%80',
        'game/%C0%AF',
        'game/a b',
        'game/é',
        'game/:code',
      ],
    ]) {
      expect(matchName('game/:code', name)).toBeUndefined()
    }
    expect(matchName('lobby', 'lobby')).toEqual({})
    expect(matchName('lobby', 'lobby/')).toBeUndefined()
  })

  it('is total, and canonical: what matches is exactly what formatName writes', () => {
    const shaped = fc.tuple(anyText, anyText).map(([a, b]) => `game/${a}/${b}`)
    const escaped = fc
      .array(fc.constantFrom('%', '4', '1', 'a', '/', '%2F', '%2f', 'g', '+'))
      .map((parts) => `game/${parts.join('')}/x`)
    fc.assert(
      fc.property(fc.oneof(anyText, shaped, escaped), (name) => {
        const params = matchName('game/:code/:round', name)
        if (params) expect(formatName('game/:code/:round', params)).toBe(name)
      }),
    )
  })
})

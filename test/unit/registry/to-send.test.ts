import { type } from 'arktype'
import * as v from 'valibot'
import { describe, expect, it } from 'vitest'
import * as z from 'zod'
import * as m from 'zod/mini'
import type { Schema } from '../../../src/registry/schema.ts'
import { toSend } from '../../../src/registry/to-send.ts'
import { validate } from '../../../src/registry/validate.ts'
import { counted } from './counted.ts'
import { thrown } from './errors.ts'
import { libraries } from './libraries.ts'

/** Any JSON, as it is. */
const anything: Schema = { '~standard': { version: 1, vendor: 'test', validate: (value) => ({ value }) } }

/** What a receiver hears of what a sender sends. */
const heard = (schema: Schema, value: unknown) =>
  validate(schema, JSON.parse(JSON.stringify(toSend(schema, value))))

describe.each(Object.entries(libraries))('with %s, toSend', (_, { row, length, renamed, stamped, union }) => {
  const value = { id: 1, name: 'Ada', tags: [{ label: 'a' }, { label: 'b' }] }

  it('sends a value that keeps all its keys as a copy, after a single validation', () => {
    const { schema, count } = counted(row)
    const sent = toSend(schema, value)
    expect(sent).toEqual(value)
    expect(sent).not.toBe(value)
    expect(count.asked).toBe(1)
  })

  it('leaves out the keys that the schema strips, nested and in arrays, without touching the input', () => {
    const given = {
      id: 1,
      password: 'secret',
      name: 'Ada',
      tags: [
        { label: 'a', owner: { secret: 1 } },
        { label: 'b', secret: [] },
      ],
    }
    const before = structuredClone(given)
    expect(toSend(row, given)).toEqual(value)
    expect(given).toEqual(before)
  })

  it('leaves out what the branch of a union strips', () => {
    expect(toSend(union, { kind: 'dot', x: 1, text: 'secret' })).toEqual({ kind: 'dot', x: 1 })
    expect(toSend(union, { kind: 'text', x: 1, text: 'hi' })).toEqual({ kind: 'text', text: 'hi' })
  })

  it('sends all of what a transform, a rename or a default changes', () => {
    expect(toSend(length, 'four')).toBe('four')
    expect(toSend(renamed, { title: 'T', more: 1 })).toEqual({ title: 'T', more: 1 })
    expect(
      toSend(
        stamped(() => 7),
        { more: 1 },
      ),
    ).toEqual({ more: 1 })
    expect(
      toSend(
        stamped(() => 7),
        { at: 5, more: 1 },
      ),
    ).toEqual({ at: 5 })
  })

  it('refuses what the schema refuses, with its issues', () => {
    const { issues } = thrown('bad_payload', () => toSend(row, { ...value, id: 'one' }))
    expect(issues.map(({ path }) => path)).toEqual([['id']])
  })

  it('is heard as the sender’s own output', () => {
    expect(heard(row, { ...value, secret: 1 })).toEqual(value)
    expect(heard(length, 'four')).toBe(4)
    expect(heard(renamed, { title: 'T' })).toEqual({ heading: 'T' })
    expect(
      heard(
        stamped(() => 7),
        {},
      ),
    ).toEqual({ at: 7 })
  })
})

describe('toSend', () => {
  const dated = (text: string) => new Date(text)

  it.each<[string, Schema, unknown]>([
    ['zod: a transform', z.object({ at: z.string().transform(dated) }), { at: '2026-01-01', more: 1 }],
    ['zod: a coercion', z.object({ n: z.coerce.number() }), { n: '5', more: 1 }],
    ['zod: a trimmed text', z.object({ text: z.string().trim() }), { text: ' a ', more: 1 }],
    ['zod: a default', z.object({ n: z.number().default(1) }), { more: 1 }],
    ['zod: a default in an array', z.array(z.object({ n: z.number().default(1) })), [{ n: 2, more: 1 }, {}]],
    ['zod: a value caught', z.object({ n: z.number().catch(0) }), { n: 'x', more: 1 }],
    ['zod: a key added', z.object({ a: z.number() }).transform((o) => ({ ...o, b: 2 })), { a: 1 }],
    ['zod: a list made shorter', z.array(z.number()).transform((list) => list.slice(1)), [1, 2]],
    ['zod: a list cut off', z.array(z.number()).transform((list) => list.slice(0, 1)), [1, 2]],
    ['zod: a list made a set', z.array(z.number()).transform((list) => new Set(list)), [1, 2]],
    ['zod: an object made a list', z.object({ a: z.number() }).transform(({ a }) => [a]), { a: 1 }],
    ['zod: a list made an object', z.tuple([z.number()]).transform(([a]) => ({ 0: a })), [1]],
    ['zod/mini: a default', m.object({ n: m._default(m.number(), 1) }), { more: 1 }],
    ['zod/mini: a trimmed text', m.object({ text: m.string().check(m.trim()) }), { text: ' a ' }],
    [
      'valibot: a transform',
      v.object({ at: v.pipe(v.string(), v.transform(dated)) }),
      { at: '2026-01-01', more: 1 },
    ],
    ['valibot: a default', v.object({ n: v.optional(v.number(), 1) }), { more: 1 }],
    ['arktype: a morph', type({ '+': 'delete', n: 'string.numeric.parse' }), { n: '5', more: 1 }],
    ['arktype: a default', type({ '+': 'delete', n: 'number = 1' }), { more: 1 }],
  ])('sends all of what is changed otherwise than by leaving out keys (%s)', (_what, schema, value) => {
    expect(toSend(schema, value)).toEqual(value)
    expect(heard(schema, value)).toEqual(validate(schema, value))
  })

  it.each<[string, Schema]>([
    ['zod: loose', z.looseObject({ a: z.number() })],
    ['zod: unknown', z.unknown()],
    ['zod: a record', z.record(z.string(), z.unknown())],
    ['zod/mini: loose', m.looseObject({ a: m.number() })],
    ['valibot: loose', v.looseObject({ a: v.number() })],
    ['arktype', type({ a: 'number' })],
    ['a schema by hand', anything],
  ])('sends everything through what lets everything pass (%s)', (_what, schema) => {
    const value = { a: 1, more: { deep: [null, true, 'text', { x: 1 }] } }
    expect(toSend(schema, value)).toEqual(value)
  })

  it.each<[string, Schema]>([
    ['zod', z.strictObject({ a: z.number() })],
    ['zod/mini', m.strictObject({ a: m.number() })],
    ['valibot', v.strictObject({ a: v.number() })],
    ['arktype', type({ '+': 'reject', a: 'number' })],
  ])('refuses what a strict schema refuses (%s)', (_what, schema) => {
    expect(toSend(schema, { a: 1 })).toEqual({ a: 1 })
    expect(thrown('bad_payload', () => toSend(schema, { a: 1, more: 2 })).issues).toHaveLength(1)
  })

  it('leaves out keys where others are undefined, and does not call that a change', () => {
    const schema = z.object({ a: z.number().optional(), b: z.number() })
    expect(toSend(schema, { a: undefined, b: 1, secret: 2 })).toEqual({ b: 1 })
    const filled = z.object({ b: z.number() }).transform((o) => ({ ...o, a: undefined }))
    expect(toSend(filled, { b: 1, secret: 2 })).toEqual({ b: 1 })
  })

  it('sends all where a transform leaves out keys that the receiver’s schema needs', () => {
    const schema = z.object({ name: z.string(), sure: z.literal(true) }).transform(({ name }) => ({ name }))
    expect(toSend(schema, { name: 'Ada', sure: true })).toEqual({ name: 'Ada', sure: true })
    expect(heard(schema, { name: 'Ada', sure: true })).toEqual({ name: 'Ada' })
  })

  it.each<[string, Schema]>([
    ['more', z.strictObject({ a: z.number(), b: z.number() }).transform((o) => ({ ...o, exact: true }))],
    ['less', z.strictObject({ a: z.number(), b: z.number() }).transform(({ a }) => ({ a }))],
  ])(
    'sends all where what is left would be heard as %s than that, by another branch of a union',
    (_what, exact) => {
      const schema = z.union([exact as z.ZodType, z.object({ a: z.number(), b: z.number() })])
      expect(toSend(schema, { a: 1, b: 2, c: 3 })).toEqual({ a: 1, b: 2, c: 3 })
      expect(heard(schema, { a: 1, b: 2, c: 3 })).toEqual({ a: 1, b: 2 })
    },
  )

  it('sends all where the output is an object of a class that hides what it holds', () => {
    class Money {
      readonly #cents: number
      constructor(cents: number) {
        this.#cents = cents
      }
      isMoreThan(cents: number) {
        return this.#cents > cents
      }
    }
    const schema = z.object({ cents: z.number() }).transform(({ cents }) => new Money(cents))
    expect(JSON.stringify(toSend(schema, { cents: 5 }))).toBe('{"cents":5}')
    expect((heard(schema, { cents: 5 }) as Money).isMoreThan(4)).toBe(true)
  })

  it('sends all where the output is an object that JSON writes as something else', () => {
    const schema = z
      .object({ cents: z.number() })
      .transform((o) => Object.assign(Object.create({ toJSON: () => 'five' }), o))
    expect(JSON.stringify(toSend(schema, { cents: 5, more: 1 }))).toBe('{"cents":5,"more":1}')
  })

  it('sends a copy: what is changed afterwards does not travel', () => {
    const inner = { list: [1] }
    const value = { inner }
    const sent = toSend(anything, value)
    inner.list.push(2)
    expect(sent).toEqual({ inner: { list: [1] } })
  })
})

describe('what is not JSON', () => {
  const cyclic: Record<string, unknown> = {}
  cyclic['self'] = cyclic

  it.each<[string, unknown]>([
    ['undefined', undefined],
    ['a function', () => {}],
    ['a symbol', Symbol('a')],
    ['a BigInt', 1n],
    ['a BigInt inside', { deep: [1n] }],
    ['a cycle', cyclic],
    [
      'what throws when it is written',
      {
        toJSON: () => {
          throw new Error('mine')
        },
      },
    ],
    ['what is nothing when it is written', { toJSON: () => undefined }],
    [
      'a getter that throws',
      {
        get a() {
          throw new Error('mine')
        },
      },
    ],
  ])('(%s) is refused with bad_payload, also where the schema takes anything', (_what, value) => {
    expect(thrown('bad_payload', () => toSend(anything, value)).message).toContain('Not JSON')
  })

  it('is what JSON makes of it where that is something, and is validated as that', () => {
    const at = new Date('2026-01-01T00:00:00.000Z')
    expect(toSend(z.object({ at: z.iso.datetime() }), { at })).toEqual({ at: at.toISOString() })
    expect(thrown('bad_payload', () => toSend(z.object({ at: z.date() }), { at })).issues).toHaveLength(1)
    expect(toSend(anything, { a: undefined, f: () => {}, list: [undefined], n: Number.NaN })).toEqual({
      list: [null],
      n: null,
    })
    expect(thrown('bad_payload', () => toSend(z.number(), Number.POSITIVE_INFINITY)).issues).toHaveLength(1)
    expect(toSend(anything, new Map([[1, 2]]))).toEqual({})
    expect(toSend(anything, Object.assign(Object.create({ inherited: 1 }), { own: 2 }))).toEqual({ own: 2 })
  })

  it.each([null, false, 0, '', [], {}])('is not what is empty: %j travels', (value) => {
    expect(toSend(anything, value)).toEqual(value)
  })

  it('is not tried with an asynchronous schema, which is refused as such', () => {
    thrown('async_schema', () =>
      toSend(
        z.string().refine(async () => true),
        'a',
      ),
    )
  })
})

describe('what every hub would refuse', () => {
  const nested = (depth: number): unknown =>
    depth === 0 ? 1 : depth % 2 ? [nested(depth - 1)] : { a: nested(depth - 1) }

  it('is what nests deeper than 60: with the frame and a batch around it, hubs stop at 64', () => {
    expect(toSend(anything, nested(60))).toEqual(nested(60))
    thrown('bad_payload', () => toSend(anything, nested(61)))
    thrown('bad_payload', () => toSend(anything, { shallow: 1, deep: nested(60) }))
    expect(toSend(anything, [nested(59), nested(59)])).toHaveLength(2)
  })

  it('is refused without a stack overflow however deep it nests', () => {
    let value: unknown = 1
    for (let i = 0; i < 100_000; i++) value = [value]
    expect(thrown('bad_payload', () => toSend(anything, value)).code).toBe('bad_payload')
  })

  const withKey = (key: string) => JSON.parse(`{${JSON.stringify(key)}: 1}`) as unknown

  it('is a key __proto__, at any depth, and not the same as text or as a part of a key', () => {
    for (const value of [withKey('__proto__'), { a: [withKey('__proto__')] }]) {
      expect(thrown('bad_payload', () => toSend(anything, value)).message).toContain('__proto__')
    }
    for (const value of [
      '__proto__',
      '"__proto__":',
      '{"__proto__":1}',
      '\\"__proto__":',
      { a: '__proto__' },
    ]) {
      expect(toSend(anything, value)).toEqual(value)
    }
    for (const key of ['__proto', '_proto__', '__proto__ ', 'x__proto__', 'constructor', 'prototype']) {
      expect(toSend(anything, withKey(key))).toEqual(withKey(key))
    }
  })

  it('is not a key that only ends with it after a quote', () => {
    expect(toSend(anything, { 'a"__proto__': 1 })).toEqual({ 'a"__proto__': 1 })
  })

  it('is refused in the input even where the schema strips it', () => {
    thrown('bad_payload', () =>
      toSend(z.object({ a: z.number() }), JSON.parse('{"a":1,"__proto__":{"x":1}}')),
    )
  })
})

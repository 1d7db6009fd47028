import { type } from 'arktype'
import * as fc from 'fast-check'
import * as v from 'valibot'
import { describe, expect, it } from 'vitest'
import * as z from 'zod'
import type { Schema } from '../../../src/registry/schema.ts'
import { toWire } from '../../../src/registry/to-wire.ts'
import { validate } from '../../../src/registry/validate.ts'
import { counted } from './counted.ts'
import { thrown } from './errors.ts'
import { libraries } from './libraries.ts'

const roundTrip = (value: unknown): unknown => JSON.parse(JSON.stringify(value))

describe.each(Object.entries(libraries))('toWire with %s', (_, { row, length, renamed, stamped, union }) => {
  it('sends a value that keeps all its keys as it is, after a single validation', () => {
    const value = { id: 1, name: 'Ada', tags: [{ label: 'a' }, { label: 'b' }] }
    const { schema, count } = counted(row)
    expect(toWire(schema, value)).toBe(value)
    expect(count.asked).toBe(1)
  })

  it('leaves out what the schema strips, at every level, without touching the input', () => {
    const value = {
      id: 1,
      password_hash: 'secret',
      name: 'Ada',
      tags: [{ label: 'a', owner: { secret: 1 } }, { label: 'b' }],
    }
    const before = structuredClone(value)
    const { schema, count } = counted(row)
    expect(toWire(schema, value)).toEqual({ id: 1, name: 'Ada', tags: [{ label: 'a' }, { label: 'b' }] })
    expect(count.asked).toBe(2)
    expect(value).toEqual(before)
  })

  it('sends the input of a transform and not its output', () => {
    expect(toWire(length, 'four')).toBe('four')
  })

  it('keeps a key that a transform renames, and leaves out the secret beside it', () => {
    expect(toWire(renamed, { secret: 1, title: 'T', password_hash: 'secret' })).toEqual({ title: 'T' })
  })

  it('leaves out a secret beside a default that changes with every validation', () => {
    let calls = 0
    const schema = stamped(() => ++calls)
    expect(toWire(schema, { secret: 1 })).toEqual({})
    expect(toWire(schema, { secret: 1, at: 5 })).toEqual({ at: 5 })
  })

  it('leaves out a secret when the clock of a default ticks between any two validations', () => {
    for (let tick = 1; tick < 5; tick++) {
      let calls = 0
      expect(
        toWire(
          stamped(() => Math.floor(++calls / tick)),
          { secret: 1 },
        ),
      ).toEqual({})
    }
  })

  it('leaves out what the branch of a union strips, per item', () => {
    expect(toWire(union, { kind: 'dot', x: 1, text: 'secret' })).toEqual({ kind: 'dot', x: 1 })
    expect(toWire(union, { kind: 'text', x: 1, text: 'hi' })).toEqual({ kind: 'text', text: 'hi' })
  })

  it('refuses what the schema refuses, with its issues', () => {
    const { issues } = thrown('bad_payload', () => toWire(row, { id: 'x', name: 'Ada', tags: [] }))
    expect(issues.map(({ path }) => path)).toEqual([['id']])
  })

  it('leaves out a key that is undefined', () => {
    expect(toWire(row, { id: 1, name: 'Ada', tags: [], more: undefined })).toEqual({
      id: 1,
      name: 'Ada',
      tags: [],
    })
  })
})

describe('toWire strips', () => {
  const item = z.discriminatedUnion('kind', [
    z.object({ kind: z.literal('dot'), x: z.number() }),
    z.object({ kind: z.literal('text'), text: z.string() }),
  ])

  it('by item where one item of an array keeps a key that another loses', () => {
    const items = [
      { kind: 'dot', x: 1, text: 'secret' },
      { kind: 'text', x: 2, text: 'hi' },
    ]
    expect(toWire(z.array(item), items)).toEqual([
      { kind: 'dot', x: 1 },
      { kind: 'text', text: 'hi' },
    ])
  })

  it('surplus items of a tuple', () => {
    expect(toWire(v.tuple([v.string(), v.number()]), ['a', 1, 'secret'])).toEqual(['a', 1])
    expect(toWire(v.array(v.tuple([v.string()])), [['a', 'secret'], ['b']])).toEqual([['a'], ['b']])
  })

  it('below a key that is renamed', () => {
    const schema = z
      .object({ user: z.object({ name: z.string() }) })
      .transform(({ user }) => ({ owner: { called: user.name } }))
    const value = { hash: 1, user: { hash: 2, name: 'Ada', pets: [{ hash: 3 }] } }
    expect(toWire(schema, value)).toEqual({ user: { name: 'Ada' } })
  })

  it('where an object becomes a text, and an array a set', () => {
    const name = z
      .object({ first: z.string(), last: z.string() })
      .transform(({ first, last }) => `${first} ${last}`)
    expect(toWire(name, { first: 'A', last: 'L', secret: 1 })).toEqual({ first: 'A', last: 'L' })
    const set = z.array(z.object({ id: z.number() })).transform((rows) => new Set(rows.map(({ id }) => id)))
    expect(
      toWire(set, [
        { id: 1, secret: 1 },
        { id: 2, secret: 2 },
      ]),
    ).toEqual([{ id: 1 }, { id: 2 }])
    const map = z
      .record(z.string(), z.object({ id: z.number() }))
      .transform((rows) => new Map(Object.entries(rows)))
    expect(toWire(map, { a: { id: 1, secret: 1 } })).toEqual({ a: { id: 1 } })
  })

  it('items that are filtered out', () => {
    const schema = z.array(z.object({ id: z.number() })).transform((rows) => rows.filter(({ id }) => id > 1))
    expect(
      toWire(schema, [
        { id: 1, secret: 1 },
        { id: 2, secret: 2 },
      ]),
    ).toEqual([{ id: 2 }])
  })

  it('where a value becomes a date, a class instance or null', () => {
    class Point {
      readonly x: number
      constructor(x: number) {
        this.x = x
      }
    }
    const schema = z.object({
      at: z.string().transform((text) => new Date(text)),
      link: z.string().transform((text) => new URL(text)),
      point: z.object({ x: z.number() }).transform(({ x }) => new Point(x)),
      none: z.string().transform(() => null),
    })
    const value = { at: '2026-01-01T00:00:00.001Z', link: 'https://a.example/', point: { x: 1 }, none: 'n' }
    expect(toWire(schema, { ...value, secret: 1 })).toEqual(value)
    expect(toWire(schema, { ...value, point: { x: 1, secret: 1 } })).toEqual(value)
  })

  it('a key that a transform makes undefined, but not an optional one that an output needs', () => {
    const hidden = z.looseObject({ id: z.number() }).transform((row) => ({ ...row, hash: undefined }))
    expect(toWire(hidden, { id: 1, hash: 'secret' })).toEqual({ id: 1 })
    const renamed = z.object({ a: z.string().optional() }).transform(({ a }) => ({ b: a }))
    expect(toWire(renamed, { a: 'x', secret: 1 })).toEqual({ a: 'x' })
    const dated = z.object({ a: z.string().optional() }).transform(({ a }) => (a ? new Date(a) : new Date(0)))
    expect(toWire(dated, { a: '2026-01-01', secret: 1 })).toEqual({ a: '2026-01-01' })
  })

  it('rows of any shape beside it: dates, methods, cycles and links that do not travel', () => {
    const cyclic: Record<string, unknown> = { many: [{}, {}] }
    cyclic.self = cyclic
    const schema = z.object({ title: z.string() }).transform(({ title }) => ({ heading: title }))
    for (const junk of [new Date(), () => 1, 1n, Symbol('s'), cyclic, new Map(), Number.NaN]) {
      expect(toWire(z.object({ id: z.number() }), { id: 1, junk })).toEqual({ id: 1 })
      expect(toWire(schema, { title: 'T', junk })).toEqual({ title: 'T' })
    }
  })

  it('surplus items but none that a transform needs', () => {
    const sum = v.pipe(
      v.tuple([v.number(), v.number()]),
      v.transform(([a, b]) => [a + b]),
    )
    expect(toWire(sum, [1, 2, 'secret'])).toEqual([1, 2])
  })

  it('a key that every object inherits', () => {
    const value = { id: 1, constructor: 'secret', toString: 'secret' }
    expect(toWire(z.object({ id: z.number() }), value)).toEqual({ id: 1 })
  })

  it('nothing that moves a date by a millisecond, or changes the class of an output', () => {
    const date = z.object({ ms: z.number().optional() }).transform(({ ms = 0 }) => new Date(ms))
    expect(toWire(date, { ms: 1, secret: 1 })).toEqual({ ms: 1 })
    const either = z.object({ a: z.literal(1).optional() }).transform(({ a }) => (a ? new Set() : new Map()))
    expect(toWire(either, { a: 1, secret: 1 })).toEqual({ a: 1 })
  })

  it('nothing that makes an array of the output longer, even by nothing', () => {
    const schema = z.object({ a: z.literal(1).optional(), id: z.number() })
    const padded = schema.transform(({ a }) => (a ? [1, undefined] : [1]))
    expect(toWire(padded, { a: 1, id: 2, secret: 3 })).toEqual({ a: 1, id: 2 })
  })

  it('nothing where it cannot tell, but refuses: an output that shows nothing of its state', () => {
    class Sealed {
      readonly #x: string
      constructor(x = '') {
        this.#x = x
      }
      get x() {
        return this.#x
      }
    }
    const schema = z.object({ x: z.string().optional() }).transform(({ x }) => ({ sealed: new Sealed(x) }))
    expect(thrown('bad_payload', () => toWire(schema, { x: 'a', secret: 1 })).message).toContain('toJSON')
  })
})

describe('toWire refuses', () => {
  const nest = (levels: number): unknown => Array.from({ length: levels }).reduce((inner) => [inner], null)
  const cycle: unknown[] = []
  cycle.push([cycle])

  const bad: [string, unknown, (string | number)[]][] = [
    ['a bigint', { a: [1n] }, ['a', 0]],
    ['a function', { a: () => 1 }, ['a']],
    ['a symbol', [Symbol('s')], [0]],
    ['NaN', { a: { b: Number.NaN } }, ['a', 'b']],
    ['an infinite number', Number.NEGATIVE_INFINITY, []],
    ['undefined in an array', { a: [1, undefined] }, ['a', 1]],
    ['a hole in an array', new Array(1), [0]],
    ['undefined itself', undefined, []],
    ['a date', { at: new Date() }, ['at']],
    ['a map', new Map(), []],
    ['a class instance', { link: new URL('https://a.example') }, ['link']],
    ['an object that writes itself', { a: { toJSON: () => 'x' } }, ['a']],
    ['an own __proto__', JSON.parse('{"a":{"__proto__":{"b":1}}}'), ['a']],
    ['a cycle', cycle, [0, 0]],
    ['nesting beyond 64', nest(65), Array.from({ length: 64 }, () => 0)],
  ]
  it.each(bad)('%s, with its path', (_, value, path) => {
    const { issues, message } = thrown('bad_payload', () => toWire(v.unknown(), value))
    expect(issues.map((issue) => issue.path)).toEqual([path])
    expect(message).not.toContain('\n')
  })

  it('a key that is undefined where the schema needs it', () => {
    const needs = v.object({ a: v.undefined() })
    expect(thrown('bad_payload', () => toWire(needs, { a: undefined })).issues[0]!.path).toEqual(['a'])
  })

  it('an asynchronous schema', () => {
    thrown('async_schema', () =>
      toWire(
        v.pipeAsync(
          v.string(),
          v.checkAsync(async () => true),
        ),
        'a',
      ),
    )
  })
})

describe('toWire accepts', () => {
  it('all that JSON can hold, 64 deep, and one object at two places', () => {
    const shared = { a: null }
    const value = [true, 'x\ud800', -1.5, null, {}, [], shared, shared, Object.create(null)]
    expect(toWire(v.unknown(), value)).toBe(value)
    let deep: unknown = null
    for (let i = 0; i < 64; i++) deep = [deep]
    expect(toWire(v.unknown(), deep)).toBe(deep)
  })

  it('a key that is undefined and may be absent, and leaves it out', () => {
    const schema = z.object({ a: z.string().optional(), b: z.array(z.object({ c: z.number().optional() })) })
    const wire = toWire(schema, { a: undefined, b: [{ c: undefined }, { c: 1 }] })
    expect(wire).toStrictEqual({ b: [{}, { c: 1 }] })
  })

  it('a key that is undefined and has a default, and leaves it out', () => {
    expect(toWire(z.object({ a: z.string().default('x') }), { a: undefined })).toStrictEqual({})
  })

  it('a key that is undefined in one item and renamed in another', () => {
    const schema = z.array(z.object({ a: z.string().optional() }).transform(({ a }) => (a ? { b: a } : {})))
    expect(toWire(schema, [{ a: 'x', secret: 1 }, { a: undefined }])).toStrictEqual([{ a: 'x' }, {}])
  })
})

describe('what toWire gives', () => {
  const loose = type({ id: 'number', 'label?': 'string' })
  const schemas: Schema[] = [
    z.unknown(),
    z.object({ a: z.unknown(), b: z.unknown().optional() }),
    z.object({ a: z.array(z.object({ b: z.unknown() })).optional() }),
    z.record(z.string(), z.object({ a: z.unknown() })).transform((record) => new Map(Object.entries(record))),
    z
      .looseObject({ a: z.unknown() })
      .transform(({ a, ...others }) => ({ b: a, count: Object.keys(others).length })),
    z.object({ a: z.unknown(), at: z.number().default(3) }).transform(({ a, at }) => [a, at]),
    z.union([
      z.object({ a: z.string() }),
      z.object({ b: z.unknown() }),
      z.array(z.object({ c: z.unknown() })),
    ]),
    v.array(v.tuple([v.unknown()])),
    loose,
  ]
  const value = fc.letrec((tie) => ({
    any: fc.oneof(
      { maxDepth: 4 },
      fc.constantFrom(1, 'x', null, undefined, true),
      tie('list'),
      tie('object'),
      fc.anything(),
    ),
    list: fc.array(tie('any'), { maxLength: 3 }),
    object: fc.dictionary(fc.constantFrom('a', 'b', 'c', 'id', 'secret'), tie('any'), { maxKeys: 4 }),
  })).any

  it('survives JSON, and the schema makes the same of it as of the input; or it is refused', () => {
    fc.assert(
      fc.property(fc.constantFrom(...schemas), value, (schema, input) => {
        let wire: unknown
        try {
          wire = toWire(schema, input)
        } catch (error) {
          expect(error).toMatchObject({ code: 'bad_payload' })
          return
        }
        const heard = roundTrip(wire)
        expect(noNegativeZero(heard)).toEqual(noNegativeZero(wire))
        expect(noNegativeZero(validate(schema, heard))).toEqual(noNegativeZero(validate(schema, input)))
      }),
      { numRuns: 2_000 },
    )
  })

  it('holds no key that a stripping schema does not name', () => {
    const row = z.object({ id: z.number(), items: z.array(z.object({ id: z.number() })) })
    const extra = fc.dictionary(
      fc.string().filter((key) => key !== 'id' && key !== 'items'),
      fc.anything(),
      { maxKeys: 3 },
    )
    fc.assert(
      fc.property(extra, fc.array(extra, { maxLength: 3 }), (beside, items) => {
        fc.pre(![beside, ...items].some((one) => Object.hasOwn(one, '__proto__')))
        const wire = toWire(row, { ...beside, id: 1, items: items.map((one) => ({ ...one, id: 2 })) })
        expect(wire).toEqual({ id: 1, items: items.map(() => ({ id: 2 })) })
      }),
    )
  })
})

/** JSON writes -0 as 0, which toWire lets pass. */
function noNegativeZero(value: unknown): unknown {
  if (Object.is(value, -0)) return 0
  if (Array.isArray(value)) return value.map(noNegativeZero)
  if (value instanceof Map) return new Map([...value].map(([key, item]) => [key, noNegativeZero(item)]))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, noNegativeZero(item)]))
}

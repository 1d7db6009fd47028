import { type } from 'arktype'
import * as v from 'valibot'
import { describe, expect, it } from 'vitest'
import * as z from 'zod'
import type { Schema } from '../../../src/registry/schema.ts'
import { toWire } from '../../../src/registry/to-wire.ts'
import { counted } from './counted.ts'
import { thrown } from './errors.ts'

const many = <T>(count: number, make: (i: number) => T): T[] =>
  Array.from({ length: count }, (_, i) => make(i))

const record = <T>(count: number, make: (i: number) => T): Record<string, T> =>
  Object.fromEntries(many(count, (i) => [`key${i}`, make(i)]))

const when = '2026-01-01T00:00:00.001Z'
const zDate = z.string().transform((text) => new Date(text))

/** `a` strips what `b` renames: `{ t: 'a', id }` and `{ t: 'b', password }`, heard as `{ t: 'b', pw }`. */
const items: Record<string, Schema> = {
  zod: z.array(
    z.union([
      z.object({ t: z.literal('a'), id: z.number() }),
      z
        .object({ t: z.literal('b'), password: z.string() })
        .transform(({ t, password }) => ({ t, pw: password })),
    ]),
  ),
  valibot: v.array(
    v.union([
      v.object({ t: v.literal('a'), id: v.number() }),
      v.pipe(
        v.object({ t: v.literal('b'), password: v.string() }),
        v.transform(({ t, password }) => ({ t, pw: password })),
      ),
    ]),
  ),
  arktype: type({ '+': 'delete', t: "'a'", id: 'number' })
    .or(
      type({ '+': 'delete', t: "'b'", password: 'string' }).pipe(({ t, password }) => ({ t, pw: password })),
    )
    .array(),
}

/** `{ id: number }`, heard with a `password_hash` and an `email` that are nobody's. */
const masks: Record<string, Schema> = {
  zod: z.object({ id: z.number() }).transform((user) => ({ ...user, password_hash: null, email: '***' })),
  valibot: v.pipe(
    v.object({ id: v.number() }),
    v.transform((user) => ({ ...user, password_hash: null, email: '***' })),
  ),
  arktype: type({ '+': 'delete', id: 'number' }).pipe((user) => ({
    ...user,
    password_hash: null,
    email: '***',
  })),
}

/** Rows `{ id: number, at: string }`, heard with `at` as a date. */
const dates: Record<string, Schema> = {
  zod: z.array(z.object({ id: z.number(), at: zDate })),
  valibot: v.array(
    v.object({
      id: v.number(),
      at: v.pipe(
        v.string(),
        v.transform((text) => new Date(text)),
      ),
    }),
  ),
  arktype: type({
    '+': 'delete',
    id: 'number',
    at: type('string').pipe((text) => new Date(text)),
  }).array(),
}

describe.each(['zod', 'valibot', 'arktype'])('with %s, toWire', (library) => {
  it('leaves a key out of one item that only another item needs', () => {
    const input = [
      { t: 'a', id: 1, password: 'SECRET' },
      { t: 'b', password: 'p', id: 2 },
    ]
    expect(toWire(items[library]!, input)).toEqual([
      { t: 'a', id: 1 },
      { t: 'b', password: 'p' },
    ])
  })

  it('does so in a long list', () => {
    const input = many(300, (i) => ({ t: i % 3 ? 'a' : 'b', id: i, password: 'SECRET' }))
    const wire = many(300, (i) => (i % 3 ? { t: 'a', id: i } : { t: 'b', password: 'SECRET' }))
    expect(toWire(items[library]!, input)).toEqual(wire)
  })

  it('leaves out what the output replaces by something of its own', () => {
    const input = { id: 1, password_hash: 'H', email: 'ada@example.org' }
    const { schema, count } = counted(masks[library]!)
    expect(toWire(schema, input)).toEqual({ id: 1 })
    expect(count.asked).toBe(2)
  })

  it('sends any number of values that change but are asked for, after one more validation', () => {
    const input = many(500, (id) => ({ id, at: when }))
    const { schema, count } = counted(dates[library]!)
    expect(toWire(schema, input)).toEqual(input)
    expect(count.asked).toBe(2)
  })

  it('leaves out the secrets beside them after two more', () => {
    const input = many(500, (id) => ({ id, at: when, secret: 1 }))
    const { schema, count } = counted(dates[library]!)
    expect(toWire(schema, input)).toEqual(many(500, (id) => ({ id, at: when })))
    expect(count.asked).toBe(3)
  })
})

describe('toWire leaves out', () => {
  const tidy = z.object({
    name: z.string().trim().optional(),
    first: z.string().trim().optional(),
    id: z.number(),
  })

  it('what the output replaces by something made of another key', () => {
    const slugged = tidy.transform((row) => ({ ...row, slug: `${row.first}-${row.name}` }))
    const row = { id: 1, name: ' a ', first: ' b ', slug: 'SECRET' }
    const kept = { id: 1, name: ' a ', first: ' b ' }
    expect(toWire(slugged, row)).toEqual(kept)
    expect(
      toWire(
        z.array(slugged),
        many(200, () => row),
      ),
    ).toEqual(many(200, () => kept))
  })

  it('what the output replaces by something made of many rows', () => {
    const schema = z
      .object({ rows: z.array(tidy) })
      .transform(({ rows }) => ({ rows, names: rows.map(({ name }) => name).join() }))
    for (const count of [1, 7, 200]) {
      const rows = many(count, (id) => ({ id, name: ' a ' }))
      expect(toWire(schema, { rows, names: 'SECRET' })).toEqual({ rows })
    }
  })

  it('what the output replaces in every row by something made of one key above them', () => {
    const schema = z
      .object({ currency: z.string().trim().optional(), rows: z.array(z.object({ id: z.number() })) })
      .transform(({ currency, rows }) => ({ currency, rows: rows.map((row) => ({ ...row, currency })) }))
    const rows = many(200, (id) => ({ id, currency: 'SECRET' }))
    const wire = { currency: ' eur ', rows: many(200, (id) => ({ id })) }
    expect(toWire(schema, { currency: ' eur ', rows })).toEqual(wire)
  })

  it('two keys that must be equal but that nobody hears, beside one that is renamed', () => {
    const schema = z
      .object({
        title: z.string().optional(),
        password: z.string().optional(),
        again: z.string().optional(),
      })
      .refine(({ password, again }) => password === again, { path: ['again'] })
      .transform(({ title }) => ({ heading: title }))
    expect(toWire(schema, { title: 'T', password: 'p', again: 'p' })).toEqual({ title: 'T' })
  })

  it('one of two keys that the schema asks for, where the other is enough', () => {
    const text = z.string().optional()
    const schema = z
      .object({ email: text, phone: text })
      .refine(({ email, phone }) => email ?? phone, { path: ['email'] })
      .transform(({ email, phone }) => ({ contact: phone ?? email }))
    expect(toWire(schema, { email: 'SECRET', phone: '1' })).toEqual({ phone: '1' })
  })

  it('a masked key at every level, in rows, records and maps', () => {
    const user = z.object({ id: z.number() }).transform(({ id }) => ({ id, email: '***' }))
    const given = { id: 1, email: 'SECRET' }
    const schema = z.object({
      rows: z.array(user),
      byName: z.record(z.string(), user),
      map: z.record(z.string(), user).transform((users) => new Map(Object.entries(users))),
      at: zDate,
    })
    const input = { rows: [given, given], byName: { a: given }, map: { b: given }, at: when }
    const bare = { id: 1 }
    expect(toWire(schema, input)).toEqual({
      rows: [bare, bare],
      byName: { a: bare },
      map: { b: bare },
      at: when,
    })
  })

  it('an object that the output replaces by a text, and a list that it empties', () => {
    const schema = z
      .object({ id: z.number() })
      .transform((row) => ({ ...row, owner: 'hidden', tags: [], keys: {} }))
    const input = { id: 1, owner: { name: 'SECRET' }, tags: ['SECRET'], keys: { a: 'SECRET' } }
    expect(toWire(schema, input)).toEqual({ id: 1, tags: [], keys: {} })
  })

  it('rows that a filter takes from the middle of a long list', () => {
    const schema = z
      .array(z.object({ id: z.number(), hidden: z.boolean().optional() }))
      .transform((rows) => rows.filter(({ hidden }) => !hidden))
    const input = many(300, (id) => (id % 3 ? { id, secret: 1 } : { id, hidden: true }))
    expect(toWire(schema, input)).toEqual(many(300, (id) => ({ id })).filter(({ id }) => id % 3))
  })

  it('keys by their place in the input where rows before them are left out', () => {
    const row = z.object({ id: z.number(), tag: z.string().optional() })
    const schema = z
      .array(z.looseObject({ ...row.shape }))
      .transform((rows) => rows.filter(({ id }) => id > 1).map(({ id, tag }) => ({ id, tag: tag?.trim() })))
    const input = [
      { id: 1, tag: 'SECRET' },
      { id: 2, tag: ' t ', secret: 1 },
      { id: 3, secret: 1 },
    ]
    expect(toWire(schema, input)).toEqual([{ id: 2, tag: ' t ' }, { id: 3 }])
  })
})

describe('the work of toWire', () => {
  const renamed = z.object({ a: z.number(), b: z.number() }).transform(({ a, b }) => ({ x: a, y: b }))
  const tidied = z.string().trim().optional()

  const cheap: [string, Schema, unknown, unknown][] = [
    [
      'a record of rows with two renamed keys each',
      z.record(z.string(), renamed),
      record(600, () => ({ a: 1, b: 2, secret: 3 })),
      record(600, () => ({ a: 1, b: 2 })),
    ],
    [
      'an object of very many renamed keys',
      z.object(record(2_000, () => z.number())).transform((row) => Object.entries(row)),
      { ...record(2_000, (i) => i), secret: 1 },
      record(2_000, (i) => i),
    ],
    [
      'a long array that becomes a map',
      z
        .array(z.object({ id: z.number(), at: zDate }))
        .transform((rows) => new Map(rows.map((row) => [row.id, row]))),
      many(600, (id) => ({ id, at: when, secret: 1 })),
      many(600, (id) => ({ id, at: when })),
    ],
  ]
  it.each(cheap)('is three validations for %s', (...[, given, input, wire]) => {
    const { schema, count } = counted(given)
    expect(toWire(schema, input)).toEqual(wire)
    expect(count.asked).toBeLessThanOrEqual(3)
  })

  const bounded: [string, Schema, unknown, unknown][] = [
    [
      'optional values that change, in many rows with secrets',
      z.array(z.object({ at: zDate, note: tidied, tag: tidied })),
      many(400, () => ({ at: when, note: ' n ', tag: ' t ', secret: 1 })),
      many(400, () => ({ at: when, note: ' n ', tag: ' t ' })),
    ],
    [
      'such rows with such rows in them',
      z.array(z.object({ at: zDate, note: tidied, in: z.array(z.object({ at: zDate, tag: tidied })) })),
      many(60, () => ({
        at: when,
        note: ' n ',
        secret: 1,
        in: many(5, () => ({ at: when, tag: ' t ', s: 1 })),
      })),
      many(60, () => ({ at: when, note: ' n ', in: many(5, () => ({ at: when, tag: ' t ' })) })),
    ],
    [
      'optional keys that are renamed, in many rows',
      z.array(z.object({ a: tidied }).transform(({ a }) => ({ b: a }))),
      many(400, () => ({ a: 'a', secret: 1 })),
      many(400, () => ({ a: 'a' })),
    ],
    [
      'many values of one record that change',
      z.record(z.string(), z.string().trim()),
      record(1_000, () => ' a '),
      record(1_000, () => ' a '),
    ],
    [
      'one needed key among many secrets',
      z.looseObject({ a: tidied }).transform(({ a }) => ({ b: a })),
      { ...record(1_000, () => 'SECRET'), a: 'a' },
      { a: 'a' },
    ],
    [
      'many rows that become a map by key',
      z.record(z.string(), z.object({ id: z.number() })).transform((rows) => new Map(Object.entries(rows))),
      record(600, (id) => ({ id, secret: 1 })),
      record(600, (id) => ({ id })),
    ],
  ]
  it.each(bounded)('is bounded for %s', (...[, given, input, wire]) => {
    const { schema, count } = counted(given)
    expect(toWire(schema, input)).toEqual(wire)
    expect(count.asked).toBeLessThanOrEqual(65)
  })

  it('ends with an error of one line where it cannot tell what the schema needs', () => {
    const { schema, count } = counted(
      z.record(z.string(), z.number()).transform((row) => Object.values(row).map((one) => one * 2)),
    )
    const { message } = thrown('bad_payload', () =>
      toWire(
        schema,
        record(3_000, (i) => i),
      ),
    )
    expect(message).toContain('publish fewer at once')
    expect(message).not.toContain('\n')
    // 400,000 values in all, 3,001 at a time, and the first validation.
    expect(count.asked).toBe(134)
  })

  it('ends with an error where every validation gives something else', () => {
    let calls = 0
    const schema = z.record(z.string(), z.number()).transform((row) => ({ n: ++calls, ...Object.keys(row) }))
    thrown('bad_payload', () =>
      toWire(
        schema,
        record(3_000, (i) => i),
      ),
    )
  })

  it('does not refuse what a schema needs all of', () => {
    const names = Array.from({ length: 40 }, (_, i) => `key_${i}`)
    const renamed = z
      .object(Object.fromEntries(names.map((name) => [name, z.string().optional()])))
      .transform((row) =>
        Object.fromEntries(Object.entries(row).map(([key, one]) => [key.replace('_', ''), one])),
      )
    const row = Object.fromEntries(names.map((name) => [name, 'x']))
    expect(toWire(renamed, { ...row, secret: 1 })).toEqual(row)
    const sum = z
      .array(z.object({ n: z.number().default(0) }))
      .transform((rows) => rows.reduce((total, { n }) => total + n, 0))
    const rows = Array.from({ length: 200 }, (_, i) => ({ n: i + 1 }))
    expect(toWire(sum, rows)).toEqual(rows)
  })
})

import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import * as z from 'zod'
import { hostility } from '../../../src/protocol/hostile.ts'
import type { Schema } from '../../../src/registry/schema.ts'
import { toSend } from '../../../src/registry/to-send.ts'
import { validate } from '../../../src/registry/validate.ts'
import { isSyncError } from '../../../src/shared/errors.ts'

/** A schema, and values that fit it, with more keys than it knows wherever it strips them or lets them pass. */
interface Case {
  readonly schema: z.ZodType
  readonly value: fc.Arbitrary<unknown>
}

const extra = fc.dictionary(fc.constantFrom('secret', 'more', 'x'), fc.constantFrom('secret', 1, null), {
  maxKeys: 2,
})

/** An object of these fields, made by `wrap` from their shape. */
function objectOf(fields: Record<string, Case>, kind: 'strip' | 'strict' | 'loose'): Case {
  const shape = Object.fromEntries(Object.entries(fields).map(([key, { schema }]) => [key, schema]))
  const own = fc.record(Object.fromEntries(Object.entries(fields).map(([key, { value }]) => [key, value])))
  const schema = { strip: z.object(shape), strict: z.strictObject(shape), loose: z.looseObject(shape) }[kind]
  const value = kind === 'strict' ? own : fc.tuple(extra, own).map(([more, row]) => ({ ...more, ...row }))
  return { schema, value }
}

const leaves: fc.Arbitrary<Case> = fc.constantFrom<Case>(
  { schema: z.string(), value: fc.string() },
  { schema: z.number(), value: fc.integer() },
  { schema: z.boolean(), value: fc.boolean() },
  { schema: z.null(), value: fc.constant(null) },
  { schema: z.unknown(), value: fc.jsonValue() },
  { schema: z.coerce.string(), value: fc.oneof(fc.integer(), fc.string()) },
  { schema: z.string().trim().toLowerCase(), value: fc.string() },
  { schema: z.string().transform((text) => text.length), value: fc.string() },
  { schema: z.number().transform((n) => new Date(n)), value: fc.integer({ min: 0 }) },
  { schema: z.number().transform(BigInt), value: fc.integer() },
  { schema: z.number().default(7), value: fc.option(fc.integer(), { nil: undefined }) },
  { schema: z.number().prefault(7), value: fc.option(fc.integer(), { nil: undefined }) },
  { schema: z.number().optional(), value: fc.option(fc.integer(), { nil: undefined }) },
  { schema: z.number().catch(0), value: fc.oneof(fc.integer(), fc.string()) },
)

const { case: cases } = fc.letrec<{ case: Case; field: Case }>((tie) => ({
  field: fc.oneof({ maxDepth: 3, withCrossShrink: true }, leaves, tie('case')),
  case: fc.oneof(
    fc
      .tuple(
        fc.dictionary(fc.constantFrom('a', 'b', 'c'), tie('field'), { maxKeys: 3 }),
        fc.constantFrom('strip', 'strip', 'strip', 'strict', 'loose'),
      )
      .map(([fields, kind]) => objectOf(fields, kind)),
    tie('field').map(({ schema, value }) => ({
      schema: z.array(schema),
      // A hole in a list travels as null.
      value: fc.array(
        value.map((item) => item ?? 0),
        { maxLength: 3 },
      ),
    })),
    tie('field').map(({ schema, value }) => ({
      schema: z.record(z.string(), schema),
      value: fc.dictionary(fc.constantFrom('k', 'l'), value, { maxKeys: 2 }),
    })),
    fc.tuple(tie('field'), tie('field')).map(([one, other]) => ({
      schema: z.discriminatedUnion('kind', [
        z.object({ kind: z.literal('one'), of: one.schema }),
        z.object({ kind: z.literal('other'), of: other.schema }),
      ]),
      value: fc.oneof(
        fc.tuple(extra, one.value).map(([more, of]) => ({ ...more, kind: 'one', of })),
        fc.tuple(extra, other.value).map(([more, of]) => ({ ...more, kind: 'other', of })),
      ),
    })),
    tie('field').map(({ schema, value }) => ({
      schema: z.object({ title: schema }).transform(({ title }) => ({ heading: title })),
      value: fc.tuple(extra, value).map(([more, title]) => ({ ...more, title })),
    })),
  ),
}))

const trials = cases.chain(({ schema, value }) => value.map((given) => ({ schema, given })))

const roundTrip = (value: unknown): unknown => JSON.parse(JSON.stringify(value))

/** What toSend gives, or undefined where the schema or JSON refuses. */
function sentOf(schema: Schema, given: unknown): { sent: unknown } | undefined {
  try {
    return { sent: toSend(schema, given) }
  } catch (error) {
    if (isSyncError(error) && error.code === 'bad_payload') return undefined
    throw error
  }
}

describe('whatever the schema and the value', () => {
  it('what travels is heard as what the sender’s schema made of it, is JSON, and is taken by every hub', () => {
    let [refused, stripped] = [0, 0]
    fc.assert(
      fc.property(trials, ({ schema, given }) => {
        const result = sentOf(schema, given)
        if (!result) {
          refused++
          return
        }
        const wire = roundTrip(result.sent)
        const copy = roundTrip(given)
        if (JSON.stringify(wire) !== JSON.stringify(copy)) stripped++
        expect(validate(schema, wire)).toEqual(validate(schema, copy))
        expect(hostility(JSON.stringify([['pub', 1, 1, 'room', 'said', wire]]))).toBeUndefined()
      }),
      { numRuns: 2_000 },
    )
    expect(stripped, 'keys were left out in many').toBeGreaterThan(200)
    expect(refused, 'few were refused').toBeLessThan(400)
  }, 60_000)

  it('a schema that only strips sends exactly its output', () => {
    const stripping = z.object({ a: z.number(), of: z.array(z.object({ b: z.string() })) })
    const value = fc.record({
      a: fc.integer(),
      of: fc.array(
        fc.tuple(extra, fc.string()).map(([more, b]) => ({ ...more, b })),
        { maxLength: 4 },
      ),
      secret: fc.string(),
    })
    fc.assert(
      fc.property(value, (given) => {
        expect(toSend(stripping, given)).toEqual(stripping.parse(given))
      }),
    )
  })

  it('any JSON travels as it is through a schema that lets everything pass, or is refused as every hub would', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 5 }), (given) => {
        const result = sentOf(z.unknown(), given)
        if (result) expect(result.sent).toEqual(roundTrip(given))
        else expect(JSON.stringify(given)).toContain('__proto__')
      }),
      { numRuns: 500 },
    )
  })
})

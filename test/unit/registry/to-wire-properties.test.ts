import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import * as z from 'zod'
import type { Schema } from '../../../src/registry/schema.ts'
import { toWire } from '../../../src/registry/to-wire.ts'
import { validate } from '../../../src/registry/validate.ts'
import { counted } from './counted.ts'

const when = '2026-01-01T00:00:00.001Z'
const zDate = z.string().transform((text) => new Date(text))

describe('what toWire lets through', () => {
  type Row = Record<string, unknown>

  /** What becomes of the value of a row's key, by the key's first part, and of the same place where the key is missing. */
  const fates: Record<string, (key: string, value: unknown) => Row> = {
    kept: (key, value) => ({ [key]: value }),
    renamed: (key, value) => ({ [`new-${key}`]: value }),
    changed: (key, value) => ({ [key]: `${value}!` }),
    dated: (key) => ({ [key]: new Date(when) }),
    masked: () => ({}),
    nulled: () => ({}),
    stripped: () => ({}),
  }
  const secret = ['masked', 'nulled', 'stripped']
  const masked = Object.fromEntries(
    [0, 1, 2, 3, 4].flatMap((i) => [
      [`masked-${i}`, '***'],
      [`nulled-${i}`, null],
    ]),
  )
  const row = z.looseObject({ asked: zDate }).transform(({ asked, ...others }): Row => {
    const heard = Object.entries(others).map(([key, value]) => fates[key.split('-')[0]!]?.(key, value))
    return Object.assign({ asked, ...masked }, ...heard)
  })
  const rowOf = (names: readonly string[], at: number): Row => ({
    ...Object.fromEntries(
      names.map((name, i) => [`${name}-${i}`, `${secret.includes(name) ? 'secret' : 'open'}-${at}-${i}`]),
    ),
    asked: when,
  })

  const shapes: [Schema, (rows: Row[]) => unknown][] = [
    [z.array(row), (rows) => rows],
    [z.object({ rows: z.array(row), at: zDate }), (rows) => ({ rows, at: when, hash: 'secret' })],
    [z.record(z.string(), row), (rows) => ({ ...rows })],
    [
      z.array(
        z
          .tuple([row])
          .rest(z.unknown())
          .transform(([one]) => [one]),
      ),
      (rows) => rows.map((one) => [one, 'secret']),
    ],
    [
      z.object({ first: row.optional() }).transform(({ first }) => ({ only: first })),
      ([first]) => ({ first, beside: 'secret' }),
    ],
    [
      z.record(z.string(), row).transform((rows) => new Map(Object.entries(rows))),
      (rows) => Object.fromEntries(rows.map((one, i) => [`row${i}`, one])),
    ],
  ]
  const lists = fc.array(fc.array(fc.constantFrom(...Object.keys(fates)), { maxLength: 5 }), {
    maxLength: 12,
  })

  it('holds no secret, is heard as the input, and is found by at most 65 validations', () => {
    let refusals = 0
    fc.assert(
      fc.property(fc.constantFrom(...shapes), lists, ([given, wrap], kinds) => {
        const { schema, count } = counted(given)
        const input = wrap(kinds.map(rowOf))
        let wire: unknown
        try {
          wire = toWire(schema, input)
        } catch (error) {
          expect(error).toMatchObject({ code: 'bad_payload' })
          refusals++
          return
        } finally {
          expect(count.asked).toBeLessThanOrEqual(65)
        }
        expect(JSON.stringify(wire)).not.toContain('secret')
        expect(validate(given, JSON.parse(JSON.stringify(wire)))).toEqual(validate(given, input))
      }),
      { numRuns: 1_000 },
    )
    expect(refusals).toBe(0)
  })

  it('is found out by that check when a secret travels', () => {
    const leaky = z.looseObject({ id: z.number() })
    expect(JSON.stringify(toWire(leaky, { id: 1, hash: 'secret' }))).toContain('secret')
  })
})

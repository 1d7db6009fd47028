import { type } from 'arktype'
import * as v from 'valibot'
import * as z from 'zod'
import * as m from 'zod/mini'
import type { Schema } from '../../../src/registry/schema.ts'

/** The same schemas in each library that the package promises to work with. */
export interface Library {
  /** `{ id: number, name: string, tags: { label: string }[] }`; other keys are stripped at each level. */
  readonly row: Schema
  /** A string, heard as its length. */
  readonly length: Schema<string, number>
  /** `{ title: string }`, heard as `{ heading: string }`. */
  readonly renamed: Schema
  /** `{ at?: number }`, filled in with `now()`. */
  readonly stamped: (now: () => number) => Schema
  /** `{ kind: 'dot', x: number } | { kind: 'text', text: string }`, stripping. */
  readonly union: Schema
}

export const libraries: Record<string, Library> = {
  zod: {
    row: z.object({ id: z.number(), name: z.string(), tags: z.array(z.object({ label: z.string() })) }),
    length: z.string().transform((text) => text.length),
    renamed: z.object({ title: z.string() }).transform(({ title }) => ({ heading: title })),
    stamped: (now) => z.object({ at: z.number().default(now) }),
    union: z.discriminatedUnion('kind', [
      z.object({ kind: z.literal('dot'), x: z.number() }),
      z.object({ kind: z.literal('text'), text: z.string() }),
    ]),
  },
  'zod/mini': {
    row: m.object({ id: m.number(), name: m.string(), tags: m.array(m.object({ label: m.string() })) }),
    length: m.pipe(
      m.string(),
      m.transform((text: string) => text.length),
    ),
    renamed: m.pipe(
      m.object({ title: m.string() }),
      m.transform(({ title }: { title: string }) => ({ heading: title })),
    ),
    stamped: (now) => m.object({ at: m._default(m.number(), now) }),
    union: m.union([
      m.object({ kind: m.literal('dot'), x: m.number() }),
      m.object({ kind: m.literal('text'), text: m.string() }),
    ]),
  },
  valibot: {
    row: v.object({ id: v.number(), name: v.string(), tags: v.array(v.object({ label: v.string() })) }),
    length: v.pipe(
      v.string(),
      v.transform((text) => text.length),
    ),
    renamed: v.pipe(
      v.object({ title: v.string() }),
      v.transform(({ title }) => ({ heading: title })),
    ),
    stamped: (now) => v.object({ at: v.optional(v.number(), now) }),
    union: v.variant('kind', [
      v.object({ kind: v.literal('dot'), x: v.number() }),
      v.object({ kind: v.literal('text'), text: v.string() }),
    ]),
  },
  arktype: {
    row: type({
      '+': 'delete',
      id: 'number',
      name: 'string',
      tags: type({ '+': 'delete', label: 'string' }).array(),
    }),
    length: type('string').pipe((text) => text.length),
    renamed: type({ '+': 'delete', title: 'string' }).pipe(({ title }) => ({ heading: title })),
    stamped: (now) => type({ '+': 'delete', at: type('number').default(now) }),
    union: type({ '+': 'delete', kind: "'dot'", x: 'number' }).or({
      '+': 'delete',
      kind: "'text'",
      text: 'string',
    }),
  },
}

import { SyncError } from '../shared/errors.ts'
import { checkPattern } from './pattern.ts'
import type { OutputOf, Schema } from './schema.ts'

/** Schemas by name. */
export type SchemaMap = Readonly<Record<string, Schema>>

/** A question that a client asks and a handler on the server answers. */
export interface RequestSpec {
  readonly input: Schema
  readonly output: Schema
  /** Whether the handler may run twice for one request, so that it can be run again after its node died. Default false. */
  readonly idempotent?: boolean
}

/** Rows that live on a channel, each told from the others by one of its keys. */
export interface CollectionSpec {
  readonly schema: Schema
  /** The key of the schema's output that identifies a row; its value is a string or a number. */
  readonly key: string
}

/** What travels on a channel. Every section may be left out. */
export interface ChannelSpec {
  /** What the server publishes: logged, each heard once and in order. */
  readonly events?: SchemaMap
  /** What clients may publish as well; the hub authorises, changes or refuses it. Logged like `events`. */
  readonly clientEvents?: SchemaMap
  /** From a client to the others: at most once, no log. */
  readonly messages?: SchemaMap
  readonly requests?: Readonly<Record<string, RequestSpec>>
  /** What each member of the channel shows to the others. */
  readonly presence?: Schema
  readonly collections?: Readonly<Record<string, CollectionSpec>>
}

/** One kind of channel: a pattern for its names, and what travels on it. Made by {@link channel}, frozen. */
export interface ChannelDefinition<Pattern extends string = string, Spec extends ChannelSpec = ChannelSpec> {
  readonly pattern: Pattern
  readonly spec: Spec
}

type RowKey<Row> = { [K in keyof Row]: Row[K] extends string | number ? K : never }[keyof Row] & string

/** The same spec, with `never` wherever a key is unknown or names no key of a collection's rows. */
export type CheckedSpec<Spec> = {
  readonly [Section in keyof Spec]: Section extends 'collections'
    ? { readonly [Name in keyof Spec[Section]]: CheckedCollection<Spec[Section][Name]> }
    : Section extends 'requests'
      ? { readonly [Name in keyof Spec[Section]]: OnlyKeys<Spec[Section][Name], RequestSpec> }
      : OnlyKeys<Spec, ChannelSpec>[Section]
}

type OnlyKeys<Given, Known> = { readonly [K in keyof Given]: K extends keyof Known ? Given[K] : never }

type CheckedCollection<Given> = OnlyKeys<Given, CollectionSpec> & {
  readonly key: Given extends { readonly schema: infer S extends Schema } ? RowKey<OutputOf<S>> : never
}

/** What an entry of each section must hold; those of the first three are schemas themselves and share one namespace. */
const shapes: Record<string, readonly string[]> = {
  events: ['schema'],
  clientEvents: ['schema'],
  messages: ['schema'],
  requests: ['input', 'output', 'idempotent'],
  collections: ['schema', 'key'],
}

const reserved = ['gap', 'subscribed', 'unsubscribed']

/** `record[key]` if it is the record's own, so that a name from outside never reaches a prototype. */
export function own<T>(record: Readonly<Record<string, T>> | undefined, key: string): T | undefined {
  return record && Object.hasOwn(record, key) ? record[key] : undefined
}

/** Whether `name` may name a channel, an event, a request or a collection. */
export function isName(name: string): boolean {
  return /^[a-z_][\w.:-]{0,127}$/i.test(name) && name !== '__proto__'
}

/**
 * Declares one kind of channel: a pattern such as `'game/:code'`, and what travels on its channels.
 * Names match `[A-Za-z_][A-Za-z0-9_.:-]*` with at most 128 characters.
 * @throws SyncError `bad_registry` for a bad pattern, an unknown section or field, a name that is bad, reserved or taken, or
 * a value that is no Standard Schema
 */
export function channel<const Pattern extends string, const Spec extends ChannelSpec>(
  pattern: Pattern,
  spec: Spec & CheckedSpec<Spec>,
): ChannelDefinition<Pattern, Spec> {
  checkPattern(pattern)
  const check = (ok: unknown, at: string, why: string) => {
    if (!ok) throw new SyncError('bad_registry', `Channel "${pattern}": ${at} ${why}.`)
  }
  const heard = new Set(reserved)
  const sections = Object.entries<unknown>(spec).map(([section, given]) => {
    if (section === 'presence') {
      check(isSchema(given), section, 'must be a Standard Schema')
      return [section, given]
    }
    const shape = own(shapes, section)
    check(shape, section, 'is no section, correct its name')
    const entries = Object.entries(given ?? {}).map(([name, entry]) => {
      const at = `${section}.${name}`
      const bare = shape!.length === 1
      check(isName(name) && !(bare && heard.has(name)), at, 'is a bad, reserved or repeated name, rename it')
      if (bare) heard.add(name)
      const fields: Record<string, unknown> = bare ? { schema: entry } : { ...entry }
      for (const field of new Set([...shape!, ...Object.keys(fields)])) {
        check(shape!.includes(field) && fits(field, fields[field]), `${at} (${field})`, 'is missing or wrong')
      }
      return [name, bare ? entry : Object.freeze(fields)]
    })
    return [section, Object.freeze(Object.fromEntries(entries))]
  })
  return Object.freeze({ pattern, spec: Object.freeze(Object.fromEntries(sections)) })
}

function fits(field: string, value: unknown): boolean {
  if (field === 'key') return typeof value === 'string' && value !== ''
  return field === 'idempotent' || isSchema(value)
}

/** Accepts functions too, as the schemas of some libraries are callable. */
function isSchema(value: unknown): boolean {
  return typeof (value as Partial<Schema> | null | undefined)?.['~standard']?.validate === 'function'
}

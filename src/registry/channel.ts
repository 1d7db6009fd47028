import type { OutputOf, Schema } from './schema.ts'

/** Schemas by name. */
export type SchemaMap = Readonly<Record<string, Schema>>

/** A question that a client asks and a handler on the server answers. */
export interface RequestSpec {
  readonly input: Schema
  readonly output: Schema
  /**
   * Whether the handler may run twice for one request: for what only reads, or sets what was given. The hub keeps nothing of it then, and runs it again
   * when it is sent again. Default false.
   */
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

/**
 * Declares one kind of channel: a pattern such as `'game/:code'`, and what travels on its channels.
 * Names match `[A-Za-z_][A-Za-z0-9_.:-]*` with at most 128 characters; `checkRegistry` holds a definition to that.
 */
export function channel<const Pattern extends string, const Spec extends ChannelSpec>(
  pattern: Pattern,
  spec: Spec & CheckedSpec<Spec>,
): ChannelDefinition<Pattern, Spec> {
  return Object.freeze({ pattern, spec })
}

import type { ChannelDefinition } from './channel.ts'
import type { ParamName, Params, ParamsIn, ParamsOut } from './pattern.ts'
import type { InputOf, OutputOf, Schema } from './schema.ts'

/** Channel definitions by key. */
export type ChannelMap = Readonly<Record<string, ChannelDefinition>>

/** Everything that both sides must agree on. Made by `defineRegistry`, frozen. */
export interface Registry<Channels extends ChannelMap = ChannelMap> {
  readonly channels: Channels
  /** Raised by the app whenever its two sides stop understanding each other's older versions. From 1. */
  readonly version: number
  /** The oldest version of the other side that is still served. */
  readonly minVersion: number
  /** Equal on both sides when the names and the version are equal; schemas do not enter. Base 36, at most 11 characters. */
  readonly hash: string
}

/** A registry whose channels are not known to the compiler. */
export type AnyRegistry = Registry

/** The key of a channel: what one passes to `client.channel`. */
export type ChannelKey<R extends AnyRegistry> = keyof R['channels'] & string

type PatternOf<R extends AnyRegistry, K extends ChannelKey<R>> = R['channels'][K]['pattern']

type Section<R extends AnyRegistry, K extends ChannelKey<R>, S extends string> = SectionOf<
  R['channels'][K]['spec'],
  S
>

type SectionOf<Spec, S extends string> = S extends keyof Spec ? NonNullable<Spec[S]> : Record<never, never>

type NameOf<Entries> = keyof Entries & string

type In<S> = S extends Schema ? InputOf<S> : never
type Out<S> = S extends Schema ? OutputOf<S> : never

type Field<Entry, F extends string> = Entry extends { readonly [K in F]: infer Value } ? Value : never

/** The parameters that one passes: `{ code: string | number }`. */
export type ParamsInOf<R extends AnyRegistry, K extends ChannelKey<R>> = ParamsIn<PatternOf<R, K>>

/** The parameters that a handler gets: `{ code: string }`. */
export type ParamsOutOf<R extends AnyRegistry, K extends ChannelKey<R>> = ParamsOut<PatternOf<R, K>>

/** Rest arguments after a channel's key: none when its pattern has no parameter, else one object of them. */
export type ParamsArgs<R extends AnyRegistry, K extends ChannelKey<R>> =
  string extends PatternOf<R, K>
    ? [params?: Params | undefined]
    : [ParamName<PatternOf<R, K>>] extends [never]
      ? []
      : [params: ParamsInOf<R, K>]

type Published<R extends AnyRegistry, K extends ChannelKey<R>> = Section<R, K, 'events'> &
  Section<R, K, 'clientEvents'>

type Heard<R extends AnyRegistry, K extends ChannelKey<R>> = Published<R, K> & Section<R, K, 'messages'>

/** What a listener can name: events, client events and messages. */
export type HeardName<R extends AnyRegistry, K extends ChannelKey<R>> = NameOf<Heard<R, K>>

/** What a listener gets: the schema's output. */
export type HeardData<R extends AnyRegistry, K extends ChannelKey<R>, N extends HeardName<R, K>> = Out<
  Heard<R, K>[N]
>

/** What a server publishes: events and client events. */
export type EventName<R extends AnyRegistry, K extends ChannelKey<R>> = NameOf<Published<R, K>>

/** What a server passes to publish: the schema's input. */
export type EventInput<R extends AnyRegistry, K extends ChannelKey<R>, N extends EventName<R, K>> = In<
  Published<R, K>[N]
>

/** What a client may publish itself. */
export type ClientEventName<R extends AnyRegistry, K extends ChannelKey<R>> = NameOf<
  Section<R, K, 'clientEvents'>
>

/** What a client passes to publish: the schema's input. */
export type ClientEventInput<
  R extends AnyRegistry,
  K extends ChannelKey<R>,
  N extends ClientEventName<R, K>,
> = In<Section<R, K, 'clientEvents'>[N]>

/** What a hub's hook gets of it: the schema's output. */
export type ClientEventOutput<
  R extends AnyRegistry,
  K extends ChannelKey<R>,
  N extends ClientEventName<R, K>,
> = Out<Section<R, K, 'clientEvents'>[N]>

/** What a client may send to the others, unlogged. */
export type MessageName<R extends AnyRegistry, K extends ChannelKey<R>> = NameOf<Section<R, K, 'messages'>>

/** What a client passes to send: the schema's input. */
export type MessageInput<R extends AnyRegistry, K extends ChannelKey<R>, N extends MessageName<R, K>> = In<
  Section<R, K, 'messages'>[N]
>

type Request<R extends AnyRegistry, K extends ChannelKey<R>, N extends RequestName<R, K>> = Section<
  R,
  K,
  'requests'
>[N]

/** What a client may ask. */
export type RequestName<R extends AnyRegistry, K extends ChannelKey<R>> = NameOf<Section<R, K, 'requests'>>

/** What a client passes with a request: the input of its input schema. */
export type RequestInput<R extends AnyRegistry, K extends ChannelKey<R>, N extends RequestName<R, K>> = In<
  Field<Request<R, K, N>, 'input'>
>

/** What a handler gets: the output of the input schema. */
export type RequestArgument<
  R extends AnyRegistry,
  K extends ChannelKey<R>,
  N extends RequestName<R, K>,
> = Out<Field<Request<R, K, N>, 'input'>>

/** What a handler returns: the input of the output schema. */
export type RequestReply<R extends AnyRegistry, K extends ChannelKey<R>, N extends RequestName<R, K>> = In<
  Field<Request<R, K, N>, 'output'>
>

/** What a client gets: the output of the output schema. */
export type RequestResult<R extends AnyRegistry, K extends ChannelKey<R>, N extends RequestName<R, K>> = Out<
  Field<Request<R, K, N>, 'output'>
>

type Presence<R extends AnyRegistry, K extends ChannelKey<R>> = Field<R['channels'][K]['spec'], 'presence'>

/** What a member shows: the presence schema's input; `never` on a channel without presence. */
export type PresenceInput<R extends AnyRegistry, K extends ChannelKey<R>> = In<Presence<R, K>>

/** What the others see: the presence schema's output; `never` on a channel without presence. */
export type PresenceOutput<R extends AnyRegistry, K extends ChannelKey<R>> = Out<Presence<R, K>>

/** The collections of a channel. */
export type CollectionName<R extends AnyRegistry, K extends ChannelKey<R>> = NameOf<
  Section<R, K, 'collections'>
>

/** One row of a collection: its schema's output. */
export type CollectionRow<
  R extends AnyRegistry,
  K extends ChannelKey<R>,
  N extends CollectionName<R, K>,
> = Out<Field<Section<R, K, 'collections'>[N], 'schema'>>

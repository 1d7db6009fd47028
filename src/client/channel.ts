import type { GapReason, TellFrame } from '../protocol/frames.ts'
import type { ChannelDefinition, ChannelSpec } from '../registry/channel.ts'
import type {
  ChannelKey,
  ClientEventInput,
  ClientEventName,
  HeardData,
  HeardName,
  MessageInput,
  MessageName,
  RequestInput,
  RequestName,
  RequestResult,
} from '../registry/infer.ts'
import type { AnyRegistry } from '../registry/registry.ts'
import { toSend } from '../registry/to-send.ts'
import { validate } from '../registry/validate.ts'
import type { Clock } from '../shared/clock.ts'
import type { Undo } from '../shared/disposer.ts'
import { SyncError, type SyncErrorCode } from '../shared/errors.ts'
import { ownEntry } from '../shared/own-entry.ts'
import type { Position } from '../shared/position.ts'
import type { ErrorHandler } from '../shared/report.ts'
import type { Draft, SendOptions } from './outbox.ts'
import {
  anyEvent,
  type ClientLink,
  type EventMeta,
  type Gap,
  type MessageMeta,
  type Subscribed,
} from './subscription.ts'
import type { ListenRequest } from './subscriptions.ts'

declare const registryOf: unique symbol
declare const beginning: unique symbol

/** Where a listener begins: made by `since(position)` or `rewind(count)`. */
export interface Beginning {
  readonly [beginning]: true
}

/** What comes with an event, or with a message, which has no place in the log. */
export type HeardMeta<R extends AnyRegistry, K extends ChannelKey<R>, N extends HeardName<R, K>> =
  N extends MessageName<R, K> ? MessageMeta : EventMeta

/** Any event or message of a channel; `event` says which. */
export type AnyHeard<R extends AnyRegistry, K extends ChannelKey<R>> = {
  [N in HeardName<R, K>]: {
    readonly event: N
    readonly data: HeardData<R, K, N>
    readonly meta: HeardMeta<R, K, N>
  }
}[HeardName<R, K>]

/** The ways to listen on a channel. Each returns its undo. */
export interface Listen<R extends AnyRegistry, K extends ChannelKey<R>> {
  /**
   * Hears of each event of that name once, in log order, or of messages. A payload that does not fit its schema goes to
   * `onError` with the stage `payload` instead. It begins with what comes next, or where `from` says.
   */
  <N extends HeardName<R, K>>(
    event: N,
    listener: (data: HeardData<R, K, N>, meta: HeardMeta<R, K, N>) => void,
    from?: Beginning,
  ): Undo
  /** Hears when continuity was lost, before anything newer: fetch again what the events would have told. */
  (event: 'gap', listener: (gap: Gap) => void): Undo
  /**
   * Hears whenever the hub has accepted the subscription; if it is accepted already, at once, from within this call, when
   * the undo is not there yet.
   * What an app fetches from then on, together with the events, misses nothing.
   */
  (event: 'subscribed', listener: (subscribed: Subscribed) => void): Undo
}

/**
 * A channel as an app holds it: light, without state. It is subscribed while anyone listens.
 * All handles of one name share one subscription.
 */
export interface Channel<R extends AnyRegistry, K extends ChannelKey<R>> {
  /** The name on the wire, with the parameters filled in. */
  readonly name: string
  /** There in types alone: by their methods, a channel of one registry would pass as one of another. */
  readonly [registryOf]?: (registry: R) => R
  /** Listens until the undo is called. */
  readonly on: Listen<R, K>
  /** Listens for one time. */
  readonly once: Listen<R, K>
  /** Hears of every event and message, events in the order of the log; begins with what comes next, or where `from` says. */
  onAny(listener: (heard: AnyHeard<R, K>) => void, from?: Beginning): Undo
  /**
   * Appends an event to the channel's log. Waits for a connection, and is sent again until the hub has acknowledged it;
   * publications on one channel are applied in their order. Resolves to its position. Rejects with `bad_payload`, `unknown_event`,
   * `async_schema`,
   * `bad_options`, `queue_full`, `too_large`, `timeout` (never sent), `indeterminate` (may have been applied), `aborted`, `closed`, or the hub's code.
   */
  publish<N extends ClientEventName<R, K>>(
    event: N,
    data: ClientEventInput<R, K, N>,
    options?: SendOptions,
  ): Promise<Position>
  /**
   * Asks the app on the server. Rejects as {@link Channel.publish} does, with `unknown_request` for a name that is none, and with
   * `bad_payload` also when the answer does not fit its schema.
   */
  request<N extends RequestName<R, K>>(
    request: N,
    input: RequestInput<R, K, N>,
    options?: SendOptions,
  ): Promise<RequestResult<R, K, N>>
  /**
   * Sends a message to the others that listen, at most once: `false` when it was dropped, as there is no connection or
   * the transport is congested. Throws `bad_payload`, `async_schema`, `unknown_event` or `too_large`.
   */
  tell<N extends MessageName<R, K>>(message: N, data: MessageInput<R, K, N>): boolean
}

/** What a handle needs of its client. */
export interface ChannelLink {
  /** For what is built on channels in this package. */
  readonly client: ClientLink
  readonly clock: Clock
  listen(request: ListenRequest): Undo
  send<Result>(draft: Draft<Result>, options: SendOptions | undefined): Promise<Result>
  tell(frame: TellFrame): boolean
  /** Tells all who listen on the channel that one of them has lost continuity. */
  lost(channel: string, reason: GapReason): void
  /** Tells of what cannot be thrown to its author. */
  readonly report: ErrorHandler
}

/** Listens to an event on a channel from some place on. */
export type ListenFrom = (
  channel: UntypedChannel,
  event: string,
  listener: (...args: never[]) => unknown,
) => Undo

/** The same as {@link Channel}, without the types of one registry. */
export interface UntypedChannel {
  readonly name: string
  /** For what is built on channels in this package. */
  readonly definition: ChannelDefinition
  readonly link: ChannelLink
  readonly on: (event: string, listener: (...args: never[]) => unknown, from?: ListenFrom) => Undo
  readonly once: UntypedChannel['on']
  onAny(listener: (heard: never) => unknown, from?: ListenFrom): Undo
  publish(event: string, data: unknown, options?: SendOptions): Promise<Position>
  request(request: string, input: unknown, options?: SendOptions): Promise<unknown>
  tell(message: string, data: unknown): boolean
}

/** Makes the handle of one channel. */
export function openChannel(name: string, definition: ChannelDefinition, link: ChannelLink): UntypedChannel {
  const { spec } = definition
  const on: UntypedChannel['on'] = (event, listener, from) =>
    from ? from(handle, event, listener) : link.listen({ name, definition, event, listener })
  const draft = (kind: Draft<unknown>['kind'], event: string) => ({ kind, channel: name, name: event })
  const handle: UntypedChannel = {
    name,
    definition,
    link,
    on,
    once(event, listener, from) {
      let undo: Undo | undefined
      let isDone = false
      const first = (...args: never[]) => {
        isDone = true
        undo?.()
        return listener(...args)
      }
      undo = on(event, first, from)
      // It may have been heard before there was an undo.
      if (isDone) undo()
      return undo
    },
    onAny: (listener, from) => on(anyEvent, listener, from),
    publish: (event, input, options) =>
      attempt(() => {
        const data = toSend(entryOf(spec, 'clientEvents', event), input)
        return link.send({ ...draft('publication', event), data, read: ({ position }) => position! }, options)
      }),
    request: (request, input, options) =>
      attempt(() => {
        const { input: schema, output } = entryOf(spec, 'requests', request)
        const read = ({ data }: { data: unknown }) => validate(output, data)
        return link.send({ ...draft('request', request), data: toSend(schema, input), read }, options)
      }),
    tell: (message, data) =>
      link.tell(['tell', name, message, toSend(entryOf(spec, 'messages', message), data)]),
  }
  return handle
}

type Sendable = 'clientEvents' | 'requests' | 'messages'

function entryOf<S extends Sendable>(spec: ChannelSpec, section: S, name: string) {
  type Entries = Readonly<Record<string, NonNullable<ChannelSpec[S]>[string]>>
  const entry = ownEntry(spec[section] as Entries | undefined, name)
  if (entry) return entry
  const code: SyncErrorCode = section === 'requests' ? 'unknown_request' : 'unknown_event'
  throw new SyncError(code, `Not in ${section}: ${name}`)
}

/** A promise of this very send, or one that rejects with what was thrown before there was any. */
function attempt<Result>(send: () => Promise<Result>): Promise<Result> {
  try {
    return send()
  } catch (error) {
    return Promise.reject(error)
  }
}

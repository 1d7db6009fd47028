import type { ChannelSpec } from '../registry/channel.ts'
import type {
  ChannelKey,
  ClientEventInput,
  ClientEventName,
  ClientEventOutput,
  ParamsOutOf,
  RequestArgument,
  RequestName,
  RequestReply,
} from '../registry/infer.ts'
import type { AnyRegistry } from '../registry/registry.ts'
import { SyncError } from '../shared/errors.ts'
import type { HubUser } from './options.ts'

/** What a client can want to do on a channel. */
export type Action = 'subscribe' | 'publish' | 'tell' | 'request' | 'presence'

/** Who it is, and on which channel. */
export interface Asker<R extends AnyRegistry, K extends ChannelKey<R>, User extends HubUser> {
  readonly user: User
  /** The public id of the client. */
  readonly client: string
  /** The channel's parameters, as strings. */
  readonly params: ParamsOutOf<R, K>
}

/** Who wants to do what on a channel. */
export interface AccessRequest<R extends AnyRegistry, K extends ChannelKey<R>, User extends HubUser>
  extends Asker<R, K, User> {
  /**
   * `subscribe`: to hear the channel and read its history; `publish`: a client event; `tell`: a message; `request`; `presence`: to
   * be seen there.
   */
  readonly action: Action
  /** The name of the client event, message or request; `undefined` for the other actions. */
  readonly name: string | undefined
}

/** An event that a client wants to publish: valid, and allowed. */
export type ClientPublication<R extends AnyRegistry, K extends ChannelKey<R>, User extends HubUser> = {
  [N in ClientEventName<R, K>]: Asker<R, K, User> & {
    readonly event: N
    /** The output of the event's schema. */
    readonly data: ClientEventOutput<R, K, N>
  }
}[ClientEventName<R, K>]

/** A request with what its handler needs. */
export interface HubRequest<Input, Params, User extends HubUser> {
  /** The output of the request's input schema. */
  readonly input: Input
  readonly user: User
  /** The public id of the client. */
  readonly client: string
  /** The channel's parameters, as strings. */
  readonly params: Params
  /**
   * Names this request among all, also when it is sent again: stored in the same transaction as what the request does, it
   * keeps that from happening twice, whatever fails.
   */
  readonly key: string
  /** Aborted when nobody waits for the answer any more: cancelled, or past its deadline. */
  readonly signal: AbortSignal
}

/** A handler for each request of the channel. Where it has none, `never`: any object would pass for an empty one. */
export type RequestHandlers<R extends AnyRegistry, K extends ChannelKey<R>, User extends HubUser> = [
  RequestName<R, K>,
] extends [never]
  ? Readonly<Record<string, never>>
  : {
      readonly [N in RequestName<R, K>]?: (
        request: HubRequest<RequestArgument<R, K, N>, ParamsOutOf<R, K>, User>,
      ) => RequestReply<R, K, N> | Promise<RequestReply<R, K, N>>
    }

/** What an app does for the clients of one kind of channel. */
export interface ChannelHandlers<R extends AnyRegistry, K extends ChannelKey<R>, User extends HubUser> {
  /**
   * Whether the user may: only `true` lets them. A `SyncError` that it throws refuses with its code; anything else that it throws
   * refuses with `internal`. A refusal that may be tried again is reported. Default: everyone who was let in; where the
   * pattern has a parameter `user`, only the user with that id.
   */
  readonly authorize?: (request: AccessRequest<R, K, User>) => boolean | Promise<boolean>
  /**
   * Sees each event of a client before it is published. What it returns is published instead, after the schema has seen it; `undefined` leaves
   * the event as it is. Refuses by throwing, as `authorize` does.
   */
  readonly onPublish?: (
    publication: ClientPublication<R, K, User>,
  ) =>
    | ClientEventInput<R, K, ClientEventName<R, K>>
    | undefined
    | Promise<ClientEventInput<R, K, ClientEventName<R, K>> | undefined>
  /**
   * Answers requests, by name. A `SyncError` that a handler throws is the answer, with its code; for anything else, and for a reply that does
   * not fit its schema, the client gets `internal`, and the reason is reported. A request without a handler is `unsupported`.
   */
  readonly requests?: RequestHandlers<R, K, User>
}

interface AnyAsker {
  readonly user: HubUser
  readonly client: string
  readonly params: Readonly<Record<string, string>>
}

/** The handlers of any channel, as the hub calls them. */
export interface AnyHandlers {
  readonly authorize?: (
    request: AnyAsker & { readonly action: Action; readonly name: string | undefined },
  ) => boolean | Promise<boolean>
  readonly onPublish?: (publication: AnyAsker & { readonly event: string; readonly data: unknown }) => unknown
  readonly requests?: Readonly<
    Record<
      string,
      ((request: AnyAsker & { input: unknown; key: string; signal: AbortSignal }) => unknown) | undefined
    >
  >
}

/** Refuses handlers of requests that the channel does not have, and what is no function. Throws `bad_options`. */
export function checkHandlers(key: string, { requests = {} }: ChannelSpec, handlers: AnyHandlers): void {
  const bad = (what: string) => new SyncError('bad_options', `hub.serve("${key}", …): ${what}`)
  for (const name of ['authorize', 'onPublish'] as const) {
    if (handlers[name] !== undefined && typeof handlers[name] !== 'function')
      throw bad(`"${name}" is no function`)
  }
  for (const [name, handler] of Object.entries(handlers.requests ?? {})) {
    if (!Object.hasOwn(requests, name)) throw bad(`the registry has no request "${name}" there`)
    if (typeof handler !== 'function') throw bad(`the handler of "${name}" is no function`)
  }
}

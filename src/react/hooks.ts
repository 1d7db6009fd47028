'use client'
import type { ReactNode } from 'react'
import type { Channel, HeardMeta } from '../client/channel.ts'
import type { ConnectionStatus } from '../client/connection-states.ts'
import type { Client } from '../client/create-client.ts'
import type { Gap, Subscribed } from '../client/subscription.ts'
import type {
  ChannelKey,
  HeardData,
  HeardName,
  ParamsArgs,
  RequestInput,
  RequestName,
  RequestResult,
} from '../registry/infer.ts'
import type { AnyRegistry } from '../registry/registry.ts'
import type { SyncProviderProps } from './provider.tsx'
import type { ConnectionView } from './use-connection.ts'
import type { ServerClockView } from './use-countdown.ts'
import type { RequestView } from './use-request.ts'

/** Listens to an event or a message of a channel, to `gap` or to `subscribed`, always with the latest handler. */
export interface UseEvent<R extends AnyRegistry> {
  <K extends ChannelKey<R>, N extends HeardName<R, K>>(
    channel: Channel<R, K>,
    event: N,
    handler: (data: HeardData<R, K, N>, meta: HeardMeta<R, K, N>) => void,
  ): void
  <K extends ChannelKey<R>>(channel: Channel<R, K>, event: 'gap', handler: (gap: Gap) => void): void
  <K extends ChannelKey<R>>(
    channel: Channel<R, K>,
    event: 'subscribed',
    handler: (subscribed: Subscribed) => void,
  ): void
}

/** The connection, or what `select` makes of its status: renders again only when that changes, one level deep. */
export interface UseConnection {
  (): ConnectionView
  <Selected>(select: (status: ConnectionStatus) => Selected): Selected
}

/** The hooks of one registry, and the one provider that they heed. */
export interface Hooks<R extends AnyRegistry> {
  /** Gives the client to these hooks below it, and connects it. Those of other registries go through it. */
  SyncProvider(props: SyncProviderProps<R>): ReactNode
  /** The client of the nearest provider of these hooks. Throws `no_provider`. */
  useClient(): Client<R>
  /** A handle of a channel; the same one as long as its name stays the same. */
  useChannel<K extends ChannelKey<R>>(key: K, ...params: ParamsArgs<R, K>): Channel<R, K>
  useEvent: UseEvent<R>
  useConnection: UseConnection
  /** A request of a channel with what became of its newest call: for what a person sets off. */
  useRequest<K extends ChannelKey<R>, N extends RequestName<R, K>>(
    channel: Channel<R, K>,
    request: N,
  ): RequestView<RequestInput<R, K, N>, RequestResult<R, K, N>>
  /** The hub's clock. Renders again when a better measurement has changed it. */
  useServerClock(): ServerClockView
  /**
   * How long it is until `endsAt`, a time of the hub's clock in milliseconds since 1970: in milliseconds, down to 0, rounded up to whole steps of
   * `everyMs` (default 1,000), and rendered at each step. `undefined` without `endsAt`, or where it is no time, and where a server renders. Throws `bad_options` for an `everyMs` that is not above 0.
   */
  useCountdown(endsAt: number | null | undefined, everyMs?: number): number | undefined
}

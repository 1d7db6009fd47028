import type { ChannelKey, HeardData, HeardName } from '../registry/infer.ts'
import type { AnyRegistry } from '../registry/registry.ts'
import type { Undo } from '../shared/disposer.ts'
import type { EventMeta, Gap, Subscribed } from './subscription.ts'

declare const registryOf: unique symbol

/**
 * A channel as an app holds it: light, without state. It is subscribed while anyone listens.
 * All handles of one name share one subscription.
 */
export interface Channel<R extends AnyRegistry, K extends ChannelKey<R>> {
  /** The name on the wire, with the parameters filled in. */
  readonly name: string
  /** There in types alone: by their methods, a channel of one registry would pass as one of another. */
  readonly [registryOf]?: (registry: R) => R
  /**
   * Hears of each event of that name once, in log order. The undo ends it. A payload that does not fit its
   * schema goes to `onError` with the stage `payload` instead.
   */
  on<N extends HeardName<R, K>>(event: N, listener: (data: HeardData<R, K, N>, meta: EventMeta) => void): Undo
  /** Hears when continuity was lost, before anything newer: fetch again what the events would have told. */
  on(event: 'gap', listener: (gap: Gap) => void): Undo
  /**
   * Hears whenever the hub has accepted the subscription; if it is accepted already, at once, from within this call, when
   * the undo is not there yet.
   * What an app fetches from then on, together with the events, misses nothing.
   */
  on(event: 'subscribed', listener: (subscribed: Subscribed) => void): Undo
}

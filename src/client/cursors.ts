import type { ChannelKey, HeardData, HeardName, MessageInput, MessageName } from '../registry/infer.ts'
import type { AnyRegistry } from '../registry/registry.ts'
import { withDefaults } from '../shared/defaults.ts'
import type { Undo } from '../shared/disposer.ts'
import { toSyncError } from '../shared/errors.ts'
import type { Channel, UntypedChannel } from './channel.ts'
import { LatestTold, type Told } from './latest-told.ts'
import { throttle } from './throttle.ts'

/** The messages of a channel: what a cursor can be carried by. */
export type CursorName<R extends AnyRegistry, K extends ChannelKey<R>> = MessageName<R, K> & HeardName<R, K>

export interface CursorsOptions {
  /** How often at most this client tells where it is, in milliseconds. Default 100. */
  readonly throttleMs?: number | undefined
  /** How long after its last message the cursor of another client is forgotten, in milliseconds. Default 10,000. */
  readonly expireMs?: number | undefined
}

/** Where the others are on a channel. Made by {@link cursors}. */
export interface Cursors<Input, Output> {
  /** The last that each of the others told: the same array until that changes. Empty while nobody listens. */
  readonly cursors: readonly Told<Output>[]
  /** Hears after each change, and keeps the channel subscribed, until the undo is called. Bound. */
  readonly onChange: (listener: () => void) => Undo
  /**
   * Tells the others where this client is: the first at once, then the latest only, once every `throttleMs`. What does not fit its
   * schema goes to `onError`.
   */
  readonly move: (data: Input) => void
  /** Drops what waits to be told. */
  readonly cancel: () => void
}

export const cursorsDefaults = { throttleMs: 100, expireMs: 10_000 }

/** Where the others are on `channel`, carried by its message `message`: at most once, the latest only. */
export function cursors<R extends AnyRegistry, K extends ChannelKey<R>, N extends CursorName<R, K>>(
  channel: Channel<R, K>,
  message: N,
  options: CursorsOptions = {},
): Cursors<MessageInput<R, K, N>, HeardData<R, K, N>> {
  const { throttleMs, expireMs } = withDefaults(cursorsDefaults, options)
  const untyped = channel as unknown as UntypedChannel
  const { name, link } = untyped
  const told = new LatestTold<HeardData<R, K, N>>(untyped, { message, expireMs, keeps: () => true })
  const { push, cancel } = throttle<MessageInput<R, K, N>>(link.clock, throttleMs, (data) => {
    try {
      untyped.tell(message, data)
    } catch (error) {
      // Most are told from a timer, which has no author.
      link.report(toSyncError(error, 'bad_payload'), { stage: 'deliver', channel: name, event: message })
    }
  })
  return {
    get cursors() {
      return told.values
    },
    onChange: told.onChange,
    move: push,
    cancel,
  }
}

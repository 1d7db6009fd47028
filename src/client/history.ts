import type { ChannelKey, EventName, HeardName } from '../registry/infer.ts'
import type { AnyRegistry } from '../registry/registry.ts'
import type { AnyHeard, Channel, UntypedChannel } from './channel.ts'
import { eventOf, readPast, requireCount } from './past.ts'

/** Which entries of a channel's log are read: the newest `limit` of those below the offset `before`. */
export interface HistoryOptions {
  /** A whole number from 1. A hub may give less at once (`maxHistory`). Default 100. */
  readonly limit?: number | undefined
  /** Default: no bound. */
  readonly before?: number | undefined
  /** Settles it with `aborted`. */
  readonly signal?: AbortSignal | undefined
  /** How long to wait, in milliseconds. Default: the client's `requestTimeoutMs`. */
  readonly timeoutMs?: number | undefined
}

/** Retained events of a channel, oldest first. */
export interface History<R extends AnyRegistry, K extends ChannelKey<R>> {
  /** As a listener hears them, marked as `replayed`. What does not fit its schema is left out, and goes to `onError` with the stage `payload`. */
  readonly entries: readonly Extract<AnyHeard<R, K>, { event: EventName<R, K> & HeardName<R, K> }>[]
  /** What to ask for `before` to get older ones; `undefined` where none are retained. */
  readonly before: number | undefined
}

/**
 * Reads what a hub has retained of a channel's log. Whoever may subscribe may; it need not listen. Rejects as {@link Channel.request} does, and with
 * `bad_options`, `bad_frame`. Costs its bytes only in apps that import it.
 */
export async function history<R extends AnyRegistry, K extends ChannelKey<R>>(
  channel: Channel<R, K>,
  { limit = 100, before, ...options }: HistoryOptions = {},
): Promise<History<R, K>> {
  const untyped = channel as unknown as UntypedChannel
  requireCount('limit', limit, 1)
  requireCount('before', before ?? 0, 0)
  const query = before === undefined ? { limit } : { limit, before }
  const { epoch, entries, more } = await readPast(untyped, query, options)
  const events = entries.flatMap((entry) => eventOf(untyped, entry, epoch) ?? [])
  return { entries: events as never, before: more ? entries[0]?.[0] : undefined }
}

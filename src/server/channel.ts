import type { Broadcaster } from '../broadcasters/broadcaster.ts'
import type { ChannelKey, EventInput, EventName } from '../registry/infer.ts'
import type { AnyRegistry } from '../registry/registry.ts'
import type { Schema } from '../registry/schema.ts'
import { toWire } from '../registry/to-wire.ts'
import type { Clock } from '../shared/clock.ts'
import { SyncError } from '../shared/errors.ts'
import type { Position } from '../shared/position.ts'
import { encodeBody } from './fan-out.ts'

export interface PublishOptions {
  /**
   * The public id of the client that caused it (`client.id` there): that client gets the event with `meta.own`. It may
   * come straight from a request's header; what has not the form of a public id is as if it were not given.
   */
  readonly from?: string | undefined
}

/** A channel as the server holds it. */
export interface HubChannel<R extends AnyRegistry, K extends ChannelKey<R>> {
  /** The name on the wire, with the parameters filled in. */
  readonly name: string
  /**
   * Appends an event to the channel's log, which tells all who subscribe. Resolves to its position. Rejects
   * with `bad_payload`, `async_schema`, `unknown_event`, or `unavailable` when the broadcaster cannot take it.
   * What the schema strips does not travel.
   */
  publish<N extends EventName<R, K>>(
    event: N,
    data: EventInput<R, K, N>,
    options?: PublishOptions,
  ): Promise<Position>
}

export interface ChannelParts {
  readonly name: string
  readonly schemas: Readonly<Record<string, Schema>>
  readonly broadcaster: Broadcaster
  readonly clock: Clock
}

/** Publishes one event: validated, reduced to what may travel, encoded once. */
export async function publish(
  { name: channel, schemas, broadcaster, clock }: ChannelParts,
  { event, data }: { event: string; data: unknown },
  { from }: PublishOptions = {},
): Promise<Position> {
  if (!Object.hasOwn(schemas, event)) {
    throw new SyncError('unknown_event', `Channel "${channel}" has no event "${event}"`)
  }
  const body = encodeBody({
    time: clock.now(),
    sender: senderOf(from),
    name: event,
    data: toWire(schemas[event]!, data),
  })
  return broadcaster.append(channel, body)
}

/** A header is whatever a stranger sent: everyone would get it, so only what could be an id passes. */
function senderOf(from: string | undefined): string | null {
  return from !== undefined && /^[\w-]{16}$/.test(from) ? from : null
}

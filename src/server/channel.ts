import type { Appended, Broadcaster } from '../broadcasters/broadcaster.ts'
import type { ChannelDefinition } from '../registry/channel.ts'
import type {
  ChannelKey,
  EventInput,
  EventName,
  MessageInput,
  MessageName,
  PresenceOutput,
} from '../registry/infer.ts'
import type { AnyRegistry } from '../registry/registry.ts'
import { toWire } from '../registry/to-wire.ts'
import { SyncError } from '../shared/errors.ts'
import { ownEntry } from '../shared/own-entry.ts'
import type { Position } from '../shared/position.ts'
import type { Diagnostics } from './diagnostics.ts'
import { decodeBody, encodeBody } from './fan-out.ts'
import { type HistoryQuery, readHistory } from './history.ts'
import { tellRoom } from './messages.ts'
import type { HubSettings } from './options.ts'
import type { Presence, PresenceCount, PresenceList } from './presence.ts'
import type { Rooms } from './rooms.ts'
import { isLarger } from './size.ts'

export interface PublishOptions {
  /**
   * The public id of the client that caused it (`client.id` there): that client gets the event with `meta.own`. It may
   * come straight from a request's header; what has not the form of a public id is as if it were not given.
   */
  readonly from?: string | undefined
  /**
   * Names what is published, such as the id of a row in an outbox table: published again with the same key within ten minutes, nothing is
   * appended, and the position of the first time is the answer.
   */
  readonly key?: string | undefined
}

export interface TellOptions {
  /** Only the client with this public id. Default: all who subscribe. */
  readonly to?: string | undefined
}

/** Retained events of a channel, oldest first. */
export interface HubHistory<R extends AnyRegistry, K extends ChannelKey<R>> {
  readonly entries: readonly HubHistoryEntry<R, K>[]
  /** Whether older ones are retained. */
  readonly more: boolean
}

export interface HubHistoryEntry<R extends AnyRegistry, K extends ChannelKey<R>> {
  readonly event: EventName<R, K>
  /** What travelled: the input of the event's schema, reduced to what it lets through. */
  readonly data: unknown
  readonly position: Position
  /** The hub's clock when it was published, in milliseconds since 1970. */
  readonly time: number
  /** The public id of the client that caused it, or `null`. */
  readonly sender: string | null
}

/** A channel as the server holds it. */
export interface HubChannel<R extends AnyRegistry, K extends ChannelKey<R>> {
  /** The name on the wire, with the parameters filled in. */
  readonly name: string
  /**
   * Appends an event to the channel's log, which tells all who subscribe. Resolves to its position. Rejects
   * with `bad_payload`, `async_schema`, `unknown_event`, `too_large`, or `unavailable` when the broadcaster cannot take it.
   * What the schema strips does not travel.
   */
  publish<N extends EventName<R, K>>(
    event: N,
    data: EventInput<R, K, N>,
    options?: PublishOptions,
  ): Promise<Position>
  /**
   * Sends a message to all who subscribe, or to one of them, unlogged: who is not there, or is congested, misses it. Returns to how many sessions of
   * this node it went. Throws `bad_payload`, `async_schema`, `unknown_event` or `too_large`.
   */
  tell<N extends MessageName<R, K>>(message: N, data: MessageInput<R, K, N>, options?: TellOptions): number
  /** Where the log stands: read before the rows that a client fetches, it is the client's `since`. */
  position(): Promise<Position>
  /** The newest retained events, `limit` (default 100) of those below the offset `before`. */
  history(query?: Partial<HistoryQuery>): Promise<HubHistory<R, K>>
  /** Who is present, oldest first. */
  presence(): Promise<PresenceList<PresenceOutput<R, K>>>
  /** How many are present, as members and as users. */
  count(): Promise<PresenceCount>
}

export interface ChannelParts {
  readonly broadcaster: Broadcaster
  readonly settings: Pick<HubSettings, 'clock' | 'maxBufferedBytes'>
  readonly diagnostics: Diagnostics
  readonly rooms: Pick<Rooms, 'get'>
  readonly presence: Pick<Presence, 'list' | 'count'>
}

/** What is published, of any channel. */
export interface Publication {
  readonly event: string
  readonly data: unknown
  readonly options?: PublishOptions | undefined
}

/** One channel, of which the types of its registry are not known. */
export class ServerChannel {
  readonly name: string
  readonly #definition: ChannelDefinition
  readonly #parts: ChannelParts

  constructor(name: string, definition: ChannelDefinition, parts: ChannelParts) {
    this.name = name
    this.#definition = definition
    this.#parts = parts
  }

  /** Validated, reduced to what may travel, encoded once. */
  async publish({ event, data, options = {} }: Publication): Promise<Position> {
    const { settings, broadcaster } = this.#parts
    const { events, clientEvents } = this.#definition.spec
    const schema = ownEntry(events, event) ?? ownEntry(clientEvents, event)
    if (!schema) throw new SyncError('unknown_event', `Channel "${this.name}" has no event "${event}"`)
    const body = encodeBody({
      time: settings.clock.now(),
      sender: senderOf(options.from),
      name: event,
      data: toWire(schema, data),
    })
    this.#requireRoomFor(body)
    const { key } = options
    const appended = await broadcaster.append(this.name, body, key === undefined ? undefined : { key })
    if (this.#parts.diagnostics.isHeard && !appended.duplicate) this.#note(event, body, appended)
    return { epoch: appended.epoch, offset: appended.offset, tag: appended.tag }
  }

  tell(name: string, data: unknown, { to }: TellOptions = {}): number {
    const schema = ownEntry(this.#definition.spec.messages, name)
    if (!schema) throw new SyncError('unknown_event', `Channel "${this.name}" has no message "${name}"`)
    const message = { name, data: toWire(schema, data), sender: null }
    this.#requireRoomFor(JSON.stringify(message.data))
    const room = this.#parts.rooms.get(this.name)
    return room ? tellRoom(room, message, (session) => to === undefined || session.id === to) : 0
  }

  /** What is larger would cut off all who hear it; those who come back for what they missed, again and again. */
  #requireRoomFor(text: string): void {
    const { maxBufferedBytes } = this.#parts.settings
    if (!isLarger(text, maxBufferedBytes)) return
    const bytes = Buffer.byteLength(text)
    throw new SyncError('too_large', `It has ${bytes} bytes, and ${maxBufferedBytes} may wait unsent`)
  }

  async position(): Promise<Position> {
    return (await this.#parts.broadcaster.read(this.name)).top
  }

  async history({ limit = 100, before }: Partial<HistoryQuery> = {}) {
    if (!Number.isSafeInteger(limit) || limit < 1)
      throw new SyncError('bad_options', `"limit" is ${limit}: give a whole number from 1`)
    const { top, entries, more } = await readHistory(this.#parts.broadcaster, this.name, { limit, before })
    const read = entries.map(({ offset, tag, body }) => {
      const { name, data, time, sender } = decodeBody(body)
      return { event: name, data, time, sender, position: { epoch: top.epoch, offset, tag } }
    })
    return { entries: read, more }
  }

  async presence(): Promise<PresenceList> {
    return this.#parts.presence.list(this.name)
  }

  async count(): Promise<PresenceCount> {
    return this.#parts.presence.count(this.name)
  }

  #note(name: string, body: string, { offset }: Appended): void {
    const { diagnostics } = this.#parts
    const by = { client: undefined, user: undefined }
    diagnostics.note('publish', { channel: this.name, name, offset, bytes: body.length, ...by })
  }
}

/** A header is whatever a stranger sent: everyone would get it, so only what could be an id passes. */
function senderOf(from: string | undefined): string | null {
  return from !== undefined && /^[\w-]{16}$/.test(from) ? from : null
}

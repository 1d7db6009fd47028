import type {
  DiffFrame,
  EvFrame,
  GapReason,
  MembersFrame,
  SubscribedOptions,
  ToldFrame,
  WirePosition,
} from '../protocol/frames.ts'
import { toPosition } from '../protocol/position.ts'
import type { ChannelDefinition } from '../registry/channel.ts'
import type { Schema } from '../registry/schema.ts'
import { validate } from '../registry/validate.ts'
import type { Clock } from '../shared/clock.ts'
import type { Undo } from '../shared/disposer.ts'
import { SyncError, toSyncError } from '../shared/errors.ts'
import { Listeners } from '../shared/listeners.ts'
import { createMachine } from '../shared/machine.ts'
import { ownEntry } from '../shared/own-entry.ts'
import type { Position } from '../shared/position.ts'
import type { ErrorContext, ErrorStage } from '../shared/report.ts'
import type { Note } from './diagnostics.ts'
import { type SubscriptionState, subscriptionStates } from './subscription-states.ts'

/** What came with a message. */
export interface MessageMeta {
  /** The channel's name on the wire. */
  readonly channel: string
  /** The public id of the client that caused it, `null` when none was named. */
  readonly sender: string | null
  /** Whether this client caused it. */
  readonly own: boolean
}

/** What came with an event. */
export interface EventMeta extends MessageMeta {
  readonly position: Position
  /** The hub's wall clock when it was published, in milliseconds since 1970. */
  readonly time: number
  /** Whether it was read from the log: it was missed, or is from before the listener. */
  readonly replayed: boolean
}

/** Continuity could not be proven: what was missed is unknown, and `position` is where it goes on. */
export interface Gap {
  readonly reason: GapReason
  readonly position: Position
}

/** The hub has accepted the subscription: what is fetched from now on misses nothing that the events tell. */
export interface Subscribed {
  /** Where it goes on from. */
  readonly position: Position
  /**
   * `null` the first time that this listener hears of it; afterwards `true` after an interruption in which nothing was
   * missed, `false` after one with a gap.
   */
  readonly recovered: boolean | null
}

/** What subscriptions need of their client. */
export interface ClientLink {
  readonly isOnline: boolean
  /** This client's public id, once known. */
  readonly id: string | undefined
  readonly clock: Clock
  /** Whether an event that the registry does not know is reported. */
  readonly unknownEvents: 'ignore' | 'error'
  /** How long to wait before the `attempt`-th try, in milliseconds. */
  delayMs(attempt: number): number
  report(error: SyncError, context: ErrorContext): void
  readonly note: Note
}

/** How a subscription speaks to the hub. */
export interface Membership {
  /** Asks for the channel; the answer will bear the reference that is returned. */
  join(subscription: Subscription, since: WirePosition | undefined): number
  /** Tells that the channel is not wanted any more. */
  leave(subscription: Subscription): void
}

/** A channel, and what travels on it. */
export interface ChannelName {
  readonly name: string
  readonly definition: ChannelDefinition
}

/** What a listener for everything listens to; no event can be called so. */
export const anyEvent = '*'

/** What a listener for the frames of presence listens to; it is handed the {@link ClientLink}, too. */
export const presenceEvent = '#'

/** One channel on the wire, for all of its listeners here: keeps the position, and hands on in log order. */
export class Subscription {
  readonly name: string
  readonly #events: Readonly<Record<string, Schema>>
  readonly #messages: Readonly<Record<string, Schema>> | undefined
  readonly #link: ClientLink
  readonly #membership: Membership
  readonly #listeners = new Listeners((error, event) => {
    this.#report(toSyncError(error, 'listener_failed'), 'listener', event)
  })
  readonly #machine = createMachine(subscriptionStates, 'waiting', (to, from) => this.#moved(to, from))
  #position: WirePosition | undefined
  #ref: number | undefined
  #replaying = false
  /** How often in a row it was refused, and the timer that tries again. */
  #refusals = 0
  #cancelRetry: Undo | undefined

  constructor({ name, definition }: ChannelName, link: ClientLink, membership: Membership) {
    this.name = name
    const { events, clientEvents, messages } = definition.spec
    this.#events = { ...events, ...clientEvents }
    this.#messages = messages
    this.#link = link
    this.#membership = membership
  }

  /** Whether entries may be handed to it: not before the hub's answer, nor after a hole. */
  get isLive(): boolean {
    return this.#machine.state === 'live'
  }

  /**
   * Adds a listener; `gap` hears of lost continuity, `subscribed` of each acceptance and the present one, and
   * {@link anyEvent} of all events and messages. The hub says who is present when it is asked for the channel, so {@link presenceEvent}
   * has it asked again.
   */
  listen(event: string, listener: (...args: never[]) => unknown): Undo {
    if (event === presenceEvent) this.#machine.send('broken')
    if (event !== 'subscribed') return this.#listeners.on(event, listener)
    let isFirst = true
    const tell = (position: Position, recovered: boolean | null) => {
      const subscribed: Subscribed = { position, recovered: isFirst ? null : recovered }
      isFirst = false
      return listener(subscribed as never)
    }
    return this.#listeners.on(event, tell, this.isLive ? toPosition(this.#position!) : undefined)
  }

  /** There is a connection: joins, or tries again after a refusal. */
  online(): void {
    this.#machine.send('online')
  }

  /** Somebody new listens while there is a connection; a retry that is due keeps its turn. */
  wanted(): void {
    if (this.#machine.state !== 'refused' || !this.#refusals) this.online()
  }

  offline(): void {
    this.#machine.send('offline')
  }

  leave(): void {
    this.#machine.send('leave')
    this.#listeners.clear()
  }

  /** The hub's answer to the request `ref`; one to an older request than the last changes nothing. */
  accepted(ref: number, options: SubscribedOptions): boolean {
    if (ref !== this.#ref || this.#machine.state !== 'joining') return false
    this.#replaying = true
    const { position, recovered, reason } = options
    if (recovered === false) this.gap(reason ?? 'retention', position)
    else this.#position ??= position
    // The gap is told first, and whoever heard of it may have ended all this.
    if (!this.#machine.send('accepted')) return false
    this.#link.note('subscribed', { channel: this.name, recovered })
    if (recovered) this.#link.note('recovered', { channel: this.name })
    this.#listeners.emit('subscribed', toPosition(this.#position!), recovered)
    this.#refusals = 0
    return true
  }

  /** The hub refused the request `ref`, or without one, ended what it had accepted. */
  refused(error: SyncError, ref = this.#ref): void {
    if (ref !== this.#ref || !this.#machine.send('refused')) return
    this.#refusals = error.retryable ? this.#refusals + 1 : 0
    const { clock, delayMs } = this.#link
    const again = () => {
      if (this.#link.isOnline) this.online()
    }
    if (this.#refusals) {
      const ms = delayMs(this.#refusals)
      // The app's own delay may have ended all this.
      if (this.#machine.state === 'refused') this.#cancelRetry = clock.after(ms, again)
    }
    this.#report(error, 'subscribe')
  }

  /** Replay is over. */
  live(): void {
    this.#replaying = false
  }

  /** Continuity was lost; without a position, it goes on from the present one. */
  gap(reason: GapReason, position = this.#position!): void {
    this.#position = position
    this.#link.note('gap', { channel: this.name, reason })
    this.#listeners.emit('gap', { reason, position: toPosition(position) } satisfies Gap)
  }

  /** Hands an entry on if it follows the last one; otherwise joins again, and the hub proves or refuses. */
  entry([, , offset, tag, previous, time, sender, event, data]: EvFrame): void {
    const [epoch, at, last] = this.#position!
    if (offset === at && tag === last) return
    if (offset !== at + 1 || previous !== last) {
      this.#machine.send('broken')
      return
    }
    this.#position = [epoch, offset, tag]
    // One literal: spread together, the hottest objects of a client cost as much as all the rest.
    this.#emit(ownEntry(this.#events, event), [event, data], {
      channel: this.name,
      sender,
      own: this.#isOwn(sender),
      position: { epoch, offset, tag },
      time,
      replayed: this.#replaying,
    })
  }

  /** Hands a message on, which has no place in the log. */
  told([, , name, data, sender]: ToldFrame): void {
    const meta: MessageMeta = { channel: this.name, sender, own: this.#isOwn(sender) }
    this.#emit(ownEntry(this.#messages, name), [name, data], meta)
  }

  /** Hands on who is present, or what has changed of it. */
  members(frame: MembersFrame | DiffFrame): void {
    this.#listeners.emit(presenceEvent, frame, this.#link)
  }

  #isOwn(sender: string | null): boolean {
    return sender !== null && sender === this.#link.id
  }

  #emit(schema: Schema | undefined, [event, data]: [string, unknown], meta: MessageMeta | EventMeta): void {
    this.#link.note('received', { channel: this.name, name: event })
    if (!schema) {
      // It may be one of a later version.
      if (this.#link.unknownEvents === 'ignore') return
      this.#report(new SyncError('unknown_event', 'Not in the registry'), 'payload', event)
      return
    }
    let output: unknown
    try {
      output = validate(schema, data)
    } catch (error) {
      this.#report(toSyncError(error, 'bad_payload'), 'payload', event)
      return
    }
    this.#listeners.emit(event, output, meta)
    if (this.#listeners.has(anyEvent)) this.#listeners.emit(anyEvent, { event, data: output, meta })
  }

  #moved(to: SubscriptionState, from: SubscriptionState): void {
    if (from === 'refused') this.#cancelRetry?.()
    if (to === 'joining') {
      this.#ref = this.#membership.join(this, this.#position)
    } else if (to === 'left' && (from === 'joining' || from === 'live')) this.#membership.leave(this)
  }

  #report(error: SyncError, stage: ErrorStage, event?: string): void {
    this.#link.report(error, { stage, channel: this.name, event })
  }
}

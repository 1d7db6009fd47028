import type { ClientFrame, GapReason, SubscribedFrame, WirePosition } from '../protocol/frames.ts'
import type { Undo } from '../shared/disposer.ts'
import { SyncError } from '../shared/errors.ts'
import { type ChannelName, type ClientLink, type Membership, Subscription } from './subscription.ts'

interface Shared {
  readonly subscription: Subscription
  listeners: number
  /** Cancels the leaving that is due, while nobody listens. */
  linger?: Undo | undefined
}

/** One listener's registration. */
export interface ListenRequest extends ChannelName {
  readonly event: string
  readonly listener: (...args: never[]) => unknown
}

/** What all subscriptions together need of their client. */
export interface SubscriptionsLink extends ClientLink {
  readonly lingerMs: number
  /** A number that this client has not used for any frame. */
  nextRef(): number
  send(frame: ClientFrame): void
}

/** All subscriptions of one client: by name while anyone listens, and by channel number while joined. */
export class Subscriptions implements Membership {
  readonly #byName = new Map<string, Shared>()
  readonly #byRef = new Map<number, Subscription>()
  readonly #byNumber = new Map<number, Subscription>()
  readonly #link: SubscriptionsLink
  #isClosed = false

  constructor(link: SubscriptionsLink) {
    this.#link = link
  }

  join(subscription: Subscription, since: WirePosition | undefined): number {
    const ref = this.#link.nextRef()
    this.#byRef.set(ref, subscription)
    this.#link.send(since ? ['sub', ref, subscription.name, { since }] : ['sub', ref, subscription.name])
    return ref
  }

  leave(subscription: Subscription): void {
    this.#link.send(['unsub', this.#link.nextRef(), subscription.name])
  }

  /** Adds a listener; the channel is joined with the first one and left, after the linger, with the last one. */
  listen({ event, listener, ...channel }: ListenRequest): Undo {
    const { name } = channel
    if (this.#isClosed) {
      this.#link.report(new SyncError('closed', 'The client is closed'), {
        stage: 'subscribe',
        channel: name,
        event,
      })
      return () => {}
    }
    let shared = this.#byName.get(name)
    if (!shared) {
      shared = { subscription: new Subscription(channel, this.#link, this), listeners: 0 }
      this.#byName.set(name, shared)
    }
    const held = shared
    held.linger?.()
    held.linger = undefined
    held.listeners++
    let undo: Undo | undefined = held.subscription.listen(event, listener)
    if (this.#link.isOnline) held.subscription.wanted()
    return () => {
      if (!undo) return
      undo()
      undo = undefined
      this.#release(held)
    }
  }

  online(): void {
    for (const { subscription } of [...this.#byName.values()]) {
      // Whoever heard of the one before may have let go of the connection.
      if (this.#link.isOnline) subscription.online()
    }
  }

  offline(): void {
    this.#byNumber.clear()
    this.#byRef.clear()
    for (const { subscription } of [...this.#byName.values()]) subscription.offline()
  }

  subscribed([, ref, cid, options]: SubscribedFrame): void {
    const subscription = this.#take(ref)
    if (subscription?.accepted(ref, options)) this.#byNumber.set(cid, subscription)
  }

  refused(ref: number, error: SyncError): void {
    this.#take(ref)?.refused(error, ref)
  }

  /** The hub has ended the subscription with this channel number; `error` says why, unless it was asked to. */
  ended(cid: number, error: SyncError | undefined): void {
    const subscription = this.#byNumber.get(cid)
    this.#byNumber.delete(cid)
    if (error) subscription?.refused(error)
  }

  /** The live subscription with this channel number. Late frames of one that was left find none. */
  at(cid: number): Subscription | undefined {
    const subscription = this.#byNumber.get(cid)
    return subscription?.isLive ? subscription : undefined
  }

  /** A listener of this channel has lost continuity. */
  lost(name: string, reason: GapReason): void {
    this.#byName.get(name)?.subscription.gap(reason)
  }

  close(): void {
    this.#isClosed = true
    for (const { subscription, linger } of this.#byName.values()) {
      linger?.()
      subscription.leave()
    }
    this.#byName.clear()
    this.#byRef.clear()
    this.#byNumber.clear()
  }

  #take(ref: number): Subscription | undefined {
    const subscription = this.#byRef.get(ref)
    this.#byRef.delete(ref)
    return subscription
  }

  #release(shared: Shared): void {
    shared.listeners--
    const { subscription } = shared
    if (shared.listeners > 0 || this.#byName.get(subscription.name) !== shared) return
    shared.linger = this.#link.clock.after(this.#link.lingerMs, () => {
      this.#byName.delete(subscription.name)
      subscription.leave()
    })
  }
}

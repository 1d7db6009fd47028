import type { SubFrame, SubOptions, SubscribedOptions, UnsubFrame, WirePosition } from '../protocol/frames.ts'
import { type AnyRegistry, resolveName } from '../registry/registry.ts'
import { isSyncError, SyncError } from '../shared/errors.ts'
import type { HubSettings } from './options.ts'
import type { Room, Rooms } from './rooms.ts'
import type { Served } from './served.ts'
import type { Session } from './session.ts'

/** One attempt of a session to hold a channel. A newer one replaces it, and its late steps change nothing. */
interface Membership {
  readonly ref: number
  room?: Room
  isGranted: boolean
}

interface Attempt {
  readonly session: Session
  readonly name: string
  readonly membership: Membership
  readonly options: SubOptions | undefined
}

export interface MembershipParts {
  readonly registry: AnyRegistry
  readonly served: Served
  readonly rooms: Rooms
  readonly settings: HubSettings
}

/** Which session holds which channel: asks the app, follows the log, and answers. */
export class Memberships {
  readonly #parts: MembershipParts
  /** What each session holds, asked for or granted, by channel name. */
  readonly #held = new WeakMap<Session, Map<string, Membership>>()
  /** What is being decided for each session, by channel name. */
  readonly #decisions = new WeakMap<Session, Map<string, Promise<void>>>()

  constructor(parts: MembershipParts) {
    this.#parts = parts
  }

  /** Answers a `sub` frame, exactly once, with `subscribed` or `err`. */
  async subscribe(session: Session, [, ref, name, options]: SubFrame): Promise<void> {
    this.#drop(session, name)
    // The answer to a replaced request may have been one too many for a slow consumer.
    if (session.machine.state === 'closed') return
    const { maxChannels } = this.#parts.settings
    if (this.#others(session, name) >= maxChannels) {
      session.refuse(
        ref,
        new SyncError('limit_exceeded', `${maxChannels} channels are held or asked for already`),
      )
      return
    }
    const membership: Membership = { ref, isGranted: false }
    this.#heldBy(session).set(name, membership)
    const decisions = this.#decisionsOf(session)
    // One at a time for each name, so that a client that asks in a loop does not make the app decide in parallel.
    const decision = this.#decide({ session, name, membership, options }, decisions.get(name))
    decisions.set(name, decision)
    await decision
    if (decisions.get(name) === decision) decisions.delete(name)
  }

  async #decide({ session, name, membership, options }: Attempt, before?: Promise<void>): Promise<void> {
    const held = this.#heldBy(session)
    const isCurrent = () => held.get(name) === membership
    try {
      if (before) await before
      // Replaced or given up in the meantime: the answer has been sent then.
      if (!isCurrent()) return
      await this.#inTime(this.#admit(session, name))
      if (!isCurrent()) return
      membership.room = this.#parts.rooms.hold(name)
      await this.#inTime(membership.room.ready)
      if (isCurrent()) this.#grant(session, membership, options?.since)
    } catch (error) {
      if (!isCurrent()) return
      this.#forget(session, name)
      this.#fail(session, { ...membership, name }, error)
    }
  }

  /** How many other channels a session holds or waits for; one that it gave up counts until the app has decided. */
  #others(session: Session, name: string): number {
    const held = this.#heldBy(session)
    let count = held.size
    for (const asked of this.#decisionsOf(session).keys()) if (asked !== name && !held.has(asked)) count++
    return count
  }

  /** Fails what takes too long: nobody may be kept waiting for ever, nor who asks after them. */
  #inTime<T>(work: Promise<T>): Promise<T> {
    const { clock, decisionTimeoutMs } = this.#parts.settings
    return new Promise((resolve, reject) => {
      const cancel = clock.after(decisionTimeoutMs, () => {
        reject(new SyncError('unavailable', `Not decided in ${decisionTimeoutMs} ms`))
      })
      work.then(resolve, reject).finally(cancel)
    })
  }

  /** Answers an `unsub` frame with `unsubscribed`; one for a channel that is not held has no number. */
  unsubscribe(session: Session, [, ref, name]: UnsubFrame): void {
    const held = this.#heldBy(session).get(name)
    const cid = held?.isGranted ? (held.room?.cid ?? null) : null
    this.#drop(session, name)
    session.send(['unsubscribed', cid, ref])
  }

  /** Gives back all that a session holds. */
  releaseAll(session: Session): void {
    for (const name of [...this.#heldBy(session).keys()]) this.#forget(session, name)
  }

  #heldBy(session: Session): Map<string, Membership> {
    return ofSession(this.#held, session)
  }

  #decisionsOf(session: Session): Map<string, Promise<void>> {
    return ofSession(this.#decisions, session)
  }

  async #admit(session: Session, name: string): Promise<void> {
    const found = resolveName(this.#parts.registry, name)
    if (!found) {
      throw new SyncError('unknown_channel', `No channel of this registry is named "${name.slice(0, 100)}"`)
    }
    await this.#parts.served.authorize({ key: found.key, params: found.params, user: session.user! })
  }

  #grant(session: Session, membership: Membership, since: WirePosition | undefined): void {
    const { cid, position, sessions } = membership.room!
    const top: WirePosition = [position.epoch, position.offset, position.tag]
    membership.isGranted = true
    session.send(['subscribed', membership.ref, cid, recovery(top, since)])
    session.send(['live', cid])
    // The answer may have been one too many: then all was given back just now.
    if (session.machine.state !== 'closed') sessions.add(session)
  }

  /** Ends what a session holds, or has asked for, under this name; an unanswered request is answered. */
  #drop(session: Session, name: string): void {
    const old = this.#heldBy(session).get(name)
    this.#forget(session, name)
    if (old && !old.isGranted) {
      session.refuse(old.ref, new SyncError('aborted', 'Replaced or given up before it was granted'))
    }
  }

  #forget(session: Session, name: string): void {
    const old = this.#heldBy(session).get(name)
    this.#heldBy(session).delete(name)
    if (!old?.room) return
    old.room.sessions.delete(session)
    this.#parts.rooms.release(old.room)
  }

  /** Answers with the error, and reports what is no mere refusal. */
  #fail(session: Session, { ref, name, room }: Membership & { name: string }, error: unknown): void {
    const known = isSyncError(error)
      ? error
      : new SyncError('unavailable', 'The log of this channel cannot be followed now', { cause: error })
    session.refuse(ref, known)
    if (!known.retryable) return
    const stage = room ? 'deliver' : 'authorize'
    this.#parts.settings.onError(known, { stage, client: session.id, channel: name })
  }
}

function ofSession<T>(maps: WeakMap<Session, Map<string, T>>, session: Session): Map<string, T> {
  const map = maps.get(session) ?? new Map<string, T>()
  maps.set(session, map)
  return map
}

/**
 * What is said of a client's own position. This hub does not replay yet: it recovers whoever has missed nothing,
 * and tells everyone else that something may be missing.
 */
function recovery(top: WirePosition, since: WirePosition | undefined): SubscribedOptions {
  if (!since) return { position: top, recovered: null }
  if (since.every((part, i) => part === top[i])) return { position: top, recovered: true }
  if (since[0] !== top[0]) return { position: top, recovered: false, reason: 'epoch' }
  return { position: top, recovered: false, reason: since[1] < top[1] ? 'retention' : 'rollback' }
}

import type { SubFrame, SubOptions, UnsubFrame, WirePosition } from '../protocol/frames.ts'
import { isSyncError, SyncError, toSyncError } from '../shared/errors.ts'
import type { Diagnostics } from './diagnostics.ts'
import { inTime, undecided } from './in-time.ts'
import type { HubSettings } from './options.ts'
import type { Presence } from './presence.ts'
import { type Outcome, recover, standing } from './recovery.ts'
import { actorOf, type Report, toPosition } from './refusals.ts'
import { type ReplayParts, replay } from './replay.ts'
import type { Room, Rooms } from './rooms.ts'
import type { Served, ServedChannel } from './served.ts'
import type { Session } from './session.ts'

/** One attempt of a session to hold a channel. A newer one replaces it, and its late steps change nothing. */
export interface HeldChannel {
  readonly ref: number
  room: Room | undefined
  /** Whether it has been answered. */
  isDecided: boolean
  isGranted: boolean
}

interface Attempt {
  readonly session: Session
  readonly name: string
  readonly membership: HeldChannel
  readonly options: SubOptions | undefined
}

export interface MembershipParts {
  readonly served: Served
  readonly rooms: Rooms
  readonly settings: HubSettings
  readonly diagnostics: Diagnostics
  readonly report: Report
  readonly presence: Pick<Presence, 'greet'>
}

/** In UTF-16 code units; no pattern with values of 256 writes a longer one. What is kept of an attempt is its name. */
const longestName = 16_384

/** Which session holds which channel: asks the app, follows the log, and answers. */
export class Memberships {
  readonly #parts: MembershipParts
  /** What is being decided for each session, by channel name. */
  readonly #decisions = new WeakMap<Session, Map<string, Promise<void>>>()

  constructor(parts: MembershipParts) {
    this.#parts = parts
  }

  /** Answers a `sub` frame, exactly once, with `subscribed` or `err`. */
  async subscribe(session: Session, [, ref, name, options]: SubFrame): Promise<void> {
    if (name.length > longestName) {
      this.#refuse(session, { ref, name }, new SyncError('unknown_channel', 'No channel has so long a name'))
      return
    }
    this.#drop(session, name)
    // The answer to a replaced request may have been one too many for a slow consumer.
    if (session.machine.state === 'closed') return
    const { maxChannels } = this.#parts.settings
    if (this.#others(session, name) >= maxChannels) {
      this.#refuse(
        session,
        { ref, name },
        new SyncError('limit_exceeded', `${maxChannels} channels are held or asked for already`),
      )
      return
    }
    const membership: HeldChannel = { ref, room: undefined, isDecided: false, isGranted: false }
    session.held.set(name, membership)
    const before = this.#decisions.get(session)?.get(name)
    // One at a time for each name, so that a client that asks in a loop does not make the app decide in parallel.
    const decision = this.#decide({ session, name, membership, options }, before)
    // Nothing had to be waited for.
    if (membership.isDecided) return
    const decisions = this.#decisionsOf(session)
    decisions.set(name, decision)
    await decision
    if (decisions.get(name) === decision) decisions.delete(name)
  }

  async #decide({ session, name, membership, options }: Attempt, before?: Promise<void>): Promise<void> {
    const { served, rooms } = this.#parts
    const isCurrent = () => session.held.get(name) === membership
    try {
      if (before) await before
      // Replaced or given up in the meantime: the answer has been sent then.
      if (!isCurrent()) return
      const channel = served.find(name)
      const check = served.authorize({ session, channel, action: 'subscribe' })
      if (check) await check
      if (!isCurrent()) return
      membership.room = rooms.hold(name)
      if (!membership.room.isReady) await this.#inTime(membership.room.ready)
      if (!isCurrent()) return
      const grant = (outcome: Outcome) => this.#grant({ session, membership, channel }, outcome)
      // Nothing of the log is read where nothing can be missing.
      const at = standing(membership.room.position, options)
      if (at) grant(at)
      else {
        const recovery = { log: membership.room.log!, options: options!, isCurrent }
        await recover(recovery, (work) => this.#inTime(work), grant)
      }
      membership.isDecided = true
    } catch (cause) {
      membership.isDecided = true
      if (!isCurrent()) return
      this.#forget(session, name)
      this.#fail(session, { ...membership, name }, cause)
    }
  }

  /** How many other channels a session holds or waits for; one that it gave up counts until the app has decided. */
  #others(session: Session, name: string): number {
    const { held } = session
    let count = held.size
    const decisions = this.#decisions.get(session)
    if (decisions) for (const asked of decisions.keys()) if (asked !== name && !held.has(asked)) count++
    return count
  }

  #inTime<T>(work: Promise<T>): Promise<T> {
    const { clock, decisionTimeoutMs } = this.#parts.settings
    return inTime(work, { clock, ms: decisionTimeoutMs, late: undecided }) as Promise<T>
  }

  /** Answers an `unsub` frame with `unsubscribed`; one for a channel that is not held has no number. */
  unsubscribe(session: Session, [, ref, name]: UnsubFrame): void {
    const held = session.held.get(name)
    const cid = held?.isGranted ? (held.room?.cid ?? null) : null
    this.#drop(session, name)
    session.send(['unsubscribed', cid, ref])
  }

  /** Gives back all that a session holds. */
  releaseAll(session: Session): void {
    for (const name of [...session.held.keys()]) this.#forget(session, name)
  }

  #decisionsOf(session: Session): Map<string, Promise<void>> {
    let decisions = this.#decisions.get(session)
    if (!decisions) {
      decisions = new Map()
      this.#decisions.set(session, decisions)
    }
    return decisions
  }

  #grant(
    { session, membership, channel }: { session: Session; membership: HeldChannel; channel: ServedChannel },
    { position, recovered, reason, entries }: Outcome,
  ): void {
    const { presence, diagnostics } = this.#parts
    const { ref } = membership
    const room = membership.room!
    const at: WirePosition = toPosition(position)
    membership.isGranted = true
    session.send([
      'subscribed',
      ref,
      room.cid,
      reason ? { position: at, recovered, reason } : { position: at, recovered },
    ])
    // The answer may have been one too many: then all was given back just now.
    const isCurrent = () => session.held.get(room.name) === membership
    if (diagnostics.isHeard && isCurrent())
      diagnostics.note('subscribe', { ...actorOf(session), channel: room.name })
    const live = () => session.send(['live', room.cid])
    const done = () => {
      if (channel.definition.spec.presence) presence.greet(session, room)
      if (isCurrent()) room.sessions.add(session)
    }
    replay({ session, room, entries, isCurrent, live, done }, this.#replayParts())
  }

  #replayParts(): ReplayParts {
    const { rooms, settings } = this.#parts
    const { clock, maxBufferedBytes } = settings
    return { rooms, clock, maxWaitingBytes: maxBufferedBytes / 2, maxMeantimeBytes: maxBufferedBytes }
  }

  /** Ends what a session holds, or has asked for, under this name; an unanswered request is answered. */
  #drop(session: Session, name: string): void {
    const old = session.held.get(name)
    this.#forget(session, name)
    if (old && !old.isGranted) {
      session.refuse(old.ref, new SyncError('aborted', 'Replaced or given up before it was granted'))
    }
  }

  #forget(session: Session, name: string): void {
    const old = session.held.get(name)
    session.held.delete(name)
    if (!old?.room) return
    old.room.sessions.delete(session)
    this.#parts.rooms.release(old.room)
    const { diagnostics } = this.#parts
    if (old.isGranted && diagnostics.isHeard)
      diagnostics.note('unsubscribe', { ...actorOf(session), channel: name })
  }

  /** Answers with the error, and reports what is no mere refusal. */
  #fail(session: Session, { ref, name, room }: HeldChannel & { name: string }, cause: unknown): void {
    const error = isSyncError(cause)
      ? cause
      : new SyncError('unavailable', 'The log of this channel cannot be followed now', { cause })
    this.#refuse(session, { ref, name, ...(room && { stage: 'deliver' as const }) }, error)
  }

  #refuse(
    session: Session,
    { ref, name, stage = 'authorize' }: { ref: number; name: string; stage?: 'authorize' | 'deliver' },
    error: SyncError,
  ): void {
    session.refuse(ref, error)
    this.#parts.report(toSyncError(error, 'internal'), { session, action: 'subscribe', channel: name, stage })
  }
}

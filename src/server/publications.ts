import type { Appended, Broadcaster, SenderMark } from '../broadcasters/broadcaster.ts'
import type { PubFrame } from '../protocol/frames.ts'
import type { Schema } from '../registry/schema.ts'
import { toWire } from '../registry/to-wire.ts'
import { validate } from '../registry/validate.ts'
import { elapsedOf } from '../shared/clock.ts'
import { isSyncError, SyncError } from '../shared/errors.ts'
import { ownEntry } from '../shared/own-entry.ts'
import type { Diagnostics } from './diagnostics.ts'
import { encodeBody } from './fan-out.ts'
import { inTime, unanswered } from './in-time.ts'
import type { HubSettings } from './options.ts'
import { actorOf, type Report, toAnswer, toPosition } from './refusals.ts'
import type { Served, ServedChannel } from './served.ts'
import { detailsOf, type Session } from './session.ts'

export interface PublicationParts {
  readonly served: Served
  readonly broadcaster: Broadcaster
  readonly settings: HubSettings
  readonly diagnostics: Diagnostics
  readonly report: Report
}

/** What clients publish: asked, changed or refused by the app, appended once, and answered. */
export class Publications {
  readonly #parts: PublicationParts
  /** What is still being worked on, by session and channel: later ones wait, as their numbers are in order. */
  readonly #last = new WeakMap<Session, Map<string, Promise<void>>>()

  constructor(parts: PublicationParts) {
    this.#parts = parts
  }

  /** Answers a `pub` frame, exactly once, with `ack` or `nak`; not at all when its session has ended before. Never rejects. */
  publish(session: Session, frame: PubFrame): Promise<void> | undefined {
    const [, n, , name, , , ageMs] = frame
    const { maxPending } = this.#parts.settings
    if (session.pending >= maxPending && ageMs === undefined) {
      session.send(['nak', name, n, 'overloaded', 'Too much of this session is being worked on'])
      return undefined
    }
    // Of one that is sent again, nobody may say that it was not applied: it may come again later.
    if (session.pending >= 2 * maxPending) {
      session.close(4005, 'too much of this session is being worked on')
      return undefined
    }
    session.pending++
    const last = this.#lastOf(session)
    const before = last.get(name)
    const at = elapsedOf(this.#parts.settings.clock)
    const work = before
      ? before.then(() => this.#answer(session, frame, at))
      : this.#answer(session, frame, at)
    last.set(name, work)
    return work.then(() => {
      session.pending--
      if (last.get(name) === work) last.delete(name)
    })
  }

  #lastOf(session: Session): Map<string, Promise<void>> {
    let last = this.#last.get(session)
    if (!last) {
      last = new Map()
      this.#last.set(session, last)
    }
    return last
  }

  /** Never rejects. `at` is when it came, by the clock that measures durations. */
  async #answer(session: Session, frame: PubFrame, at: number): Promise<void> {
    const [, n, , channel, event, , ageMs] = frame
    try {
      const applied = await this.#apply(session, frame, at)
      if (!applied) return
      const position = toPosition(applied)
      session.send(applied.duplicate ? ['ack', channel, n, position, true] : ['ack', channel, n, position])
    } catch (cause) {
      const refusal = toAnswer(cause)
      const error = ageMs === undefined ? refusal : ofAgain(refusal)
      const details = detailsOf(error)
      session.send(
        details
          ? ['nak', channel, n, error.code, error.message, details]
          : ['nak', channel, n, error.code, error.message],
      )
      this.#parts.report(refusal, { session, action: 'publish', channel, name: event })
    }
  }

  /** `undefined` when the session has ended: it knows no answer, and asks again if it comes back. */
  async #apply(session: Session, frame: PubFrame, at: number): Promise<Appended | undefined> {
    const { broadcaster, diagnostics, served } = this.#parts
    const [, , , name, event, data, ageMs] = frame
    // Of one that was applied, it is said where: this goes before all checks.
    const known =
      ageMs === undefined
        ? undefined
        : await broadcaster.recall(name, this.#senderOf(session, frame, at)).catch(notKnown)
    if (known) return known
    const channel = served.find(name)
    const schema = ownEntry(channel.definition.spec.clientEvents ?? {}, event)
    if (!schema)
      throw new SyncError('unknown_event', `Clients publish no event "${event.slice(0, 100)}" here`)
    let sent = toWire(schema, data)
    const check = served.authorize({ session, channel, action: 'publish', name: event })
    if (check) await check
    if (channel.handlers.onPublish) {
      const changed = await this.#ask(session, { channel, event, data: validate(schema, data) })
      if (changed !== undefined) sent = reduced(schema, changed)
    }
    if (session.machine.state === 'closed') return undefined
    const time = this.#parts.settings.clock.now()
    const body = encodeBody({ time, sender: session.id, name: event, data: sent })
    const sender = this.#senderOf(session, frame, at)
    const appended = await broadcaster.append(name, body, { sender }).catch(notTold)
    if (diagnostics.isHeard && !appended.duplicate) {
      const { offset } = appended
      diagnostics.note('publish', {
        channel: name,
        name: event,
        offset,
        bytes: body.length,
        ...actorOf(session),
      })
    }
    return appended
  }

  /** A resend has aged while others, and the app, were waited for. */
  #senderOf({ sender: id }: Session, [, n, base, , , , ageMs]: PubFrame, at: number): SenderMark {
    if (ageMs === undefined) return { id, n, base }
    return { id, n, base, ageMs: ageMs + Math.max(0, Math.ceil(elapsedOf(this.#parts.settings.clock) - at)) }
  }

  async #ask(
    { user, id: client }: Session,
    { channel, event, data }: { channel: ServedChannel; event: string; data: unknown },
  ): Promise<unknown> {
    const { clock, handlerTimeoutMs } = this.#parts.settings
    const { params, handlers } = channel
    try {
      const changed = handlers.onPublish!({ user: user!, client, params, event, data })
      return await inTime(changed, { clock, ms: handlerTimeoutMs, late: unanswered })
    } catch (cause) {
      if (isSyncError(cause)) throw cause
      throw new SyncError('internal', 'The hook for publications failed', { cause })
    }
  }
}

/**
 * Of one that is sent again, nobody may say that it was not applied: what was sent over the connection before may still be on its way, in a
 * node that stands still or a broker that takes its time, and be applied after this refusal.
 */
function ofAgain(refusal: SyncError): SyncError {
  if (refusal.code === 'out_of_order' || refusal.code === 'indeterminate') return refusal
  const message = `Refused now (${refusal.code}), but an earlier sending of it may still be applied`
  return new SyncError('indeterminate', message, { cause: refusal })
}

/** What does not fit is not the client's fault. */
function reduced(schema: Schema, changed: unknown): unknown {
  try {
    return toWire(schema, changed)
  } catch (cause) {
    throw new SyncError('internal', 'What the hook for publications gave does not fit', { cause })
  }
}

/** Whether it was applied the first time could not be found out. */
function notKnown(cause: unknown): never {
  if (isSyncError(cause) && cause.code === 'indeterminate') throw cause
  throw new SyncError('indeterminate', 'Whether it was appended before is not known', { cause })
}

/** An engine that breaks its contract may have done anything. */
function notTold(cause: unknown): never {
  if (isSyncError(cause)) throw cause
  throw new SyncError('indeterminate', 'The broadcaster failed: it may have been appended', { cause })
}

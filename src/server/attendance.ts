import type { EnterFrame, LeaveFrame } from '../protocol/frames.ts'
import { toWire } from '../registry/to-wire.ts'
import { SyncError } from '../shared/errors.ts'
import type { Presence } from './presence.ts'
import { type Report, toAnswer } from './refusals.ts'
import type { Served } from './served.ts'
import type { Session } from './session.ts'

export interface AttendanceParts {
  readonly served: Served
  readonly presence: Pick<Presence, 'enter' | 'leave'>
  readonly report: Report
}

/** Who wants to be present: asks the app, and answers. Who is, is kept by `Presence`. */
export class Attendance {
  readonly #parts: AttendanceParts
  /** What each session has last asked for on a channel, while the app decides: its late yes to anything older changes nothing. */
  readonly #asked = new WeakMap<Session, Map<string, EnterFrame>>()

  constructor(parts: AttendanceParts) {
    this.#parts = parts
  }

  /** Answers an `enter` frame with `res` or `err`. Never rejects. */
  async enter(session: Session, frame: EnterFrame): Promise<void> {
    const [, ref, channel] = frame
    try {
      await session.work(() => this.#enter(session, frame))
    } catch (cause) {
      const error = toAnswer(cause)
      session.refuse(ref, error)
      this.#parts.report(error, { session, action: 'presence', channel })
    }
  }

  async #enter(session: Session, frame: EnterFrame): Promise<void> {
    const [, ref, name, state] = frame
    const { served, presence } = this.#parts
    const asked = this.#askedBy(session)
    asked.delete(name)
    const channel = served.find(name)
    const schema = channel.definition.spec.presence
    if (!schema) throw new SyncError('unsupported', 'This channel has no presence')
    const sent = toWire(schema, state)
    const check = served.authorize({ session, channel, action: 'presence' })
    if (check) {
      asked.set(name, frame)
      await check
      if (asked.get(name) !== frame)
        throw new SyncError('aborted', 'Replaced or taken back before it was decided')
      asked.delete(name)
    }
    if (session.machine.state === 'closed') return
    presence.enter(session, name, sent)
    session.send(['res', ref, null])
  }

  /** Answers a `leave` frame; who is not present leaves all the same. */
  leave(session: Session, [, ref, name]: LeaveFrame): void {
    this.#askedBy(session).delete(name)
    this.#parts.presence.leave(session, name)
    session.send(['res', ref, null])
  }

  #askedBy(session: Session): Map<string, EnterFrame> {
    let asked = this.#asked.get(session)
    if (!asked) {
      asked = new Map()
      this.#asked.set(session, asked)
    }
    return asked
  }
}

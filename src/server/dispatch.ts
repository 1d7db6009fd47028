import type { ClientFrame, EnterFrame, HelloFrame, LeaveFrame } from '../protocol/frames.ts'
import { SyncError } from '../shared/errors.ts'
import type { Attendance } from './attendance.ts'
import type { Histories } from './history.ts'
import type { Memberships } from './memberships.ts'
import type { Messages } from './messages.ts'
import type { Publications } from './publications.ts'
import type { Requests } from './requests.ts'
import type { Session } from './session.ts'

/** The parts of a hub that serve frames of ready sessions. Each answers every failure itself. */
export interface FrameParts {
  readonly memberships: Pick<Memberships, 'subscribe' | 'unsubscribe'>
  readonly publications: Pick<Publications, 'publish'>
  readonly requests: Pick<Requests, 'ask' | 'cancel'>
  readonly messages: Pick<Messages, 'tell'>
  readonly attendance: Pick<Attendance, 'enter' | 'leave'>
  readonly histories: Pick<Histories, 'read'>
}

/**
 * Hands each frame of a ready session to the part that it concerns. The only switch over frame types here. Returns what a hub that is closed waits
 * for: what has begun to change something, or is about to be answered.
 */
export function dispatchFrame(
  frame: Exclude<ClientFrame, HelloFrame>,
  session: Session,
  parts: FrameParts,
): Promise<void> | undefined {
  switch (frame[0]) {
    case 'sub':
      void parts.memberships.subscribe(session, frame)
      return undefined
    case 'unsub':
      parts.memberships.unsubscribe(session, frame)
      return undefined
    case 'ping':
      session.send(frame[1] === undefined ? ['pong'] : ['pong', frame[1], session.heardAt])
      return undefined
    // That something was heard is all that it says.
    case 'pong':
      return undefined
    case 'pub':
      return parts.publications.publish(session, frame)
    case 'tell':
      return parts.messages.tell(session, frame)
    case 'req':
      return parts.requests.ask(session, frame)
    case 'cancel':
      parts.requests.cancel(session, frame[1])
      return undefined
    case 'enter':
      return parts.attendance.enter(session, frame satisfies EnterFrame)
    case 'leave':
      parts.attendance.leave(session, frame satisfies LeaveFrame)
      return undefined
    case 'history':
      return parts.histories.read(session, frame)
    case 'auth':
      session.refuse(frame[1], notServed)
      return undefined
    default:
      return frame satisfies never
  }
}

const notServed = new SyncError('unsupported', 'This hub does not serve frames of this type')

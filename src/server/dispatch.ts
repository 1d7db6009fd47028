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

/** Hands each frame of a ready session to the part that it concerns. The only switch over frame types here. */
export function dispatchFrame(
  frame: Exclude<ClientFrame, HelloFrame>,
  session: Session,
  parts: FrameParts,
): void {
  switch (frame[0]) {
    case 'sub':
      void parts.memberships.subscribe(session, frame)
      return
    case 'unsub':
      parts.memberships.unsubscribe(session, frame)
      return
    case 'ping':
      session.send(frame[1] === undefined ? ['pong'] : ['pong', frame[1], session.heardAt])
      return
    // That something was heard is all that it says.
    case 'pong':
      return
    case 'pub':
      parts.publications.publish(session, frame)
      return
    case 'tell':
      void parts.messages.tell(session, frame)
      return
    case 'req':
      void parts.requests.ask(session, frame)
      return
    case 'cancel':
      parts.requests.cancel(session, frame[1])
      return
    case 'enter':
      void parts.attendance.enter(session, frame satisfies EnterFrame)
      return
    case 'leave':
      parts.attendance.leave(session, frame satisfies LeaveFrame)
      return
    case 'history':
      void parts.histories.read(session, frame)
      return
    case 'auth':
      session.refuse(frame[1], notServed)
      return
    default:
      frame satisfies never
  }
}

const notServed = new SyncError('unsupported', 'This hub does not serve frames of this type')

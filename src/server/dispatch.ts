import type { ClientFrame, HelloFrame } from '../protocol/frames.ts'
import { SyncError } from '../shared/errors.ts'
import type { Memberships } from './memberships.ts'
import type { Session } from './session.ts'

/** Hands each frame of a ready session to the part that it concerns. The only switch over frame types here. */
export function dispatchFrame(
  frame: Exclude<ClientFrame, HelloFrame>,
  session: Session,
  memberships: Memberships,
): void {
  switch (frame[0]) {
    case 'sub':
      // Every failure is answered in there.
      void memberships.subscribe(session, frame)
      return
    case 'unsub':
      memberships.unsubscribe(session, frame)
      return
    case 'ping':
      session.send(frame[1] === undefined ? ['pong'] : ['pong', frame[1]])
      return
    // That something was heard is all that these two say.
    case 'pong':
    case 'cancel':
      return
    case 'pub':
      session.send(['nak', frame[3], frame[1], notServed.code, notServed.message])
      return
    // At most once: nothing is owed.
    case 'tell':
      return
    case 'req':
    case 'enter':
    case 'leave':
    case 'history':
    case 'auth':
      session.refuse(frame[1], notServed)
      return
    default:
      frame satisfies never
  }
}

const notServed = new SyncError('unsupported', 'This hub does not serve frames of this type')

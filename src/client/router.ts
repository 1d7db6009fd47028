import type {
  ByeFrame,
  ErrorDetails,
  HubFrame,
  PingFrame,
  PongFrame,
  WelcomeFrame,
} from '../protocol/frames.ts'
import { type PayloadIssue, SyncError, type SyncErrorCode } from '../shared/errors.ts'
import type { Outbox } from './outbox.ts'
import type { Subscriptions } from './subscriptions.ts'

/** Hands each frame of the hub to the part that it concerns. The only switch over frame types on this side. */
export function routeFrame(frame: HubFrame, subscriptions: Subscriptions, outbox: Outbox): void {
  switch (frame[0]) {
    case 'ev':
      subscriptions.at(frame[1])?.entry(frame)
      return
    case 'told':
      subscriptions.at(frame[1])?.told(frame)
      return
    case 'members':
    case 'diff':
      subscriptions.at(frame[1])?.members(frame)
      return
    case 'subscribed':
      subscriptions.subscribed(frame)
      return
    case 'live':
      subscriptions.at(frame[1])?.live()
      return
    case 'gap':
      subscriptions.at(frame[1])?.gap(frame[3], frame[2])
      return
    case 'unsubscribed':
      if (frame[1] !== null) subscriptions.ended(frame[1], frame[3] ? wireError(frame[3]) : undefined)
      return
    case 'ack':
      outbox.acknowledged(frame[1], frame[2], frame[3])
      return
    case 'nak':
      outbox.refused(frame[1], frame[2], wireError(frame[3], frame[4], frame[5]))
      return
    case 'res':
      outbox.answered(frame[1], { data: frame[2], position: frame[3] })
      return
    case 'err': {
      const [, ref, code, message, details] = frame
      if (ref === null) return
      const error = wireError(code, message, details)
      if (!outbox.answered(ref, error)) subscriptions.refused(ref, error)
      return
    }
    default:
      // The connection keeps these to itself; a case for each would cost every app.
      frame satisfies WelcomeFrame | ByeFrame | PingFrame | PongFrame
  }
}

/** A hub's error as one of ours; a code of a later version passes as it is. */
function wireError(code: string, message = 'The hub ended the subscription', details: ErrorDetails = {}) {
  const { issues = [], retryAfterMs } = details
  return new SyncError(code as SyncErrorCode, message, { issues: issues.filter(isIssue), retryAfterMs })
}

function isIssue(value: unknown): value is PayloadIssue {
  const { message, path } = (value ?? {}) as Partial<PayloadIssue>
  return typeof message === 'string' && Array.isArray(path)
}

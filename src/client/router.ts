import type { HubFrame } from '../protocol/frames.ts'
import { SyncError, type SyncErrorCode } from '../shared/errors.ts'
import type { Subscriptions } from './subscriptions.ts'

/** Hands each frame of the hub to the part that it concerns. The only switch over frame types on this side. */
export function routeFrame(frame: HubFrame, subscriptions: Subscriptions): void {
  switch (frame[0]) {
    case 'ev':
      subscriptions.at(frame[1])?.entry(frame)
      return
    case 'subscribed':
      subscriptions.subscribed(frame)
      return
    case 'live':
      subscriptions.at(frame[1])?.live()
      return
    case 'gap':
      subscriptions.at(frame[1])?.gap(frame[2], frame[3])
      return
    case 'unsubscribed':
      if (frame[1] !== null) subscriptions.ended(frame[1], frame[3] ? wireError(frame[3]) : undefined)
      return
    case 'err':
      if (frame[1] !== null) subscriptions.refused(frame[1], wireError(frame[2], frame[3]))
      return
    // Answers to what this client does not send.
    case 'told':
    case 'ack':
    case 'nak':
    case 'res':
    case 'members':
    case 'diff':
    case 'bye':
      return
    // The connection keeps these to itself.
    case 'welcome':
    case 'ping':
    case 'pong':
      return
    default:
      frame satisfies never
  }
}

/** A hub's error as one of ours; a code of a later version passes as it is. */
function wireError(code: string, message = 'The hub ended the subscription'): SyncError {
  return new SyncError(code as SyncErrorCode, message)
}

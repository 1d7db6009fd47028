import { manualClock } from 'syncline/testing'
import { Subscriptions } from '../../src/client/subscriptions.ts'
import type { ClientFrame, EvFrame, SubscribedOptions, WirePosition } from '../../src/protocol/frames.ts'
import { definitionOf } from '../../src/registry/registry.ts'
import type { SyncError } from '../../src/shared/errors.ts'
import type { ErrorContext } from '../../src/shared/report.ts'
import { registry } from './challenge-registry.ts'

/** Where the log ends when a subscription is accepted. */
export const top: WirePosition = ['epoch', 5, 'five']

/** The entry after `top`, and the one after that. */
export const six: EvFrame = ['ev', 1, 6, 'six', 'five', 1_000, null, 'moved', { step: 6 }]
export const seven: EvFrame = ['ev', 1, 7, 'seven', 'six', 1_000, 'me', 'moved', { step: 7 }]

/** The same entry with some of its elements changed, by index. */
export const withFields = (entry: EvFrame, fields: Record<number, unknown>) =>
  Object.assign([...entry], fields) as unknown as EvFrame

/** The subscriptions of a client whose connection is the test's. */
export function subscriptionsOnTest({ isOnline = true } = {}) {
  const clock = manualClock()
  const sent: ClientFrame[] = []
  const errors: [SyncError, ErrorContext][] = []
  const notes: { type: string }[] = []
  let lastRef = 0
  const link = {
    isOnline,
    id: 'me',
    clock,
    lingerMs: 1_000,
    unknownEvents: 'ignore' as 'ignore' | 'error',
    nextRef: () => ++lastRef,
    note: (type: string, fields: object) => void notes.push({ type, ...fields }),
    delayMs: (attempt: number) => attempt * 100,
    send: (frame: ClientFrame) => {
      sent.push(frame)
    },
    report: (error: SyncError, context: ErrorContext) => {
      errors.push([error, context])
    },
  }
  const subscriptions = new Subscriptions(link)
  const listen = (event: string, listener: (...args: never[]) => void, code = 'A') =>
    subscriptions.listen({
      name: `game/${code}`,
      definition: definitionOf(registry, 'game'),
      event,
      listener,
    })
  const heard: unknown[] = []
  const hear = (event = 'moved') => listen(event, (data: never) => heard.push(data))
  const accept = (ref: number, options: Partial<SubscribedOptions> = {}, cid = 1) => {
    subscriptions.subscribed(['subscribed', ref, cid, { position: top, recovered: null, ...options }])
    subscriptions.at(cid)?.live()
  }
  return { clock, sent, errors, notes, link, subscriptions, listen, hear, heard, accept }
}

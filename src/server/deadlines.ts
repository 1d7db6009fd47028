import type { Broadcaster } from '../broadcasters/broadcaster.ts'
import { SyncError } from '../shared/errors.ts'
import { inTime } from './in-time.ts'
import type { HubSettings } from './options.ts'

const away = (ms: number) => new SyncError('unavailable', `The broadcaster has not answered in ${ms} ms`)
const notTold = (ms: number) =>
  new SyncError('indeterminate', `The broadcaster has not answered in ${ms} ms: it may have been appended`)

/**
 * The same broadcaster, none of whose calls is waited for longer than it may take: what is late then changes nothing. What may have been applied is
 * `indeterminate`, all else `unavailable`.
 */
export function withDeadlines(
  broadcaster: Broadcaster,
  {
    clock,
    broadcasterTimeoutMs: ms,
    onError,
  }: Pick<HubSettings, 'clock' | 'broadcasterTimeoutMs' | 'onError'>,
): Broadcaster {
  const limit = <T>(work: Promise<T>, late = away): Promise<T> =>
    inTime(work, { clock, ms, late }) as Promise<T>
  /** What is given after nobody waits any more is given back. */
  const orGiveBack = <T>(work: Promise<T>, giveBack: (value: T) => unknown): Promise<T> => {
    let isLate = false
    work
      .then(
        async (value) => {
          if (isLate) await giveBack(value)
        },
        // Whoever waits hears of it.
        () => {},
      )
      .catch((cause) => {
        onError(new SyncError('unavailable', 'What came late could not be given back', { cause }), {
          stage: 'deliver',
        })
      })
    return limit(work).catch((error) => {
      isLate = true
      throw error
    })
  }
  const { onReconnect } = broadcaster
  return {
    append: (channel, body, once) => limit(broadcaster.append(channel, body, once), notTold),
    recall: (channel, sender) => limit(broadcaster.recall(channel, sender)),
    subscribe: (channel, deliver) => orGiveBack(broadcaster.subscribe(channel, deliver), (undo) => undo()),
    read: (channel, query) => limit(broadcaster.read(channel, query)),
    claim: (request) =>
      orGiveBack(broadcaster.claim(request), ({ state }) =>
        // Nothing was done by it.
        state === 'granted' ? broadcaster.release(request.key, request.owner) : undefined,
      ),
    settle: (key, owner, result) => limit(broadcaster.settle(key, owner, result)),
    release: (key, owner) => limit(broadcaster.release(key, owner)),
    close: () => broadcaster.close(),
    ...(onReconnect && { onReconnect: (listener) => onReconnect.call(broadcaster, listener) }),
  }
}

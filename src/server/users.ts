import type { ChannelKey, EventInput, EventName } from '../registry/infer.ts'
import type { ParamName } from '../registry/pattern.ts'
import type { AnyRegistry } from '../registry/registry.ts'
import { type SyncError, toSyncError } from '../shared/errors.ts'
import type { Position } from '../shared/position.ts'
import type { ErrorHandler } from '../shared/report.ts'
import type { PublishOptions } from './channel.ts'

/** The channels that each user has one of: their pattern has the one parameter `user`. */
export type UserChannelKey<R extends AnyRegistry> = {
  [K in ChannelKey<R>]: [ParamName<R['channels'][K]['pattern']>] extends ['user']
    ? 'user' extends ParamName<R['channels'][K]['pattern']>
      ? K
      : never
    : never
}[ChannelKey<R>]

/** Some users, wherever they are connected. */
export interface HubUsers<R extends AnyRegistry> {
  /**
   * Publishes to each user's own channel, so that each has a log without holes. Resolves to the positions, in the order of the
   * users. Rejects as `publish` of a channel does, with the first failure, when all have been tried; `onError` hears of the others.
   */
  publish<K extends UserChannelKey<R>, N extends EventName<R, K>>(
    key: K,
    event: N,
    ...rest: [data: EventInput<R, K, N>, options?: PublishOptions]
  ): Promise<readonly Position[]>
}

/** Awaits all of them, also when some fail: the first failure is thrown, the others are reported. */
export async function allPublished(
  publications: readonly Promise<Position>[],
  onError: ErrorHandler,
): Promise<readonly Position[]> {
  const positions: Position[] = []
  const failures: SyncError[] = []
  for (const outcome of await Promise.allSettled(publications)) {
    if (outcome.status === 'fulfilled') positions.push(outcome.value)
    else failures.push(toSyncError(outcome.reason, 'unavailable'))
  }
  const [first, ...others] = failures
  if (!first) return positions
  for (const error of others) onError(error, { stage: 'publish' })
  throw first
}

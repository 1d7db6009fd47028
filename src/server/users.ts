import type { ChannelKey, EventInput, EventName } from '../registry/infer.ts'
import type { ParamName } from '../registry/pattern.ts'
import type { AnyRegistry } from '../registry/registry.ts'
import { SyncError, toSyncError } from '../shared/errors.ts'
import type { Position } from '../shared/position.ts'
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
   * users. Rejects as `publish` of a channel does, with the first failure, when all have been tried: its cause is an `AggregateError` of all.
   */
  publish<K extends UserChannelKey<R>, N extends EventName<R, K>>(
    key: K,
    event: N,
    ...rest: [data: EventInput<R, K, N>, options?: PublishOptions]
  ): Promise<readonly Position[]>
}

/** Awaits all of them, also when some fail. */
export async function allPublished(publications: readonly Promise<Position>[]): Promise<readonly Position[]> {
  const outcomes = await Promise.allSettled(publications)
  const failures = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason] : []))
  if (failures.length === 0)
    return outcomes.map((outcome) => (outcome as PromiseFulfilledResult<Position>).value)
  const { code, message, issues } = toSyncError(failures[0], 'unavailable')
  const cause = new AggregateError(failures, `${failures.length} of ${outcomes.length} publications failed`)
  throw new SyncError(code, `Not published to ${failures.length} of ${outcomes.length} users: ${message}`, {
    cause,
    issues,
  })
}

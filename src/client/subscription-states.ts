import type { Transitions } from '../shared/machine.ts'

/**
 * - `waiting`: wanted, but there is no connection.
 * - `joining`: asked for, not yet answered.
 * - `live`: the hub has accepted, entries flow.
 * - `refused`: the hub said no, or took it back; tried again on the next connection.
 * - `left`: nobody listens any more.
 */
export type SubscriptionState = 'waiting' | 'joining' | 'live' | 'refused' | 'left'

export type SubscriptionEvent = 'online' | 'offline' | 'accepted' | 'refused' | 'broken' | 'leave'

/** Every legal move of a subscription. `broken` is a hole in the log: it joins again from its position. */
export const subscriptionStates: Transitions<SubscriptionState, SubscriptionEvent> = {
  waiting: { online: 'joining', leave: 'left' },
  joining: { accepted: 'live', refused: 'refused', offline: 'waiting', leave: 'left' },
  live: { broken: 'joining', refused: 'refused', offline: 'waiting', leave: 'left' },
  refused: { online: 'joining', offline: 'waiting', leave: 'left' },
  left: {},
}

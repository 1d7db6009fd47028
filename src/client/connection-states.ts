import type { SyncError } from '../shared/errors.ts'
import type { Transitions } from '../shared/machine.ts'

/**
 * - `idle`: never opened; the first listener or send opens it.
 * - `off`: switched off by the app, and only the app opens it.
 * - `authorizing`: asking the app for a token.
 * - `connecting`: the transport is opening.
 * - `greeting`: hello is sent, welcome is awaited.
 * - `online`: frames flow.
 * - `waiting`: between two attempts.
 * - `paused`: the circuit breaker is open; the next attempt is its probe.
 * - `frozen`: the page sleeps.
 * - `failed`: gave up; only the app can start it again.
 * - `closed`: for good.
 */
export type LinkState =
  | 'idle'
  | 'off'
  | 'authorizing'
  | 'connecting'
  | 'greeting'
  | 'online'
  | 'waiting'
  | 'paused'
  | 'frozen'
  | 'failed'
  | 'closed'

/**
 * - `needed`: somebody listens or sends.
 * - `open`, `disconnect`, `close`: the app's wishes.
 * - `authorized`, `opened`, `welcomed`: the steps of an attempt.
 * - `lost`: the attempt or the connection ended, and another attempt may help; `tripped`: and too many have failed in a row.
 * - `refused`: no further attempt may help.
 * - `retry`: the delay is over, the network is back, or the page is seen again.
 * - `freeze`: the page goes to sleep.
 */
export type LinkEvent =
  | 'needed'
  | 'open'
  | 'authorized'
  | 'opened'
  | 'welcomed'
  | 'lost'
  | 'tripped'
  | 'refused'
  | 'retry'
  | 'freeze'
  | 'disconnect'
  | 'close'

const ends = { disconnect: 'off', close: 'closed' } as const
const attempt = { lost: 'waiting', tripped: 'paused', refused: 'failed', freeze: 'frozen', ...ends } as const
const rest = { open: 'authorizing', retry: 'authorizing', freeze: 'frozen', ...ends } as const

/** Every legal move of a client's connection. */
export const linkStates: Transitions<LinkState, LinkEvent> = {
  idle: { needed: 'authorizing', open: 'authorizing', ...ends },
  off: { open: 'authorizing', close: 'closed' },
  authorizing: { authorized: 'connecting', ...attempt },
  connecting: { opened: 'greeting', ...attempt },
  greeting: { welcomed: 'online', ...attempt },
  online: attempt,
  waiting: rest,
  paused: rest,
  frozen: { open: 'authorizing', retry: 'authorizing', ...ends },
  failed: { open: 'authorizing', ...ends },
  closed: {},
}

/** What a person needs to know of the connection. */
export type ConnectionState = 'disconnected' | 'connecting' | 'connected' | 'error'

/** What people see of a connection. A new object at every change. */
export interface ConnectionStatus {
  readonly state: ConnectionState
  /** The number of the present or the coming attempt since the connection was last stable; 0 for the very first. */
  readonly attempt: number
  /** When the next attempt starts, in milliseconds since 1970; only while waiting for it. */
  readonly nextAttemptAt: number | undefined
  /** Why the last attempt or connection ended, until one succeeds. */
  readonly cause: SyncError | undefined
}

const shown: { readonly [State in LinkState]?: ConnectionState } = {
  idle: 'disconnected',
  off: 'disconnected',
  frozen: 'disconnected',
  closed: 'disconnected',
  online: 'connected',
  failed: 'error',
}

/** The state that people see for each of the connection's own. */
export function shownState(state: LinkState): ConnectionState {
  return shown[state] ?? 'connecting'
}

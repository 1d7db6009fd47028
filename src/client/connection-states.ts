import type { Transitions } from '../shared/machine.ts'

/**
 * - `idle`: never opened.
 * - `authorizing`: asking the app for a token.
 * - `connecting`: the transport is opening.
 * - `greeting`: hello is sent, welcome is awaited.
 * - `online`: frames flow.
 * - `waiting`: between two attempts.
 * - `failed`: gave up; only the app can start it again.
 * - `closed`: for good.
 */
export type LinkState =
  | 'idle'
  | 'authorizing'
  | 'connecting'
  | 'greeting'
  | 'online'
  | 'waiting'
  | 'failed'
  | 'closed'

export type LinkEvent =
  | 'needed'
  | 'open'
  | 'authorized'
  | 'opened'
  | 'welcomed'
  | 'lost'
  | 'refused'
  | 'close'

/** Every legal move of a client's connection. `needed` opens it the first time only; `open` is the app's wish. */
export const linkStates: Transitions<LinkState, LinkEvent> = {
  idle: { needed: 'authorizing', open: 'authorizing', close: 'closed' },
  authorizing: { authorized: 'connecting', lost: 'waiting', refused: 'failed', close: 'closed' },
  connecting: { opened: 'greeting', lost: 'waiting', refused: 'failed', close: 'closed' },
  greeting: { welcomed: 'online', lost: 'waiting', refused: 'failed', close: 'closed' },
  online: { lost: 'waiting', refused: 'failed', close: 'closed' },
  waiting: { open: 'authorizing', close: 'closed' },
  failed: { open: 'authorizing', close: 'closed' },
  closed: {},
}

/** What a person needs to know of the connection. */
export type ConnectionState = 'disconnected' | 'connecting' | 'connected' | 'error'

const shown: { readonly [State in LinkState]?: ConnectionState } = {
  idle: 'disconnected',
  online: 'connected',
  failed: 'error',
  closed: 'disconnected',
}

/** The state that people see for each of the connection's own. */
export function shownState(state: LinkState): ConnectionState {
  return shown[state] ?? 'connecting'
}

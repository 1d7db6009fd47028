import type { Transitions } from '../shared/machine.ts'

/**
 * - `greeting`: the transport is open, hello is awaited.
 * - `authenticating`: the app is deciding who it is.
 * - `ready`: welcome is sent, frames flow.
 * - `closed`: for good.
 */
export type SessionState = 'greeting' | 'authenticating' | 'ready' | 'closed'

export type SessionEvent = 'hello' | 'admitted' | 'close'

/** Every legal move of a session. */
export const sessionStates: Transitions<SessionState, SessionEvent> = {
  greeting: { hello: 'authenticating', close: 'closed' },
  authenticating: { admitted: 'ready', close: 'closed' },
  ready: { close: 'closed' },
  closed: {},
}

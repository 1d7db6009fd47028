import type { BackoffOptions } from '../shared/backoff.ts'
import { type Clock, systemClock } from '../shared/clock.ts'
import { type Random, secureRandom } from '../shared/random.ts'
import { type ErrorHandler, reportToPlatform } from '../shared/report.ts'
import { type SocketFactory, webSocket } from './socket.ts'

export interface ClientOptions {
  /** Where the hub listens: `ws(s)` or `http(s)`, absolute or, in a page, relative. */
  readonly url: string
  /** Gives the token for each attempt to connect. Default: none is sent. */
  readonly auth?: (() => string | Promise<string>) | undefined
  /** How long to wait between attempts. Default: at most 3 s first, then full jitter doubling from 1 s to 20 s. */
  readonly backoff?: BackoffOptions
  /** How long one attempt may take, from the token to the hub's welcome, in milliseconds. Default 10,000. */
  readonly connectTimeoutMs?: number
  /** How long a connection must hold before the backoff starts over, in milliseconds. Default 10,000. */
  readonly stableAfterMs?: number
  /** How long a channel stays subscribed after its last listener has left, in milliseconds. Default 1,000. */
  readonly lingerMs?: number
  /** Hears of every error that could not be thrown to its author. Default: `reportError`, else the console. */
  readonly onError?: ErrorHandler
  /** Default: the system's. */
  readonly clock?: Clock
  /** Default: the platform's cryptographic source. */
  readonly random?: Random
  /** Default: the platform's WebSocket. */
  readonly socket?: SocketFactory
}

/** What holds where an option is left out; `backoffDefaults` has those of the backoff. */
export const clientDefaults = {
  connectTimeoutMs: 10_000,
  stableAfterMs: 10_000,
  lingerMs: 1_000,
  onError: reportToPlatform,
  clock: systemClock,
  random: secureRandom,
  socket: webSocket,
} satisfies Required<Omit<ClientOptions, 'url' | 'auth' | 'backoff'>>

import { type BackoffOptions, backoffDefaults } from '../shared/backoff.ts'
import { type Clock, systemClock } from '../shared/clock.ts'
import { withDefaults } from '../shared/defaults.ts'
import { SyncError } from '../shared/errors.ts'
import { type Random, secureRandom } from '../shared/random.ts'
import { type ErrorHandler, reportToPlatform } from '../shared/report.ts'
import type { TokenRequest } from './connection-settings.ts'
import { type OutboxOptions, outboxDefaults } from './outbox.ts'
import { type BreakerOptions, breakerDefaults } from './retry.ts'
import { browserSignals, type Signals } from './signals.ts'
import { type SocketFactory, webSocket } from './socket.ts'
import type { Persist } from './wires.ts'

export interface ClientOptions {
  /** Where the hub listens: `ws(s)` or `http(s)`, absolute or, in a page, relative. */
  readonly url: string
  /** `false`: connects only when `connect()` is called. Default: with the first listener or send. */
  readonly enabled?: boolean
  /** Gives the token for each attempt to connect. Default: none is sent. */
  readonly auth?: ((request: TokenRequest) => string | Promise<string>) | undefined
  /** How long to wait between attempts. Default: at most 3 s first, then full jitter doubling from 2 s to 20 s. */
  readonly backoff?: BackoffOptions
  /** When to pause after failures. `false`: never. Default: 30 s after 6 failures in a row. */
  readonly breaker?: BreakerOptions | false
  /** How long one attempt may take, from the token to the hub's welcome, in milliseconds. Default 10,000. */
  readonly connectTimeoutMs?: number
  /** How long a connection must hold before the backoff starts over, in milliseconds. Default 10,000. */
  readonly stableAfterMs?: number
  /** How long to wait for an answer when the link is in doubt, as after a wake, in milliseconds. Default 5,000. */
  readonly probeTimeoutMs?: number
  /** How often to ping the hub from this side, in milliseconds. Default: never, as the hub pings. */
  readonly heartbeatMs?: number | undefined
  /** How long a channel stays subscribed after its last listener has left, in milliseconds. Default 1,000. */
  readonly lingerMs?: number
  /** How long a request waits for its answer, in milliseconds, unless it says so itself. Default 15,000. */
  readonly requestTimeoutMs?: number
  /** How much may wait to be sent, and what happens beyond. */
  readonly outbox?: OutboxOptions
  /** Keeps what is to be sent, and where the channels stand, over a reload: see `persisted`. Default: nothing is kept. */
  readonly persist?: Persist
  /** `tell` drops its message while more than this waits in the transport, in bytes. Default 65,536. */
  readonly volatileMaxBytes?: number
  /** Whether an event that the registry does not know goes to `onError`. Default `ignore`: the hub may be newer. */
  readonly unknownEvents?: 'ignore' | 'error'
  /** What tells of the network and of the page. Default: the browser's events; elsewhere, nothing does. */
  readonly signals?: Signals
  /** Hears of every error that could not be thrown to its author. Default: `reportError`, else the console. */
  readonly onError?: ErrorHandler
  /** Default: the system's. */
  readonly clock?: Clock
  /** Default: the platform's cryptographic source. */
  readonly random?: Random
  /** Default: the platform's WebSocket. */
  readonly socket?: SocketFactory
}

/** What holds where an option is left out. */
export const clientDefaults = {
  enabled: true,
  backoff: backoffDefaults,
  breaker: breakerDefaults,
  connectTimeoutMs: 10_000,
  stableAfterMs: 10_000,
  probeTimeoutMs: 5_000,
  lingerMs: 1_000,
  requestTimeoutMs: 15_000,
  outbox: outboxDefaults,
  persist: () => {},
  volatileMaxBytes: 65_536,
  unknownEvents: 'ignore',
  signals: browserSignals,
  onError: reportToPlatform,
  clock: systemClock,
  random: secureRandom,
  socket: webSocket,
} satisfies Required<Omit<ClientOptions, 'url' | 'auth' | 'heartbeatMs'>>

/** The options over their defaults, the nested ones too. Throws `bad_options`. */
export function clientSettings(options: ClientOptions) {
  // `false` is the one value that is not of its default's type.
  const { breaker, ...rest } = withDefaults({ url: '' }, options)
  const settings = withDefaults({ ...clientDefaults, heartbeatMs: 0, auth: undefined }, rest)
  const { backoff, signals, auth, unknownEvents } = settings
  const outbox = withDefaults(outboxDefaults, settings.outbox)
  if (!settings.url) throw new SyncError('bad_options', 'Not an address: url is empty')
  if (auth && typeof auth !== 'function') throw new SyncError('bad_options', 'Not a function: auth')
  checkDelays(backoff.delaysMs)
  checkChoice('unknownEvents', unknownEvents, ['ignore', 'error'])
  checkChoice('whenFull', outbox.whenFull, ['reject', 'drop-oldest', 'drop-newest'])
  return {
    ...settings,
    backoff: withDefaults(backoffDefaults, backoff),
    breaker: breaker !== false && withDefaults(breakerDefaults, breaker ?? {}),
    outbox,
    signals: withDefaults(browserSignals, signals),
  }
}

function checkDelays(delaysMs: BackoffOptions['delaysMs']): void {
  if (delaysMs === undefined || typeof delaysMs === 'function') return
  const isDelay = (ms: unknown) => typeof ms === 'number' && ms >= 0
  if (Array.isArray(delaysMs) && delaysMs.length > 0 && delaysMs.every(isDelay)) return
  throw new SyncError('bad_options', 'Not a list of numbers from 0: delaysMs')
}

function checkChoice(key: string, value: unknown, choices: readonly string[]): void {
  if (choices.includes(value as string)) return
  throw new SyncError('bad_options', `Not one of ${choices.join(', ')}: ${key} is ${String(value)}`)
}

export type ClientSettings = ReturnType<typeof clientSettings>

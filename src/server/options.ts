import type { Broadcaster } from '../broadcasters/broadcaster.ts'
import { type Clock, systemClock } from '../shared/clock.ts'
import { SyncError } from '../shared/errors.ts'
import { pooledRandom } from '../shared/pooled-random.ts'
import type { Random } from '../shared/random.ts'
import { type ErrorHandler, reportToPlatform } from '../shared/report.ts'

/** Whoever is behind a session. What else the app puts here reaches its own checks. */
export interface HubUser {
  readonly id: string
}

/** What is known of the HTTP request that asked for the connection. */
export interface ConnectRequest {
  /** Path and query, as sent. */
  readonly url: string
  /** Lower-case names, as Node gives them. */
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>
}

export interface Credentials {
  /** What the client's `auth` gave, if anything. */
  readonly token: string | undefined
  readonly request: ConnectRequest
}

/**
 * Says who a client is; nobody (`null`, `undefined`) is refused as `unauthorized`, and so is who makes it throw a final
 * `SyncError`. After `token_expired` the client comes back with a new token. Any other failure is reported, and the client
 * comes back later.
 */
export type Authenticate<User extends HubUser> = (
  credentials: Credentials,
) => User | null | undefined | Promise<User | null | undefined>

export interface HubOptions<User extends HubUser = HubUser> {
  /** Default: everyone is let in, as a guest whose user id is the client's public id. */
  readonly authenticate?: Authenticate<User>
  /** Where the logs live. Default: `memory()`, which the hub closes with itself. */
  readonly broadcaster?: Broadcaster
  /** How long a client may take to say hello and be authenticated, in milliseconds. Default 10,000. */
  readonly handshakeTimeoutMs?: number
  /**
   * How long `authorize`, and then the broadcaster, may take to let a client subscribe, in milliseconds; the client is told
   * `unavailable` and asks again. Default 10,000.
   */
  readonly decisionTimeoutMs?: number
  /**
   * How long one call of a broadcaster that was given may take, in milliseconds; what has then not been done is `unavailable`, what may have been is
   * `indeterminate`, and its late answer changes nothing. Default 10,000.
   */
  readonly broadcasterTimeoutMs?: number
  /**
   * How often the hub looks, for each channel that is held here, whether the broadcaster has lost the end of its log on the way, at most, in
   * milliseconds. Default 25,000.
   */
  readonly tailCheckMs?: number
  /** How long a link may be idle in either direction before the hub pings, in whole milliseconds. Default 25,000. */
  readonly pingMs?: number
  /** How long a client may take to answer a ping, in whole milliseconds. Default 10,000. */
  readonly pongMs?: number
  /** The largest message taken from a client, in bytes, a whole number. Default 262,144. */
  readonly maxMessageBytes?: number
  /** How long the handler of a request, or `onPublish`, may take over one frame of a client, in milliseconds. Default 30,000. */
  readonly handlerTimeoutMs?: number
  /** How long someone stays present after their connection was lost, in milliseconds. Default 10,000. */
  readonly presenceGraceMs?: number
  /** For how long changes of who is present on a channel are gathered before they travel together, in milliseconds. Default 50. */
  readonly presenceDiffMs?: number
  /**
   * The largest state that a client may show where it is present, in bytes of its JSON; a larger one is refused with `too_large`. All
   * who are present on a channel share half of `maxBufferedBytes`; one more is refused with `overloaded`. Default 4,096.
   */
  readonly maxPresenceBytes?: number
  /** The most connections at a time; more are refused with 503 at the upgrade. Default Infinity. */
  readonly maxConnections?: number
  /** The most sessions one user may have at a time; one more is closed with 4504. Default 100. */
  readonly maxSessionsPerUser?: number
  /** The most channels one session may hold, and be present on. Default 1,000. */
  readonly maxChannels?: number
  /** The most publications, requests and questions of one session that are worked on at a time; more are `overloaded`. Default 1,000. */
  readonly maxPending?: number
  /** The most entries that a client gets with one `history`. Default 1,000. */
  readonly maxHistory?: number
  /** How much may wait unsent for one client before it is cut off, in bytes. Default 4,194,304. */
  readonly maxBufferedBytes?: number
  /** Hears of every error that could not be thrown to its author. Default: `reportError`, else the console. */
  readonly onError?: ErrorHandler
  /** Default: the system's. */
  readonly clock?: Clock
  /** Default: the platform's cryptographic source. */
  readonly random?: Random
}

export const hubDefaults = {
  handshakeTimeoutMs: 10_000,
  decisionTimeoutMs: 10_000,
  broadcasterTimeoutMs: 10_000,
  tailCheckMs: 25_000,
  pingMs: 25_000,
  pongMs: 10_000,
  maxMessageBytes: 262_144,
  handlerTimeoutMs: 30_000,
  presenceGraceMs: 10_000,
  presenceDiffMs: 50,
  maxPresenceBytes: 4_096,
  maxConnections: Number.POSITIVE_INFINITY,
  maxSessionsPerUser: 100,
  maxChannels: 1_000,
  maxPending: 1_000,
  maxHistory: 1_000,
  maxBufferedBytes: 4_194_304,
  onError: reportToPlatform,
  clock: systemClock,
  random: pooledRandom,
} satisfies Omit<Required<HubOptions>, 'authenticate' | 'broadcaster'>

/** What the parts of a hub are given: the options with the defaults filled in. */
export type HubSettings = {
  readonly [K in keyof typeof hubDefaults]: Required<HubOptions>[K]
}

/** What the welcome tells: a client takes whole numbers only. */
const told: ReadonlySet<string> = new Set(['pingMs', 'pongMs', 'maxMessageBytes'])

/** Refuses numbers that cannot work; a limit that clients are not told may be Infinity. Throws `bad_options`. */
export function checkSettings(settings: HubSettings): void {
  for (const [name, value] of Object.entries<unknown>(settings)) {
    if (typeof hubDefaults[name as keyof HubSettings] !== 'number') continue
    const isTold = told.has(name)
    const isNumber = typeof value === 'number' && value > 0
    const isFit = isTold ? Number.isSafeInteger(value) : Number.isFinite(value) || name.startsWith('max')
    if (isNumber && isFit) continue
    const wanted = isTold ? 'whole number' : 'number'
    throw new SyncError('bad_options', `Option "${name}" is ${value}: give a ${wanted} above 0`)
  }
}

import type { HelloFrame, HubFrame, WelcomeOptions } from '../protocol/frames.ts'
import type { Clock } from '../shared/clock.ts'
import type { SyncError } from '../shared/errors.ts'
import type { ConnectionStatus } from './connection-states.ts'
import type { Note } from './diagnostics.ts'
import type { RetrySettings } from './retry.ts'
import type { Signals } from './signals.ts'
import type { SocketFactory } from './socket.ts'

/** What an app's `auth` is asked with. */
export interface TokenRequest {
  /** Aborted when the attempt is given up: nobody waits for the token any more. */
  readonly signal: AbortSignal
  /** Whether the last token was refused: one from a cache will not do. */
  readonly refused: boolean
}

export interface ConnectionSettings extends RetrySettings {
  /** The absolute address, asked at each attempt. Throws `bad_options`. */
  readonly url: () => string
  readonly auth?: ((request: TokenRequest) => string | Promise<string>) | undefined
  /** The first frame of every connection. */
  readonly hello: (token: string | undefined) => HelloFrame
  /** `false`: opens only when the app says so. */
  readonly enabled: boolean
  readonly connectTimeoutMs: number
  readonly stableAfterMs: number
  readonly probeTimeoutMs: number
  readonly heartbeatMs?: number | undefined
  readonly signals: Signals
  readonly clock: Clock
  readonly socket: SocketFactory
}

/** What a connection tells its right-hand neighbour. */
export interface ConnectionListener {
  online(welcome: WelcomeOptions): void
  offline(): void
  received(frame: HubFrame): void
  /** The hub's clock showed `time` at some moment since `sentAt`. */
  measured(sentAt: number, time: number): void
  changed(status: ConnectionStatus): void
  /** The hub sent something unreadable (`frame`), or the connection gave up or has no token (`connect`). */
  failed(error: SyncError, stage: 'frame' | 'connect'): void
  readonly note: Note
}

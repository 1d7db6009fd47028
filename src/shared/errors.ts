/**
 * Every code that an error of this package carries. `docs/errors.md` says for each what happened, who caused it
 * and what to do; a test holds the two together.
 */
export type SyncErrorCode = RetryableCode | FinalCode

/** The same attempt may succeed later, without a change. */
export type RetryableCode = (typeof retryableCodes)[number]

/** Only a change can help. */
export type FinalCode =
  // what an app defined or passed in
  | 'bad_registry'
  | 'bad_options'
  | 'bad_channel'
  | 'bad_payload'
  | 'async_schema'
  | 'unknown_channel'
  | 'unknown_event'
  | 'unknown_request'
  | 'no_provider'
  | 'listener_failed'
  | 'storage_failed'
  // what the other side said or sent
  | 'bad_frame'
  | 'unknown_frame'
  | 'unsupported'
  | 'upgrade_required'
  | 'unauthorized'
  | 'forbidden'
  | 'not_found'
  | 'too_large'
  | 'limit_exceeded'
  | 'replaced'
  // what became of a send
  | 'aborted'
  | 'closed'
  | 'indeterminate'

/** The codes of {@link RetryableCode}: short, because every client carries the list. */
export const retryableCodes = [
  'out_of_order',
  'rate_limited',
  'overloaded',
  'unavailable',
  'token_expired',
  'draining',
  'slow_consumer',
  'internal',
  'connect_failed',
  'connect_timeout',
  'handshake_timeout',
  'ping_timeout',
  'connection_lost',
  'auth_failed',
  'timeout',
  'queue_full',
] as const

/** One thing that a schema found wrong, at a path inside the payload. */
export interface PayloadIssue {
  readonly message: string
  /** Keys and indices from the payload's root; empty for the payload itself. */
  readonly path: readonly (string | number)[]
}

export interface SyncErrorOptions {
  readonly cause?: unknown
  /** Set on `bad_payload`: what the schema found. */
  readonly issues?: readonly PayloadIssue[]
  /** Set when the other side said when to try again. */
  readonly retryAfterMs?: number | undefined
}

/**
 * The one error class of the package. Recognise it with {@link isSyncError}: `instanceof` fails
 * where two copies of the package are loaded.
 */
export class SyncError extends Error {
  override readonly name = 'SyncError'
  readonly '~syncError' = true
  /** What went wrong, as a stable string. */
  readonly code: SyncErrorCode
  /** Whether the same attempt may succeed later without a change. */
  readonly retryable: boolean
  /** What a schema found wrong; empty unless `code` is `bad_payload`. */
  readonly issues: readonly PayloadIssue[]
  /** After how many milliseconds the other side wants to see another attempt, if it said so. */
  readonly retryAfterMs: number | undefined

  constructor(code: SyncErrorCode, message: string, options: SyncErrorOptions = {}) {
    super(message, options)
    this.code = code
    this.retryable = (retryableCodes as readonly string[]).includes(code)
    this.issues = options.issues ?? []
    this.retryAfterMs = options.retryAfterMs
  }
}

/** Whether `value` is a {@link SyncError}, whichever copy of the package made it. */
export function isSyncError(value: unknown): value is SyncError {
  return typeof value === 'object' && value !== null && '~syncError' in value
}

/** `value` itself when it is a {@link SyncError}, else one of `code` that carries it as its cause. */
export function toSyncError(value: unknown, code: SyncErrorCode): SyncError {
  if (isSyncError(value)) return value
  return new SyncError(code, value instanceof Error ? value.message : String(value), { cause: value })
}

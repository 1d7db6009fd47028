/**
 * Every code an error of this package can carry → whether the same attempt may succeed later.
 * `docs/errors.md` says for each what happened, who caused it and what to do; a test holds the two together.
 */
export const errorCodes = {
  // what an app defined or passed in
  bad_registry: false,
  bad_options: false,
  bad_channel: false,
  bad_payload: false,
  async_schema: false,
  unknown_channel: false,
  unknown_event: false,
  unknown_request: false,
  no_provider: false,
  listener_failed: false,
  // what the other side said or sent
  bad_frame: false,
  unknown_frame: false,
  unsupported: false,
  upgrade_required: false,
  unauthorized: false,
  forbidden: false,
  not_found: false,
  too_large: false,
  limit_exceeded: false,
  replaced: false,
  out_of_order: true,
  rate_limited: true,
  overloaded: true,
  unavailable: true,
  token_expired: true,
  draining: true,
  slow_consumer: true,
  internal: true,
  // what became of the connection or of a send
  connect_failed: true,
  connect_timeout: true,
  handshake_timeout: true,
  ping_timeout: true,
  connection_lost: true,
  auth_failed: true,
  timeout: true,
  queue_full: true,
  aborted: false,
  closed: false,
  indeterminate: false,
} as const satisfies Record<string, boolean>

/** The stable name of what went wrong; never changes within a major version. */
export type SyncErrorCode = keyof typeof errorCodes

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

  constructor(code: SyncErrorCode, message: string, options: SyncErrorOptions = {}) {
    super(message, 'cause' in options ? { cause: options.cause } : undefined)
    this.code = code
    this.retryable = errorCodes[code]
    this.issues = options.issues ?? []
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

import type { SyncErrorCode } from '../shared/errors.ts'

/** What the hub of this package puts into `err`, `nak` and `unsubscribed` today. */
export const servedErrorCodes = [
  'bad_payload',
  'unknown_channel',
  'unknown_event',
  'unknown_request',
  'unknown_frame',
  'unsupported',
  'forbidden',
  'too_large',
  'limit_exceeded',
  'aborted',
  'indeterminate',
  'out_of_order',
  'overloaded',
  'unavailable',
  'timeout',
  'internal',
] as const satisfies readonly SyncErrorCode[]

/** What an app may refuse with; the hub itself does not. */
export const reservedErrorCodes = [
  'unauthorized',
  'not_found',
  'rate_limited',
  'token_expired',
] as const satisfies readonly SyncErrorCode[]

/**
 * Every code that `err`, `nak` and `unsubscribed` may carry, beside those with which an app's own checks refuse.
 * Normative table: `docs/protocol.md`, "Error codes".
 */
export const wireErrorCodes: readonly SyncErrorCode[] = [...servedErrorCodes, ...reservedErrorCodes]

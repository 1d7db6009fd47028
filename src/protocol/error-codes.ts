import type { SyncErrorCode } from '../shared/errors.ts'

/** What the hub of this package puts into `err`, `nak` and `unsubscribed` today. */
export const servedErrorCodes = [
  'unknown_channel',
  'unknown_frame',
  'unsupported',
  'forbidden',
  'limit_exceeded',
  'aborted',
  'unavailable',
  'internal',
] as const satisfies readonly SyncErrorCode[]

/** What the frames that no hub of this package serves yet will need there; other hubs may send them already. */
export const reservedErrorCodes = [
  'bad_payload',
  'unknown_event',
  'unknown_request',
  'unauthorized',
  'not_found',
  'too_large',
  'indeterminate',
  'out_of_order',
  'rate_limited',
  'overloaded',
  'token_expired',
  'timeout',
] as const satisfies readonly SyncErrorCode[]

/**
 * Every code that `err`, `nak` and `unsubscribed` may carry, beside those with which an app's own checks refuse.
 * Normative table: `docs/protocol.md`, "Error codes".
 */
export const wireErrorCodes: readonly SyncErrorCode[] = [...servedErrorCodes, ...reservedErrorCodes]

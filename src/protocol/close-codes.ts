import type { SyncErrorCode } from '../shared/errors.ts'

/**
 * The WebSocket close codes that mean something here, by the error code that each stands for.
 * Normative table: `docs/protocol.md`, "Close codes".
 */
export const closeCodes = {
  1009: 'too_large',
  4000: 'draining',
  4001: 'ping_timeout',
  4002: 'slow_consumer',
  4003: 'internal',
  4004: 'token_expired',
  4005: 'overloaded',
  4006: 'handshake_timeout',
  4500: 'unauthorized',
  4501: 'bad_frame',
  4502: 'upgrade_required',
  4503: 'forbidden',
  4504: 'limit_exceeded',
  4505: 'too_large',
  4506: 'replaced',
} as const satisfies Record<number, SyncErrorCode>

export type CloseCode = keyof typeof closeCodes

/**
 * The error code that a close stands for. From 4000 on, a hub's close reason begins with it, so that a client needs no
 * table; whatever else closes a connection has lost it.
 */
export function closeReason(code: number, reason: string): string {
  if (code === 1009) return 'too_large'
  return (code >= 4000 && /^[a-z_]+(?=: )/.exec(reason)?.[0]) || 'connection_lost'
}

/**
 * Whether a client must stay away after this close code. Everything else is tried again, 1000 included:
 * proxies send it when they restart.
 */
export function isFatalClose(code: number): boolean {
  return code === 1009 || (code >= 4500 && code < 5000)
}

import { type Clock, systemClock } from '../shared/clock.ts'
import type { SyncError, SyncErrorCode } from '../shared/errors.ts'
import type { ClientDiagnostic, DiagnosticFields, DiagnosticType } from './diagnostics.ts'

/** From the most to the least talkative. */
export type LogLevel = 'debug' | 'info' | 'warn' | 'error'

/** What takes the lines: the console, or anything with its four methods. */
export type Logger = { readonly [Level in LogLevel]: (message: string, ...rest: unknown[]) => void }

/**
 * Makes a listener for `client.onDiagnostic` that writes one line for each thing that happens, from `level` on: `debug`
 * tells of each attempt, frame and send, `info` of connections and subscriptions, `warn` of what was lost or not applied, `error`
 * of errors and of sends with an unknown outcome. No line holds a payload or a token.
 */
export function logTo(
  logger: Logger,
  level: LogLevel = 'info',
  clock: Clock = systemClock,
): (diagnostic: ClientDiagnostic) => void {
  const lowest = order.indexOf(level)
  return (diagnostic) => {
    const { type } = diagnostic
    if (order.indexOf(levels[type]) < lowest) return
    const words = lines[type](diagnostic as never, clock.now())
    // Names and reasons come from the other side, and must not make lines of their own.
    logger[levels[type]](`syncline ${words}`.replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' '))
  }
}

const order: readonly LogLevel[] = ['debug', 'info', 'warn', 'error']

const levels: { readonly [Type in DiagnosticType]: LogLevel } = {
  attempt: 'debug',
  roundTrip: 'debug',
  received: 'debug',
  sent: 'debug',
  acknowledged: 'debug',
  frame: 'debug',
  connected: 'info',
  subscribed: 'info',
  recovered: 'debug',
  dropped: 'debug',
  lost: 'warn',
  gap: 'warn',
  refused: 'warn',
  error: 'error',
  indeterminate: 'error',
}

const lines: { readonly [Type in DiagnosticType]: (fields: DiagnosticFields[Type], now: number) => string } =
  {
    attempt: ({ attempt }) => `connecting, attempt ${attempt}`,
    connected: ({ resumed, sameRegistry }) =>
      `connected${resumed ? ', session resumed' : ''}${sameRegistry ? '' : ', the hub has another registry'}`,
    lost: ({ cause, attempt, nextAttemptAt }, now) => {
      const what = attemptCodes.has(cause.code) ? 'could not connect' : 'lost connection'
      const next =
        nextAttemptAt === undefined
          ? 'no further attempt'
          : `next attempt ${attempt + 1} in ${seconds(nextAttemptAt - now)} at ${timeOf(nextAttemptAt)}`
      return `${what} ${why(cause)}, ${next}`
    },
    roundTrip: ({ ms }) => `round trip ${ms} ms`,
    subscribed: ({ channel, recovered }) =>
      `subscribed to ${channel}${recovered === null ? '' : recovered ? ', nothing missed' : ', after a gap'}`,
    recovered: ({ channel }) => `recovered ${channel}`,
    dropped: ({ channel, name }) => `dropped ${name} on ${channel}`,
    gap: ({ channel, reason }) => `gap in ${channel} (${reason})`,
    received: ({ channel, name }) => `received ${name} on ${channel}`,
    sent: ({ isResend, ...send }) => `sent ${nameOf(send)}${isResend ? ' again' : ''}`,
    acknowledged: ({ ms, ...send }) => `acknowledged ${nameOf(send)} after ${ms} ms`,
    refused: ({ error, ...send }) => `not applied: ${nameOf(send)} ${why(error)}`,
    indeterminate: ({ error, ...send }) => `perhaps applied: ${nameOf(send)} ${why(error)}`,
    error: ({ error, stage }) => `error in ${stage} ${why(error)}`,
    frame: ({ direction, frame }) => `frame ${direction} ${frame}`,
  }

/** What ends an attempt before there is a connection. */
const attemptCodes: ReadonlySet<SyncErrorCode> = new Set(['connect_failed', 'connect_timeout', 'auth_failed'])

/** Those whose message is always the client's own. In that of others, values of the app or of the hub may stand. */
const harmless: ReadonlySet<SyncErrorCode> = new Set(['connect_timeout', 'ping_timeout', 'queue_full'])

function why({ code, message }: SyncError): string {
  // Of a close, the number; the reason is the other side's.
  const words = harmless.has(code) ? message : /^Closed with \d+/.exec(message)?.[0]
  return words ? `(${code}: ${words})` : `(${code})`
}

function nameOf({ kind, name, channel }: { kind: string; name: string; channel: string }): string {
  return `${kind} ${name} on ${channel}`
}

function seconds(ms: number): string {
  return `${(Math.max(0, ms) / 1_000).toFixed(1)} s`
}

/** As people read it on their clock. */
function timeOf(ms: number): string {
  return new Date(ms).toTimeString().slice(0, 8)
}

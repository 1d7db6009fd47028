import type { IncomingMessage } from 'node:http'
import { subprotocol } from '../protocol/version.ts'
import { SyncError } from '../shared/errors.ts'

/** Why an upgrade is refused before it happens. */
export interface Refusal {
  readonly status: 400 | 403 | 404 | 503
  readonly message: string
  /** When to try again, in seconds, if that was told. */
  readonly retryAfterS?: number
}

/** Which pages may connect: those of the same host, these origins, any, or those that a function says yes to. */
export type AllowedOrigins = 'same' | 'any' | readonly string[] | ((origin: string) => boolean)

/** As browsers write it: no path, no slash at the end, and what has no origin says `null`. */
const asBrowsersWrite = /^(null|[a-z][a-z0-9+.-]*:\/\/[^/?#A-Z]+)$/

/** Refuses what would match other pages than it seems to, or none. Throws `bad_options`. */
export function checkOrigins(origins: AllowedOrigins): void {
  if (origins === 'same' || origins === 'any' || typeof origins === 'function') return
  if (!Array.isArray(origins)) {
    throw new SyncError('bad_options', `"origins" is ${origins}: give "same", "any", a list or a function`)
  }
  const wrong = origins.find((origin) => !asBrowsersWrite.test(origin))
  if (wrong === undefined) return
  throw new SyncError(
    'bad_options',
    `"origins" has ${wrong}: browsers write an origin as in https://app.example`,
  )
}

/** Whether a request may be upgraded. Who it is, is asked later. */
export function refusalOf({ headers }: IncomingMessage, origins: AllowedOrigins): Refusal | undefined {
  if (!isAllowedOrigin(headers.origin, headers.host, origins)) {
    return { status: 403, message: `Origin ${headers.origin} is not allowed; name it in "origins"` }
  }
  const offered = (headers['sec-websocket-protocol'] ?? '').split(',').map((name) => name.trim())
  if (!offered.includes(subprotocol)) {
    return { status: 400, message: `The subprotocol ${subprotocol} must be offered` }
  }
  return undefined
}

/** Only browsers send an origin, and they always do: it guards a person's cookies, not the server. */
function isAllowedOrigin(
  origin: string | undefined,
  host: string | undefined,
  origins: AllowedOrigins,
): boolean {
  if (origin === undefined || origins === 'any') return true
  if (typeof origins === 'function') return origins(origin) === true
  if (origins !== 'same') return origins.includes(origin)
  return isSameHost(origin, host)
}

/** Some proxies name the port that the scheme implies, where no browser does. */
function isSameHost(origin: string, host: string | undefined): boolean {
  const [scheme] = /^https?:\/\//.exec(origin) ?? []
  const own = `${scheme}${host ?? ''}`
  return (
    scheme !== undefined &&
    URL.canParse(origin) &&
    URL.canParse(own) &&
    new URL(own).host === new URL(origin).host
  )
}

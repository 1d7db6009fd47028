import { wireErrorCodes } from '../protocol/error-codes.ts'
import type { WirePosition } from '../protocol/frames.ts'
import { isSyncError, SyncError, type SyncErrorCode } from '../shared/errors.ts'
import type { Position } from '../shared/position.ts'
import type { ErrorStage } from '../shared/report.ts'
import type { Diagnostics, HubActor, HubDiagnosticFields } from './diagnostics.ts'
import type { HubSettings } from './options.ts'
import type { Session } from './session.ts'

/** What a session was refused. */
export interface RefusedAttempt {
  readonly session: Session
  readonly action: HubDiagnosticFields['refuse']['action']
  /** The channel's name on the wire. */
  readonly channel: string
  /** Of the event, message or request. */
  readonly name?: string | undefined
  /** Default: the one of the action. */
  readonly stage?: ErrorStage
}

/** Takes down a refusal, and reports it when it is more than that: once, for the client has been told. */
export type Report = (error: SyncError, attempt: RefusedAttempt) => void

/** Retryable, but nothing that has failed. */
const expected: ReadonlySet<SyncErrorCode> = new Set([
  'out_of_order',
  'rate_limited',
  'overloaded',
  'token_expired',
])

const stages: Readonly<Record<RefusedAttempt['action'], ErrorStage>> = {
  subscribe: 'authorize',
  history: 'deliver',
  publish: 'publish',
  tell: 'authorize',
  request: 'request',
  presence: 'authorize',
}

/** How much is kept of what a client has made up, in UTF-16 units: it goes to logs. */
const keptLength = 100

/** Whose doing it was, of a session that is ready, or was. */
export function actorOf({ id, user }: Session): HubActor {
  return { client: id, user: user!.id }
}

export function reporter(settings: HubSettings, diagnostics: Diagnostics): Report {
  return (error, { session, action, stage = stages[action], ...named }) => {
    const { code, cause } = error
    const channel = named.channel.slice(0, keptLength)
    const name = named.name?.slice(0, keptLength)
    if (diagnostics.isHeard) {
      diagnostics.note('refuse', { ...actorOf(session), action, channel, name, code })
    }
    const isFailure = error.retryable ? !expected.has(code) : cause !== undefined
    if (isFailure) settings.onError(error, { stage, client: session.id, channel, event: name })
  }
}

/** What the hub's own methods have thrown at the app: where a handler lets it pass, it says nothing of what the client has sent. */
const own = new WeakSet<SyncError>()

/** Rethrows what a method of the hub throws at the app, so that it is known again. */
export function thrownAtApp(error: unknown): never {
  if (isSyncError(error)) own.add(error)
  throw error
}

/**
 * What a client is told of a failure: what an app refused with, and what a client can do something about. All else is a defect of the app, such as an
 * asynchronous schema: its words stay on this side.
 */
export function toAnswer(cause: unknown): SyncError {
  if (isSyncError(cause) && wireErrorCodes.includes(cause.code) && !own.has(cause)) return cause
  return new SyncError('internal', 'The hub could not do this', { cause })
}

export function toPosition({ epoch, offset, tag }: Position): WirePosition {
  return [epoch, offset, tag]
}

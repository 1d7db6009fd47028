import { type SyncError, toSyncError } from './errors.ts'
import { guard } from './guard.ts'

/**
 * Where something went wrong that could not be thrown to its author:
 * - `connect`: the connection gave up, or the app's `auth` failed. What else ends an attempt is in the status.
 * - `frame`: reading what the other side sent.
 * - `subscribe`: the hub refused or took back a subscription.
 * - `payload`: a payload that arrived does not fit its schema.
 * - `listener`: a listener or callback of the app threw.
 * - `authenticate`, `authorize`, `publish`, `request`: the app's own checks, its hook or a handler failed or took too long.
 * - `deliver`: handing a message on failed.
 * - `persist`: keeping sends over a reload failed, or one that an earlier page has left was not applied, or perhaps.
 */
export type ErrorStage =
  | 'connect'
  | 'frame'
  | 'subscribe'
  | 'payload'
  | 'listener'
  | 'authenticate'
  | 'authorize'
  | 'publish'
  | 'request'
  | 'deliver'
  | 'persist'

export interface ErrorContext {
  readonly stage: ErrorStage
  /** The channel's name on the wire. */
  readonly channel?: string | undefined
  /** The event's name. */
  readonly event?: string | undefined
  /** On a hub: the public id of the client concerned. */
  readonly client?: string | undefined
}

/** Hears of every error that could not be thrown to its author. */
export type ErrorHandler = (error: SyncError, context: ErrorContext) => void

/**
 * The default: the platform's `reportError`, which a page shows in its console and its monitoring sees;
 * where there is none, the console.
 */
export const reportToPlatform: ErrorHandler = (error, context) => {
  const report = (globalThis as { reportError?: (error: unknown) => void }).reportError
  if (report) report(error)
  // biome-ignore lint/suspicious/noConsole: the last resort, so that nothing fails in silence
  else console.error(`syncline: ${context.stage}`, error)
}

/** The app's handler, guarded: one that throws must not take down what it was told of, and is told of itself. */
export function guardHandler(handler: ErrorHandler): ErrorHandler {
  return guard(handler, (thrown, _error, context) => {
    reportToPlatform(toSyncError(thrown, 'listener_failed'), context)
  })
}

import type { Frame, GapReason } from '../protocol/frames.ts'
import type { SyncError } from '../shared/errors.ts'
import type { ErrorStage } from '../shared/report.ts'

/** Why a send was settled without an acknowledgement, and of what. */
export interface SendFailure extends SendName {
  readonly error: SyncError
}

/** Which send a diagnostic is about. */
export interface SendName {
  readonly kind: 'publication' | 'request'
  /** The channel's name on the wire. */
  readonly channel: string
  /** The name of the event or request. */
  readonly name: string
}

/** What a client tells of itself, by type. Never a payload, never a token; but errors have the words of whoever made them. */
export interface DiagnosticFields {
  /** An attempt to connect begins. */
  attempt: { readonly attempt: number }
  /** The hub has said welcome. */
  connected: { readonly resumed: boolean; readonly sameRegistry: boolean }
  /** An attempt or a connection has ended. `nextAttemptAt` is in milliseconds since 1970, `undefined` when there will be none. */
  lost: { readonly cause: SyncError; readonly attempt: number; readonly nextAttemptAt: number | undefined }
  /** A ping was answered. */
  roundTrip: { readonly ms: number }
  /** The hub has accepted a subscription; `recovered` as in `Subscribed`. */
  subscribed: { readonly channel: string; readonly recovered: boolean | null }
  /** Nothing was missed in an interruption, or all of it has come again. */
  recovered: { readonly channel: string }
  /** A message was not sent, as there was no connection or the transport was congested. */
  dropped: { readonly channel: string; readonly name: string }
  /** Continuity was lost. */
  gap: { readonly channel: string; readonly reason: GapReason }
  /** An event or a message has arrived. */
  received: { readonly channel: string; readonly name: string }
  /** A publication or a request was handed to the transport. */
  sent: SendName & { readonly isResend: boolean }
  /** The hub has applied a publication or answered a request, after `ms` milliseconds. */
  acknowledged: SendName & { readonly ms: number }
  /** It was not applied: the hub refused, or it was never sent. */
  refused: SendFailure
  /** It may have been applied. */
  indeterminate: SendFailure
  /** Something went wrong that `onError` hears of, too. */
  error: { readonly error: SyncError; readonly stage: ErrorStage }
  /** A frame has come in or gone out. */
  frame: { readonly direction: 'in' | 'out'; readonly frame: Frame[0] }
}

export type DiagnosticType = keyof DiagnosticFields

/** One thing that happened in a client. */
export type ClientDiagnostic = {
  [Type in DiagnosticType]: { readonly type: Type } & DiagnosticFields[Type]
}[DiagnosticType]

/** Takes down what happened. */
export type Note = <Type extends DiagnosticType>(type: Type, fields: DiagnosticFields[Type]) => void

/** What became of a client so far. */
export interface ClientStats {
  /** How long the last answer to a ping took, in milliseconds; `undefined` before the first. */
  readonly roundTripMs: number | undefined
  /** What is not settled yet, queued and sent. */
  readonly pending: { readonly count: number; readonly bytes: number }
  /** How often each thing has happened; what never did is left out. */
  readonly counts: Readonly<Partial<Record<DiagnosticType, number>>>
}

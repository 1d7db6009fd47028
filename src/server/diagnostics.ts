import type { GapReason } from '../protocol/frames.ts'
import type { Undo } from '../shared/disposer.ts'
import type { SyncErrorCode } from '../shared/errors.ts'
import { Listeners } from '../shared/listeners.ts'
import type { ErrorStage } from '../shared/report.ts'
import type { Action } from './handlers.ts'
import type { ConnectRequest } from './options.ts'

/** Whose doing it was. */
export interface HubActor {
  /** The public id of the session. */
  readonly client: string
  /** The id of its user. */
  readonly user: string
}

/** What a hub tells of itself, by type. Never a payload, never a token. */
export interface HubDiagnosticFields {
  /** A session is ready. */
  connect: HubActor & { readonly resumed: boolean }
  /** An upgrade was refused with an HTTP status. `path` is that of the request, without its query, which may hold secrets. */
  refuseUpgrade: { readonly status: number; readonly path: string; readonly origin: string | undefined }
  /** A session was refused something; `name` is that of the event, message or request. Of it and of `channel`, the first 100 UTF-16 units. */
  refuse: HubActor & {
    readonly action: Action | 'history'
    readonly channel: string
    readonly name: string | undefined
    readonly code: SyncErrorCode
  }
  /** A session holds a channel from now on; no longer. */
  subscribe: HubActor & { readonly channel: string }
  unsubscribe: HubActor & { readonly channel: string }
  /** An event is in the log, by whom it was published: a session, or the server (`undefined`). `bytes` is the size of its body, in UTF-16 units. */
  publish: {
    readonly channel: string
    readonly name: string
    readonly offset: number
    readonly bytes: number
    readonly client: string | undefined
    readonly user: string | undefined
  }
  /** An entry was handed to the sessions of this node that hold the channel. */
  deliver: { readonly channel: string; readonly offset: number; readonly sessions: number }
  /** Continuity of a channel was lost between the broadcaster and this node; so many sessions were told. */
  gap: { readonly channel: string; readonly reason: GapReason; readonly sessions: number }
  /** A handler has answered, after `ms` milliseconds; `code` when it did not succeed. */
  request: HubActor & {
    readonly channel: string
    readonly name: string
    readonly ms: number
    readonly code: SyncErrorCode | undefined
  }
  /** Someone is present from now on, or is gone. */
  presence: HubActor & { readonly channel: string; readonly change: 'enter' | 'leave' }
  /** A connection has ended; `client` and `user` are `undefined` when it was never ready. */
  close: {
    readonly client: string | undefined
    readonly user: string | undefined
    /** The close code, when it is known. */
    readonly code: number | undefined
    readonly reason: string
    /** How long there was a connection, in milliseconds. */
    readonly ms: number
  }
  /** The hub has begun to send its clients away. */
  drain: { readonly overMs: number; readonly sessions: number }
  /** Something went wrong that `onError` hears of, too. */
  error: {
    readonly code: SyncErrorCode
    readonly stage: ErrorStage
    readonly channel: string | undefined
    readonly client: string | undefined
  }
}

export type HubDiagnosticType = keyof HubDiagnosticFields

/** One thing that happened on a hub; `time` is in milliseconds since 1970. */
export type HubDiagnostic = {
  [Type in HubDiagnosticType]: { readonly type: Type; readonly time: number } & HubDiagnosticFields[Type]
}[HubDiagnosticType]

export type HubDiagnosticListener = (diagnostic: HubDiagnostic) => void

/** Whoever wants to know what happens. Costs next to nothing while nobody listens: ask `isHeard` before making the fields. */
export class Diagnostics {
  /** Whether anybody listens. */
  isHeard = false
  readonly #listeners: Listeners
  readonly #now: () => number

  constructor(now: () => number, onThrow: (error: unknown) => void) {
    this.#now = now
    this.#listeners = new Listeners(onThrow)
  }

  on(listener: HubDiagnosticListener): Undo {
    const undo = this.#listeners.on(channel, listener)
    this.isHeard = true
    return () => {
      undo()
      this.isHeard = this.#listeners.has(channel)
    }
  }

  note<Type extends HubDiagnosticType>(type: Type, fields: HubDiagnosticFields[Type]): void {
    if (this.isHeard) this.#listeners.emit(channel, { type, time: this.#now(), ...fields })
  }

  noteRefusedUpgrade({ url, headers }: ConnectRequest, status: number): void {
    const { origin } = headers
    // Without the query, in which a token may stand.
    const path = url.split('?', 1)[0]!
    this.note('refuseUpgrade', { status, path, origin: typeof origin === 'string' ? origin : undefined })
  }
}

const channel = 'diagnostic'

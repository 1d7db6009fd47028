/**
 * Every frame of the protocol as a labelled tuple. `docs/protocol.md` is normative for what they mean;
 * a test holds its tables to these types, and the compiler holds the checks of `client-shapes.ts` and
 * `hub-shapes.ts` to them.
 */

/** Where a reader stands in a channel's log: `[epoch, offset, tag]`. An empty log is `[epoch, 0, '']`. */
export type WirePosition = [epoch: string, offset: number, tag: string]

/** Names a registry on the wire: its version and the hash of its names. */
export type WireRegistry = [version: number, hash: string]

/** Someone present: a unique mark of this presence, the public client id, the user's id, the state. */
export type WireMember = [mark: string, client: string, user: string, state: unknown]

/** Why continuity could not be proven. */
export type GapReason = 'retention' | 'epoch' | 'rollback' | 'unauthorized' | 'overflow'

export interface HelloOptions {
  registry: WireRegistry
  /** The session's secret of at least 128 bits, made by the client: 22 to 64 characters of `A-Z a-z 0-9 _ -`. */
  session: string
  token?: string | undefined
}

export interface WelcomeOptions {
  /** The session's public id, as others see it. */
  client: string
  /** Whether the hub still knew the session. */
  resumed: boolean
  /** The hub sends a frame at least this often, in milliseconds. */
  pingMs: number
  /** How long either side waits beyond that before the link counts as dead, in milliseconds. */
  pongMs: number
  /** The largest WebSocket message that the hub takes, in bytes. */
  maxBytes: number
  /** The hub's wall clock, in milliseconds since 1970. */
  time: number
  registry: WireRegistry
}

export interface SubOptions {
  /** The last position that this client has handed over; the hub recovers from there. */
  since?: WirePosition
  /** How many retained entries to replay first, when there is no `since`. */
  rewind?: number
}

export interface SubscribedOptions {
  /** Where the subscription stands; replay, if any, ends here. */
  position: WirePosition
  /** `true`: nothing was missed but what follows. `false`: see `reason`. `null`: no `since` was sent. */
  recovered: boolean | null
  reason?: GapReason
}

export interface ReqOptions {
  /** Milliseconds since the request was first sent; present on every resend. */
  ageMs?: number
  /** How long the client will wait, in milliseconds. */
  timeoutMs?: number
}

export interface HistoryOptions {
  /** At most this many entries. */
  limit: number
  /** Only entries below this offset. */
  before?: number
}

export interface ErrorDetails {
  issues?: unknown[]
  retryAfterMs?: number
}

export interface ByeOptions {
  message?: string
  /** The window in which to come back, in milliseconds from now. */
  afterMs?: [min: number, max: number]
}

// client → hub
export type HelloFrame = ['hello', options: HelloOptions]
export type SubFrame = ['sub', ref: number, channel: string, options?: SubOptions]
export type UnsubFrame = ['unsub', ref: number, channel: string]
export type PubFrame = [
  'pub',
  n: number,
  base: number,
  channel: string,
  name: string,
  data: unknown,
  ageMs?: number,
]
export type TellFrame = ['tell', channel: string, name: string, data: unknown]
export type ReqFrame = [
  'req',
  ref: number,
  channel: string,
  name: string,
  data: unknown,
  options?: ReqOptions,
]
export type CancelFrame = ['cancel', ref: number]
export type EnterFrame = ['enter', ref: number, channel: string, state: unknown]
export type LeaveFrame = ['leave', ref: number, channel: string]
export type HistoryFrame = ['history', ref: number, channel: string, options: HistoryOptions]
export type AuthFrame = ['auth', ref: number, token: string]

// both ways
export type PingFrame = ['ping', echo?: number]
export type PongFrame = ['pong', echo?: number, time?: number]

// hub → client
export type WelcomeFrame = ['welcome', options: WelcomeOptions]
export type SubscribedFrame = ['subscribed', ref: number, cid: number, options: SubscribedOptions]
export type LiveFrame = ['live', cid: number]
export type EvFrame = [
  'ev',
  cid: number,
  offset: number,
  tag: string,
  previous: string,
  time: number,
  sender: string | null,
  name: string,
  data: unknown,
]
export type ToldFrame = ['told', cid: number, name: string, data: unknown, sender: string | null]
export type GapFrame = ['gap', cid: number, position: WirePosition, reason: GapReason]
export type UnsubscribedFrame = ['unsubscribed', cid: number | null, ref: number | null, code?: string]
export type AckFrame = ['ack', channel: string, n: number, position: WirePosition, duplicate?: boolean]
export type NakFrame = [
  'nak',
  channel: string,
  n: number,
  code: string,
  message: string,
  details?: ErrorDetails,
]
export type ResFrame = ['res', ref: number, data: unknown, position?: WirePosition]
export type ErrFrame = ['err', ref: number | null, code: string, message: string, details?: ErrorDetails]
export type MembersFrame = ['members', cid: number, version: number, members: WireMember[]]
export type DiffFrame = ['diff', cid: number, version: number, entered: WireMember[], left: string[]]
export type ByeFrame = ['bye', code: string, options: ByeOptions]

/** What a client may send. */
export type ClientFrame =
  | HelloFrame
  | SubFrame
  | UnsubFrame
  | PubFrame
  | TellFrame
  | ReqFrame
  | CancelFrame
  | EnterFrame
  | LeaveFrame
  | HistoryFrame
  | AuthFrame
  | PingFrame
  | PongFrame

/** What a hub may send. */
export type HubFrame =
  | WelcomeFrame
  | SubscribedFrame
  | LiveFrame
  | EvFrame
  | ToldFrame
  | GapFrame
  | UnsubscribedFrame
  | AckFrame
  | NakFrame
  | ResFrame
  | ErrFrame
  | MembersFrame
  | DiffFrame
  | ByeFrame
  | PingFrame
  | PongFrame

/** Any frame; its first element says which. */
export type Frame = ClientFrame | HubFrame

import type { Position } from '../shared/position.ts'

/** One entry of a channel's log. The body is opaque to a broadcaster. */
export interface LogEntry {
  readonly offset: number
  /** A random mark. MUST be of `A-Z a-z 0-9 _ -` only: it goes onto the wire as it is. */
  readonly tag: string
  /** The tag of the entry before it, empty for the first: lets a reader prove that nothing lies between. */
  readonly previous: string
  readonly body: string
}

/** Which retained entries a read gives: those whose offset lies between `after` and `before`, both exclusive. */
export interface LogQuery {
  /** Default: no entries at all, only the top. */
  readonly after?: number
  /** Default: no bound. */
  readonly before?: number
  /** Only the newest of them. Default: all. */
  readonly limit?: number
}

/** What a read sees, all at one moment. */
export interface LogRead {
  /** Where the log ends. */
  readonly top: Position
  /** The retained entries that were asked for, oldest first, without a hole between any two. */
  readonly entries: readonly LogEntry[]
}

/** Which publication of a session an append is: see "Sending" in `docs/protocol.md`. */
export interface SenderMark {
  /** The session. */
  readonly id: string
  /** Counts the publications of the session on the channel, from 1. */
  readonly n: number
  /** The lowest `n` that the session knows no answer to. */
  readonly base: number
  /** Milliseconds from when it was first sent to this call, whose own way counts on top; only when it is sent again. */
  readonly ageMs?: number | undefined
}

/** What makes an append happen once, however often it is tried. */
export type AppendOnce =
  | { readonly sender: SenderMark; readonly key?: undefined }
  /** Any text that names what is appended, such as an id of a relay's outbox; unique on the channel. */
  | { readonly key: string; readonly sender?: undefined }

/** Where an append stands in the log. */
export interface Appended extends Position {
  /**
   * `true` when it had been appended before. The position is then the entry's own if that is still known, else the top, an
   * upper bound.
   */
  readonly duplicate?: true
}

/** Who asks to run a request, which is to run once. */
export interface ClaimRequest {
  /** Names the request among all. */
  readonly key: string
  /** Who would run it: names one incarnation of a node. */
  readonly owner: string
  /** Milliseconds from when the request was first sent to this call, whose own way counts on top; only when it is sent again. */
  readonly ageMs?: number | undefined
}

/** What became of a claim: it is the caller's now, somebody's (perhaps the caller's own of before), or done. */
export type Claim =
  | { readonly state: 'granted' }
  | { readonly state: 'held'; readonly owner: string }
  | { readonly state: 'settled'; readonly result: string }

/** Hears of entries as they are appended. MUST NOT throw. */
export type Deliver = (entry: LogEntry, epoch: string) => void

/**
 * Keeps the log of every channel and tells the hubs that follow one of what is appended. The contract suite of
 * `syncline/testing` executes these rules.
 *
 * A log is ordered: the offsets of one epoch count up by one, and are never used again, also when entries are
 * evicted. A channel that was never written to has an epoch too, from its first read or append on.
 *
 * What happens once is remembered for a window of ten minutes or longer. MUST NOT forget within it in silence: where a record may have been
 * dropped, whoever asks with an `ageMs` that reaches back before that gets `indeterminate`.
 */
export interface Broadcaster {
  /**
   * Appends to a channel's log. MUST resolve only when the entry can be read. MUST reject with `unavailable`
   * when it is known that nothing was appended, and with `too_large` when it never can be.
   *
   * With a `sender`, MUST follow the rules 1 to 5 of "Sending" in `docs/protocol.md`: reject with `indeterminate` or `out_of_order`, resolve as
   * `duplicate`, or append and remember the number, both or neither. With a `key`, MUST append the first of the window only.
   */
  append(channel: string, body: string, once?: AppendOnce): Promise<Appended>

  /**
   * What `append` would resolve to where the publication has been applied already, else `undefined`. Appends nothing. MUST reject with `indeterminate`
   * where `append` would.
   */
  recall(channel: string, sender: SenderMark): Promise<Appended | undefined>

  /**
   * Starts delivery of a channel. MUST resolve only when it is in force: every entry whose append begins after
   * that is delivered, once and in log order, unless the connection to the engine breaks. MAY deliver entries
   * that were appended before. Several subscriptions of one channel are independent. The undo is idempotent,
   * and nothing is delivered after it was called.
   */
  subscribe(channel: string, deliver: Deliver): Promise<() => void>

  /**
   * Calls `listener` when the connection to the engine has been lost and all subscriptions are in force again: what was appended in between may not have
   * been delivered. Left out where there is no connection to lose. The undo is idempotent.
   */
  onReconnect?(listener: () => void): () => void

  /** Reads the top and the retained entries that are asked for, atomically. An epoch MUST be of the same characters as a tag. */
  read(channel: string, query?: LogQuery): Promise<LogRead>

  /** Grants a key to the first who asks for it; everyone else hears who has it, or the result. */
  claim(request: ClaimRequest): Promise<Claim>

  /** Ends a claim with its result, which all who ask later get. Without effect on a claim that is not the owner's. */
  settle(key: string, owner: string, result: string): Promise<void>

  /** Gives a claim back, as if it had never been: nothing was done. Without effect on a claim that is not the owner's. */
  release(key: string, owner: string): Promise<void>

  /** Ends all delivery. MUST leave a client that the caller passed in connected. Idempotent. */
  close(): Promise<void>
}

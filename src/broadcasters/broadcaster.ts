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

/** What a read sees, all at one moment. */
export interface LogRead {
  /** Where the log ends. */
  readonly top: Position
  /** The retained entries that were asked for, oldest first; the last one is the top if any is given. */
  readonly entries: readonly LogEntry[]
}

/** Hears of entries as they are appended. MUST NOT throw. */
export type Deliver = (entry: LogEntry, epoch: string) => void

/**
 * Keeps the log of every channel and tells the hubs that follow one of what is appended. The contract suite of
 * `syncline/testing` executes these rules.
 *
 * A log is ordered: the offsets of one epoch count up by one, and are never used again, also when entries are
 * evicted. A channel that was never written to has an epoch too, from its first read or append on.
 */
export interface Broadcaster {
  /**
   * Appends to a channel's log. MUST resolve only when the entry can be read. MUST reject with `unavailable`
   * when it is known that nothing was appended.
   */
  append(channel: string, body: string): Promise<Position>

  /**
   * Starts delivery of a channel. MUST resolve only when it is in force: every entry whose append begins after
   * that is delivered, once and in log order, unless the connection to the engine breaks. MAY deliver entries
   * that were appended before. Several subscriptions of one channel are independent. The undo is idempotent,
   * and nothing is delivered after it was called.
   */
  subscribe(channel: string, deliver: Deliver): Promise<() => void>

  /** Reads the top and the retained entries above the offset `after` (default: none), atomically. */
  read(channel: string, options?: { readonly after?: number }): Promise<LogRead>

  /** Ends all delivery. MUST leave a client that the caller passed in connected. Idempotent. */
  close(): Promise<void>
}

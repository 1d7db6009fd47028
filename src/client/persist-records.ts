import { count, position } from '../protocol/checks.ts'
import type { WirePosition } from '../protocol/frames.ts'
import type { SendName } from './diagnostics.ts'

/** One send, as it is kept. All times are in milliseconds since 1970. */
export interface KeptRow extends SendName {
  readonly data: unknown
  readonly createdAt: number
  readonly timeoutMs?: number | undefined
  /** Given when it is first sent, and written before. */
  number?: number
  sentAt?: number
}

/** The secret of a session, and when its page was last there. */
export type SessionRow = readonly [secret: string, at: number]

/** The records of one session by the ends of their keys: `s` the session, `e…` its sends in order, `n…` the last number by channel, `p…` the position by channel. */
export type Records = Map<string, string>

/** What all keys of one user begin with. Each part is escaped, so that none can be read as two. */
export function rootOf(name: string, user: string): string {
  return `syncline/${encodeURIComponent(name)}/${encodeURIComponent(user)}/`
}

/** The records below `root` by the id of their session. */
export function recordsById(all: ReadonlyMap<string, string>, root: string): Map<string, Records> {
  const found = new Map<string, Records>()
  for (const [key, text] of all) {
    const id = key.slice(root.length).split('/', 1)[0]!
    const records = found.get(id) ?? new Map()
    found.set(id, records.set(key.slice(root.length + id.length + 1), text))
  }
  return found
}

/** What a record holds; `undefined` where there is none, or it is not what `isRow` wants. */
export function parsed<Row>(text: string | undefined, isRow: (value: Row) => unknown): Row | undefined {
  try {
    const value = JSON.parse(text!) as Row
    return isRow(value) ? value : undefined
  } catch {
    return undefined
  }
}

export const isSession = ([secret, at]: SessionRow) => /^[\w-]{22,64}$/.test(secret) && at >= 0

export const isKeptRow = ({ kind, channel, name, createdAt, number, sentAt }: KeptRow) =>
  `${typeof channel} ${typeof name}` === 'string string' &&
  /^(publication|request)$/.test(kind) &&
  createdAt >= 0 &&
  (number === undefined ? sentAt === undefined : number > 0 && sentAt! >= 0)

/** What an earlier page has left in the records of a session. */
export interface Left {
  /** The session's secret, where it can be read. */
  readonly secret: string | undefined
  /** The last number by channel. */
  readonly numbers: ReadonlyMap<string, number>
  /** What was not settled, in order, by the ends of the keys. */
  readonly sends: ReadonlyMap<string, KeptRow>
  readonly positions: ReadonlyMap<string, WirePosition>
  /** The ends of the keys of records that are too old to be of use, or cannot be read. */
  readonly useless: readonly string[]
}

/** For how long a number and a position are of use, in milliseconds: a day, which is longer than hubs remember. */
export const usefulMs = 86_400_000

/** Reads the records of a session. Total: never throws. */
export function readLeft(records: Records, now: number): Left {
  const numbers = new Map<string, number>()
  const sends = new Map<string, KeptRow>()
  const positions = new Map<string, WirePosition>()
  const useless: string[] = []
  for (const [end, text] of [...records].sort()) {
    const name = end.slice(1)
    if (end[0] === 'e') {
      const row = parsed(text, isKeptRow)
      if (row) sends.set(end, row)
      else useless.push(end)
    } else if (end[0] === 'n' || end[0] === 'p') {
      const row = parsed<readonly [at: number, value: unknown]>(text, ([at]) => now - at < usefulMs)
      // A hub would close the connection for good on a wrong shape.
      if (end[0] === 'n' && count(row?.[1])) numbers.set(name, row[1])
      else if (end[0] === 'p' && position(row?.[1])) positions.set(name, row[1])
      else useless.push(end)
    }
  }
  for (const { kind, channel, number = 0 } of sends.values()) {
    if (kind === 'publication') numbers.set(channel, Math.max(number, numbers.get(channel) ?? 0))
  }
  const secret = parsed(records.get('s'), isSession)?.[0]
  return { secret, numbers, sends, positions, useless }
}

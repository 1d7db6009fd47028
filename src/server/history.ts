import type { Broadcaster, LogEntry } from '../broadcasters/broadcaster.ts'
import type { HistoryFrame } from '../protocol/frames.ts'
import { SyncError } from '../shared/errors.ts'
import type { Position } from '../shared/position.ts'
import type { HubSettings } from './options.ts'
import { type Report, toAnswer, toPosition } from './refusals.ts'
import type { Served } from './served.ts'
import type { Session } from './session.ts'

export interface HistoryParts {
  readonly served: Served
  readonly broadcaster: Broadcaster
  readonly settings: HubSettings
  readonly report: Report
}

/** Which entries are asked for: the newest `limit` of those below the offset `before`. */
export interface HistoryQuery {
  /** A whole number from 1. */
  readonly limit: number
  /** Default: no bound. */
  readonly before?: number | undefined
}

/** Retained entries, oldest first, and whether older ones are retained. */
export interface HistoryPage {
  /** Where the log stood. */
  readonly top: Position
  readonly entries: readonly LogEntry[]
  readonly more: boolean
}

/** Reads one entry more than is asked for, to see whether there are more. */
export async function readHistory(
  broadcaster: Broadcaster,
  channel: string,
  { limit, before }: HistoryQuery,
): Promise<HistoryPage> {
  const bound = before === undefined ? {} : { before }
  const { top, entries } = await broadcaster.read(channel, { after: 0, limit: limit + 1, ...bound })
  const more = entries.length > limit
  return { top, entries: more ? entries.slice(1) : entries, more }
}

/** What clients read back of a channel's log: whoever may subscribe may. */
export class Histories {
  readonly #parts: HistoryParts

  constructor(parts: HistoryParts) {
    this.#parts = parts
  }

  /** Answers a `history` frame with `res` or `err`. Never rejects. */
  async read(session: Session, frame: HistoryFrame): Promise<void> {
    const [, ref, channel] = frame
    try {
      await session.work(() => this.#read(session, frame))
    } catch (cause) {
      const error = toAnswer(cause)
      session.refuse(ref, error)
      this.#parts.report(error, { session, action: 'history', channel })
    }
  }

  async #read(session: Session, [, ref, name, { limit, before }]: HistoryFrame): Promise<void> {
    const { served, broadcaster, settings } = this.#parts
    const channel = served.find(name)
    if (limit < 1) throw new SyncError('bad_payload', 'The limit of a history is a number from 1')
    if (!session.held.get(name)?.isGranted) {
      const check = served.authorize({ session, channel, action: 'subscribe' })
      if (check) await check
    }
    const query = { limit: Math.min(limit, settings.maxHistory), before }
    const page = await readHistory(broadcaster, name, query)
    // More would cut the client off. One entry at least, or it could not go on from there.
    const fitting = newestWithin(page.entries, settings.maxBufferedBytes / 2)
    const entries = fitting.length > 0 ? fitting : page.entries.slice(-1)
    const more = page.more || entries.length < page.entries.length
    const data = `{"entries":[${entries.map(encodeEntry)}],"more":${more}}`
    session.sendText(`["res",${ref},${data},${JSON.stringify(toPosition(page.top))}]`)
  }
}

/** From the body's own text, as for the `ev` frame. */
function encodeEntry({ offset, tag, previous, body }: LogEntry): string {
  return `[${offset},"${tag}","${previous}",${body.slice(1)}`
}

/** What an entry is on the wire beside its body, in bytes. */
const headBytes = 64

/** The newest entries that have so many bytes together on the wire, their heads estimated; oldest first. */
export function newestWithin(entries: readonly LogEntry[], maxBytes: number): readonly LogEntry[] {
  let left = maxBytes
  let first = entries.length
  while (first > 0) {
    left -= Buffer.byteLength(entries[first - 1]!.body) + headBytes
    if (left < 0) break
    first--
  }
  return first === 0 ? entries : entries.slice(first)
}

import type { LogEntry } from '../broadcasters/broadcaster.ts'
import type { Room } from './rooms.ts'

/** What a channel's log holds of one event; the broadcaster carries it as text. */
export interface EventBody {
  readonly time: number
  readonly sender: string | null
  readonly name: string
  /** What travels, already reduced to what the schema lets through. */
  readonly data: unknown
}

/** The body of a log entry: the tail of the `ev` frame that it becomes, as a JSON array. */
export function encodeBody({ time, sender, name, data }: EventBody): string {
  return JSON.stringify([time, sender, name, data])
}

/**
 * Sends an entry to every session of the room. The frame is put together from the body's own text, once, so that
 * no payload is encoded again, however many subscribers there are.
 */
export function fanOut({ cid, sessions }: Room, { offset, tag, previous, body }: LogEntry): void {
  const frame = `["ev",${cid},${offset},"${tag}","${previous}",${body.slice(1)}`
  for (const session of sessions) session.sendText(frame)
}

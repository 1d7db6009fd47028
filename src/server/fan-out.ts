import type { LogEntry } from '../broadcasters/broadcaster.ts'
import type { GapFrame, GapReason } from '../protocol/frames.ts'
import { SyncError } from '../shared/errors.ts'
import type { Position } from '../shared/position.ts'
import { toPosition } from './refusals.ts'
import type { Room } from './rooms.ts'
import type { SharedMessage } from './shared-message.ts'

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

/** What a body holds. Throws `internal` for what was not made by {@link encodeBody}. */
export function decodeBody(body: string): EventBody {
  try {
    const [time, sender, name, data] = JSON.parse(body)
    return { time, sender, name, data }
  } catch (cause) {
    throw new SyncError('internal', 'An entry of the log was not written by a hub', { cause })
  }
}

/** The `ev` frame of an entry, put together from the body's own text: no payload is encoded again. */
export function encodeEvent(cid: number, { offset, tag, previous, body }: LogEntry): string {
  return `["ev",${cid},${offset},"${tag}","${previous}",${body.slice(1)}`
}

/** Sends an entry to every session of the room, encoded once, however many there are. */
export function fanOut({ cid, sessions }: Room, entry: LogEntry, now?: number): void {
  const message: SharedMessage = { text: encodeEvent(cid, entry) }
  for (const session of sessions) session.sendShared(message, now)
}

/** What those are sent who come back, by the entry: encoded once for all of them. */
const messages = new WeakMap<Room, WeakMap<LogEntry, SharedMessage>>()

/** The `ev` frame of an entry that is replayed to more than one. */
export function messageOf(room: Room, entry: LogEntry): SharedMessage {
  let known = messages.get(room)
  if (!known) {
    known = new WeakMap()
    messages.set(room, known)
  }
  let message = known.get(entry)
  if (!message) {
    message = { text: encodeEvent(room.cid, entry) }
    known.set(entry, message)
  }
  return message
}

export function gapFrame(
  cid: number,
  { reason, position }: { reason: GapReason; position: Position },
): GapFrame {
  return ['gap', cid, toPosition(position), reason]
}

/** Tells every session of the room that continuity was lost, and where it goes on. */
export function tellGap({ cid, sessions, position }: Room, reason: GapReason): void {
  const message: SharedMessage = { text: JSON.stringify(gapFrame(cid, { reason, position })) }
  for (const session of sessions) session.sendShared(message)
}

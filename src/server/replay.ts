import type { LogEntry } from '../broadcasters/broadcaster.ts'
import type { Clock } from '../shared/clock.ts'
import { gapFrame, messageOf } from './fan-out.ts'
import type { Room, Rooms } from './rooms.ts'
import type { Session } from './session.ts'

/** How often a slow client is looked at while it is sent the past, in milliseconds. */
const lookMs = 20

export interface ReplayParts {
  readonly rooms: Pick<Rooms, 'overhear'>
  readonly clock: Clock
  /** How much may wait unsent for the client while more is handed to it, in bytes. */
  readonly maxWaitingBytes: number
  /** How much may be said in the room while the client is sent the past, in bytes as estimated from the length of the texts. */
  readonly maxMeantimeBytes: number
}

interface Replay {
  readonly session: Session
  readonly room: Room
  /** What is replayed, oldest first; it ends where the room stands. */
  readonly entries: readonly LogEntry[]
  /** Whether the session still wants it. */
  readonly isCurrent: () => boolean
  /** Said between the past and what came in the meantime. */
  readonly live: () => void
  /** From here on the session hears the room itself. Called in the very moment in which nothing is left to be sent. */
  readonly done: () => void
}

/**
 * Sends the past no faster than the client takes it: handed over at once, much of it would cut a slow client off, again and again. Then
 * what was said in the room in the meantime, until nothing is left of that. Ends without a word when it is not wanted any more.
 */
export function replay(of: Replay, parts: ReplayParts): void {
  const sent = sendSome(of, of.entries, parts)
  if (sent < of.entries.length) {
    void replaySlowly(of, of.entries.slice(sent), parts)
    return
  }
  of.live()
  if (of.isCurrent()) of.done()
}

async function replaySlowly(of: Replay, first: readonly LogEntry[], parts: ReplayParts): Promise<void> {
  const { room, session, isCurrent, live, done } = of
  const meantime = parts.rooms.overhear(room)
  try {
    let left = first
    let isLive = false
    while (left.length > 0 || meantime.gap) {
      await pause(parts.clock)
      if (!isCurrent()) return
      left = left.slice(sendSome(of, left, parts))
      if (left.length > 0) continue
      if (!isLive) live()
      isLive = true
      const { entries, gap } = meantime.take()
      // What it was sent is of a log that is no more.
      if (gap) session.send(gapFrame(room.cid, gap))
      left = entries
      if (sizeOf(left) > parts.maxMeantimeBytes) {
        session.close(4002, 'more was said than it took')
        return
      }
    }
    if (isCurrent()) done()
  } finally {
    meantime.stop()
  }
}

/** Hands over as much as may wait, and returns how many that were; a client that takes nothing is found by its heartbeat. */
function sendSome(
  { session, room, isCurrent }: Replay,
  entries: readonly LogEntry[],
  parts: ReplayParts,
): number {
  let count = 0
  while (count < entries.length && session.bufferedBytes < parts.maxWaitingBytes && isCurrent()) {
    session.sendShared(messageOf(room, entries[count]!))
    count++
  }
  return count
}

function pause(clock: Clock): Promise<void> {
  return new Promise((resolve) => void clock.after(lookMs, resolve))
}

function sizeOf(entries: readonly LogEntry[]): number {
  return entries.reduce((sum, { body }) => sum + body.length, 0)
}

import type { LogEntry, LogRead } from '../broadcasters/broadcaster.ts'
import type { GapReason, SubOptions, WirePosition } from '../protocol/frames.ts'
import type { Position } from '../shared/position.ts'
import type { Room, Rooms } from './rooms.ts'

/** What a subscription begins with. */
export interface Outcome {
  /** The last of `entries`, or where the log stands. */
  readonly position: Position
  readonly recovered: boolean | null
  readonly reason?: GapReason
  /** What is replayed, oldest first. */
  readonly entries: readonly LogEntry[]
}

/** What is said of a position without a look into the log: nothing was asked for, nothing was missed, or the log is another one. */
export function standing(position: Position, { since, rewind }: SubOptions = {}): Outcome | undefined {
  if (!since) return rewind ? undefined : { position, recovered: null, entries: [] }
  const [epoch, offset, tag] = since
  if (epoch !== position.epoch) return { position, recovered: false, reason: 'epoch', entries: [] }
  if (offset === position.offset && tag === position.tag) return { position, recovered: true, entries: [] }
  return undefined
}

interface Recovery {
  readonly rooms: Rooms
  readonly room: Room
  readonly options: SubOptions
  /** Whether anybody still waits for it. */
  readonly isCurrent: () => boolean
}

/**
 * Reads what came after a position, or the newest entries, and joins to it what was delivered in the meantime. All or nothing: if
 * not every entry follows on the one before it, nothing is replayed. `use` hears of the outcome in the very moment in which it is true: an entry that came between
 * that and its use would be in neither.
 */
export async function recover(
  { rooms, room, options, isCurrent }: Recovery,
  inTime: <T>(work: Promise<T>) => Promise<T>,
  use: (outcome: Outcome) => void,
): Promise<void> {
  const { since, rewind = 0 } = options
  const meantime = rooms.overhear(room)
  try {
    const read = await inTime(rooms.read(room, since ? { after: since[1] } : { after: 0, limit: rewind }))
    if (isCurrent()) use(joined(read, { since, meantime: meantime.entries, position: room.position }))
  } finally {
    meantime.stop()
  }
}

/** One entry, in whatever form. */
interface Mark {
  readonly offset: number
  readonly tag: string
}

interface Meantime {
  readonly since: WirePosition | undefined
  readonly meantime: readonly (LogEntry & { readonly epoch: string })[]
  /** Where the room stands when all of it is there. */
  readonly position: Position
}

function joined({ top, entries }: LogRead, { since, meantime, position }: Meantime): Outcome {
  const later = meantime.filter(({ offset, epoch }) => epoch !== top.epoch || offset > top.offset)
  const all = [...entries, ...later]
  const first = since ? { offset: since[1], tag: since[2] } : undefined
  const isOneEpoch = later.every(({ epoch }) => epoch === top.epoch) && position.epoch === top.epoch
  // An engine may deliver later than it can be read; what the room has not seen yet would come twice.
  const seen = all.filter(({ offset }) => offset <= position.offset)
  const isUnbroken =
    isOneEpoch && isChain(all, first, later.at(-1) ?? top) && meets(seen.at(-1) ?? first, position)
  const reason = since && gapReason(since, { top, first: all[0] })
  if (reason || !isUnbroken) {
    // Where the room stands: what it is sent next follows on that.
    if (!since) return { position, recovered: null, entries: [] }
    return { position, recovered: false, reason: reason ?? 'rollback', entries: [] }
  }
  return { position, recovered: since ? true : null, entries: seen }
}

function gapReason(
  [epoch, offset, tag]: WirePosition,
  { top, first }: { top: Position; first: LogEntry | undefined },
): GapReason | undefined {
  if (epoch !== top.epoch) return 'epoch'
  if (offset > top.offset || (offset === top.offset && tag !== top.tag)) return 'rollback'
  if (offset === top.offset) return undefined
  if (!first || first.offset !== offset + 1) return 'retention'
  return first.previous === tag ? undefined : 'rollback'
}

/** Whether what a session is brought to is where the room stands; one that is ahead of it waits there for the room. */
function meets(last: Mark | undefined, position: Position): boolean {
  if (!last || last.offset > position.offset) return true
  return last.offset === position.offset && last.tag === position.tag
}

/** Whether each follows on the one before it, from `first`, if it is given, to `end`. */
function isChain(entries: readonly LogEntry[], first: Mark | undefined, end: Mark): boolean {
  let last = first
  for (const entry of entries) {
    if (last && (entry.offset !== last.offset + 1 || entry.previous !== last.tag)) return false
    last = entry
  }
  return last === undefined || (last.offset === end.offset && last.tag === end.tag)
}

import type { LogEntry } from '../broadcasters/broadcaster.ts'
import type { GapReason, SubOptions, WirePosition } from '../protocol/frames.ts'
import type { Position } from '../shared/position.ts'
import type { RoomLog } from './room-log.ts'

/** What a subscription begins with. */
export interface Outcome {
  /** The last of `entries`, or where the log stands. */
  readonly position: Position
  readonly recovered: boolean | null
  readonly reason?: GapReason
  /** What is replayed, oldest first. */
  readonly entries: readonly LogEntry[]
}

/** What is said of a position without a look into the log: nothing was asked for, or nothing was missed. */
export function standing(position: Position, { since, rewind }: SubOptions = {}): Outcome | undefined {
  if (!since) return rewind ? undefined : { position, recovered: null, entries: [] }
  const [epoch, offset, tag] = since
  const isHere = epoch === position.epoch && offset === position.offset && tag === position.tag
  return isHere ? { position, recovered: true, entries: [] } : undefined
}

interface Recovery {
  readonly log: RoomLog
  readonly options: SubOptions
  /** Whether anybody still waits for it. */
  readonly isCurrent: () => boolean
}

/**
 * Finds out what came after a position, or which are the newest entries. All or nothing: if not every entry follows on the one before it, nothing is
 * replayed. `use` hears of the outcome in the very moment in which it is true: an entry that came between that and its use would be in neither.
 */
export async function recover(
  { log, options, isCurrent }: Recovery,
  inTime: <T>(work: Promise<T>) => Promise<T>,
  use: (outcome: Outcome) => void,
): Promise<void> {
  const { since, rewind = 0 } = options
  if (since) await inTime(log.reach({ epoch: since[0], offset: since[1] }))
  // What is ahead of the node for good is no place in this log, and needs no look.
  const from = since ? since[1] : Math.max(0, log.position.offset - rewind)
  const isElsewhere = since && (since[0] !== log.position.epoch || from > log.position.offset)
  const looking = isElsewhere ? undefined : log.cover(from)
  if (looking) await inTime(looking)
  if (isCurrent()) use(since ? recovered(log, since) : rewound(log, rewind))
}

function rewound(log: RoomLog, rewind: number): Outcome {
  return { position: log.position, recovered: null, entries: log.newest(rewind) }
}

/** What is proven of a position by what is known of the log. */
function recovered(log: RoomLog, since: WirePosition): Outcome {
  const { position } = log
  const [epoch, offset] = since
  const lost = (reason: GapReason): Outcome => ({ position, recovered: false, reason, entries: [] })
  const here = standing(position, { since })
  if (here) return here
  if (epoch !== position.epoch) return lost('epoch')
  const entries = log.after(offset)
  if (offset >= position.offset || !entries) return lost('rollback')
  const [first] = entries
  if (first?.offset !== offset + 1) return lost('retention')
  return first.previous === since[2] ? { position, recovered: true, entries } : lost('rollback')
}

import { memory } from 'syncline/server'
import { manualClock } from 'syncline/testing'
import type { LogEntry, LogRead } from '../../src/broadcasters/broadcaster.ts'
import { RoomLog } from '../../src/server/room-log.ts'
import type { Position } from '../../src/shared/position.ts'

/** What a node has told, in order: offsets, and gaps with the offset where it goes on. */
export type Heard = number | `gap ${string} ${number}`

/**
 * The log of one channel as a node follows it, over an engine that delivers what the test says: every entry waits in `due` until it is
 * delivered, dropped, or delivered out of its turn.
 */
export async function logOnTest({ maxEntries = 1_000, before = 0 } = {}) {
  const clock = manualClock()
  const inner = memory({ clock, maxEntries })
  const due: { entry: LogEntry; epoch: string }[] = []
  const undo = await inner.subscribe('a', (entry, epoch) => void due.push({ entry, epoch }))
  for (let i = 0; i < before; i++) await inner.append('a', `before ${i}`)
  due.length = 0
  const reads: (number | undefined)[] = []
  const errors: string[] = []
  const heard: Heard[] = []
  /** What the engine shows instead of the log: a rollback, a replica that lags, a failure. */
  const engine: { read: (read: LogRead) => LogRead | Promise<LogRead> } = { read: (read) => read }
  const { top } = await inner.read('a')
  const log: RoomLog = new RoomLog(top, {
    clock,
    maxKept: 10_000,
    read: async (query) => {
      reads.push(query.after)
      return engine.read(await inner.read('a', query))
    },
    deliver: ({ offset }) => void heard.push(offset),
    lost: (reason) => void heard.push(`gap ${reason} ${log.position.offset}`),
    failed: ({ code }) => void errors.push(code),
  })
  return {
    clock,
    log,
    heard,
    reads,
    errors,
    due,
    engine,
    undo,
    append: async (count = 1) => {
      const positions: Position[] = []
      for (let i = 0; i < count; i++) positions.push(await inner.append('a', `entry ${i}`))
      return positions
    },
    /** Delivers what is due, in the order of these indices; all of it in order by default. */
    deliver: (...order: number[]) => {
      const all = due.splice(0)
      for (const i of order.length > 0 ? order : all.keys()) log.take(all[i]!.entry, all[i]!.epoch)
    },
    read: (after: number) => inner.read('a', { after }),
  }
}

/** A read as if only what is up to this offset were there. */
export const upTo =
  (offset: number, tagOf: (offset: number) => string) =>
  ({ top, entries }: LogRead): LogRead => ({
    top: { ...top, offset, tag: tagOf(offset) },
    entries: entries.filter((entry) => entry.offset <= offset),
  })

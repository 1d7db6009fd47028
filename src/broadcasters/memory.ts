import { type Clock, systemClock } from '../shared/clock.ts'
import { SyncError } from '../shared/errors.ts'
import type { Position } from '../shared/position.ts'
import { type Random, randomMark, secureRandom } from '../shared/random.ts'
import type { Broadcaster, Deliver, LogEntry } from './broadcaster.ts'

export interface MemoryOptions {
  /** How many entries a channel keeps at most. Default 256. */
  readonly maxEntries?: number
  /** How long an entry is kept at most, in milliseconds. Default 300,000 (5 min). */
  readonly maxAgeMs?: number
  readonly clock?: Clock
  readonly random?: Random
}

export const memoryDefaults = { maxEntries: 256, maxAgeMs: 300_000 } as const

/** 31 bits: after a rollback, another entry at the same offset has the same tag once in two billion times. */
const tagLength = 6

interface Log {
  readonly epoch: string
  readonly entries: (LogEntry & { readonly at: number })[]
  readonly readers: Set<{ deliver: Deliver }>
  readonly undelivered: LogEntry[]
  isDelivering: boolean
  offset: number
  tag: string
}

/**
 * The embedded default: logs in this process's memory, for one node. They end with the process; a new one
 * starts new epochs, so clients are told of the gap.
 */
export function memory(options: MemoryOptions = {}): Broadcaster {
  const { maxEntries, maxAgeMs, clock, random } = {
    ...memoryDefaults,
    clock: systemClock,
    random: secureRandom,
    ...options,
  }
  const logs = new Map<string, Log>()
  let closed = false

  function logOf(channel: string): Log {
    if (closed) throw new SyncError('unavailable', 'The memory broadcaster is closed')
    let log = logs.get(channel)
    if (!log) {
      log = newLog(randomMark(random, 8))
      logs.set(channel, log)
    }
    return log
  }

  function evict({ entries }: Log): void {
    const oldest = clock.now() - maxAgeMs
    let gone = Math.max(0, entries.length - maxEntries)
    while (gone < entries.length && entries[gone]!.at < oldest) gone++
    if (gone > 0) entries.splice(0, gone)
  }

  return {
    async append(channel, body) {
      const log = logOf(channel)
      const entry = {
        offset: ++log.offset,
        tag: randomMark(random, tagLength),
        previous: log.tag,
        body,
        at: clock.now(),
      }
      log.tag = entry.tag
      log.entries.push(entry)
      evict(log)
      log.undelivered.push(entry)
      deliverAll(log)
      return { epoch: log.epoch, offset: entry.offset, tag: entry.tag }
    },

    async subscribe(channel, deliver) {
      const { readers } = logOf(channel)
      const reader = { deliver }
      readers.add(reader)
      return () => {
        readers.delete(reader)
      }
    },

    async read(channel, { after } = {}) {
      const log = logOf(channel)
      evict(log)
      const entries = after === undefined ? [] : log.entries.filter(({ offset }) => offset > after)
      return { top: positionOf(log), entries }
    },

    async close() {
      closed = true
      // One of them may be the caller, with others still to be told of the same entry.
      for (const { readers } of logs.values()) readers.clear()
      logs.clear()
    },
  }
}

function newLog(epoch: string): Log {
  return { epoch, entries: [], readers: new Set(), undelivered: [], isDelivering: false, offset: 0, tag: '' }
}

/** Delivers in log order also when a reader appends while it is being delivered to. */
function deliverAll(log: Log): void {
  if (log.isDelivering) return
  log.isDelivering = true
  for (let entry = log.undelivered.shift(); entry; entry = log.undelivered.shift()) {
    for (const reader of [...log.readers]) if (log.readers.has(reader)) reader.deliver(entry, log.epoch)
  }
  log.isDelivering = false
}

function positionOf({ epoch, offset, tag }: Log): Position {
  return { epoch, offset, tag }
}

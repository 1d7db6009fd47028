import { type Clock, systemClock } from '../shared/clock.ts'
import { withDefaults } from '../shared/defaults.ts'
import { SyncError, toSyncError } from '../shared/errors.ts'
import type { Position } from '../shared/position.ts'
import { type Random, randomMark, secureRandom } from '../shared/random.ts'
import { reportToPlatform } from '../shared/report.ts'
import type { Broadcaster, Deliver, LogEntry, LogRead } from './broadcaster.ts'

export interface MemoryOptions {
  /** How many entries a channel keeps at most. Default 256. */
  readonly maxEntries?: number
  /**
   * How long an entry can be read at most, in milliseconds; it is dropped with the next use of any channel, half a minute
   * later at the latest while there is any. Default 300,000 (5 min).
   */
  readonly maxAgeMs?: number
  /**
   * How long a log that nobody follows, appends to or reads is remembered, in milliseconds; who comes back later gets a
   * gap. Default 3,600,000 (1 h).
   */
  readonly maxIdleMs?: number
  /** Default: the system's. */
  readonly clock?: Clock
  /** Default: the platform's cryptographic source. */
  readonly random?: Random
}

export const memoryDefaults = {
  maxEntries: 256,
  maxAgeMs: 300_000,
  maxIdleMs: 3_600_000,
  clock: systemClock,
  random: secureRandom,
} satisfies Required<MemoryOptions>

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
  usedAt: number
}

/** How often all logs are looked through, in milliseconds. */
const sweepMs = 30_000

/**
 * The embedded default: logs in this process's memory, for one node. They end with the process; a new one
 * starts new epochs, so clients are told of the gap.
 */
export function memory(options: MemoryOptions = {}): Broadcaster {
  const logs = new MemoryLogs(withDefaults(memoryDefaults, options))
  // A plain object, so that one who wraps it can spread it.
  return {
    append: (channel, body) => logs.append(channel, body),
    subscribe: (channel, deliver) => logs.subscribe(channel, deliver),
    read: (channel, query) => logs.read(channel, query),
    close: () => logs.close(),
  }
}

class MemoryLogs implements Broadcaster {
  readonly #options: Required<MemoryOptions>
  readonly #logs = new Map<string, Log>()
  #isClosed = false
  #sweptAt: number

  constructor(options: Required<MemoryOptions>) {
    this.#options = options
    this.#sweptAt = options.clock.now()
  }

  async append(channel: string, body: string): Promise<Position> {
    const { clock, random } = this.#options
    const log = this.#logOf(channel)
    const tag = randomMark(random, tagLength)
    const entry = { offset: ++log.offset, tag, previous: log.tag, body, at: clock.now() }
    log.tag = tag
    log.entries.push(entry)
    this.#evict(log)
    log.undelivered.push(entry)
    deliverAll(log)
    return { epoch: log.epoch, offset: entry.offset, tag }
  }

  async subscribe(channel: string, deliver: Deliver): Promise<() => void> {
    const log = this.#logOf(channel)
    const reader = { deliver }
    log.readers.add(reader)
    return () => {
      log.readers.delete(reader)
      log.usedAt = this.#options.clock.now()
    }
  }

  async read(channel: string, { after }: { readonly after?: number } = {}): Promise<LogRead> {
    const log = this.#logOf(channel)
    this.#evict(log)
    const entries = after === undefined ? [] : log.entries.filter(({ offset }) => offset > after)
    return { top: { epoch: log.epoch, offset: log.offset, tag: log.tag }, entries }
  }

  async close(): Promise<void> {
    this.#isClosed = true
    // One of them may be the caller, with others still to be told of the same entry.
    for (const { readers } of this.#logs.values()) readers.clear()
    this.#logs.clear()
  }

  #logOf(channel: string): Log {
    if (this.#isClosed) throw new SyncError('unavailable', 'The memory broadcaster is closed')
    const { clock, random } = this.#options
    this.#sweep()
    const log = this.#logs.get(channel) ?? newLog(randomMark(random, 8))
    this.#logs.set(channel, log)
    log.usedAt = clock.now()
    return log
  }

  /** Forgets what nobody will miss, with the uses of other channels: a timer would keep a process alive. */
  #sweep(): void {
    const now = this.#options.clock.now()
    if (now < this.#sweptAt + sweepMs) return
    this.#sweptAt = now
    for (const [channel, log] of this.#logs) {
      this.#evict(log)
      const isIdle = log.readers.size === 0 && log.usedAt + this.#options.maxIdleMs <= now
      if (isIdle && log.entries.length === 0) this.#logs.delete(channel)
    }
  }

  #evict({ entries }: Log): void {
    const { maxEntries, maxAgeMs, clock } = this.#options
    const oldest = clock.now() - maxAgeMs
    let gone = Math.max(0, entries.length - maxEntries)
    while (gone < entries.length && entries[gone]!.at < oldest) gone++
    if (gone > 0) entries.splice(0, gone)
  }
}

function newLog(epoch: string): Log {
  return {
    epoch,
    entries: [],
    readers: new Set(),
    undelivered: [],
    isDelivering: false,
    offset: 0,
    tag: '',
    usedAt: 0,
  }
}

/** Delivers in log order also when a reader appends while it is being delivered to. */
function deliverAll(log: Log): void {
  if (log.isDelivering) return
  log.isDelivering = true
  for (let entry = log.undelivered.shift(); entry; entry = log.undelivered.shift()) {
    for (const reader of [...log.readers]) if (log.readers.has(reader)) deliver(log, reader, entry)
  }
  log.isDelivering = false
}

/** A reader must not throw; one that does keeps neither the others nor whoever appends from going on. */
function deliver({ epoch }: Log, reader: { deliver: Deliver }, entry: LogEntry): void {
  try {
    reader.deliver(entry, epoch)
  } catch (error) {
    reportToPlatform(toSyncError(error, 'listener_failed'), { stage: 'deliver' })
  }
}

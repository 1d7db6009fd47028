import { type Clock, elapsedOf, systemClock } from '../shared/clock.ts'
import { withDefaults } from '../shared/defaults.ts'
import { SyncError, toSyncError } from '../shared/errors.ts'
import { pooledRandom } from '../shared/pooled-random.ts'
import type { Position } from '../shared/position.ts'
import { type Random, randomMark } from '../shared/random.ts'
import { reportToPlatform } from '../shared/report.ts'
import { type Aged, AgeList } from './age-list.ts'
import type {
  Appended,
  AppendOnce,
  Broadcaster,
  Claim,
  ClaimRequest,
  Deliver,
  LogEntry,
  LogQuery,
  LogRead,
  SenderMark,
} from './broadcaster.ts'
import { type Keys, type Marks, OnceRecords } from './memory-once.ts'

export interface MemoryOptions {
  /** How many entries a channel keeps at most. Default 256. */
  readonly maxEntries?: number
  /**
   * How long an entry can be read at most, in milliseconds; it is dropped with the next use of any channel. Default 300,000
   * (5 min).
   */
  readonly maxAgeMs?: number
  /**
   * How long a log that nobody follows, appends to or reads is remembered, in milliseconds; who comes back later gets a
   * gap. A log takes up to 1 kB beside what `maxBytes` counts. Default 3,600,000 (1 h).
   */
  readonly maxIdleMs?: number
  /** For how long it is known what was done once, after its last use, in milliseconds. Default 600,000 (10 min), which is what the protocol promises. */
  readonly windowMs?: number
  /**
   * How much all logs together may hold, in bytes, as estimated from the length of their texts. What is oldest goes first: entries, so that who was away gets a
   * gap; of the records of what was done once, only what exceeds half of it, so that who sends again hears `indeterminate`, while a key is
   * appended anew. An entry that takes more than half of it is `too_large`. Default 67,108,864 (64 MiB).
   */
  readonly maxBytes?: number
  /** Default: the system's. */
  readonly clock?: Clock
  /** Default: the platform's cryptographic source. */
  readonly random?: Random
}

export const memoryDefaults = {
  maxEntries: 256,
  maxAgeMs: 300_000,
  maxIdleMs: 3_600_000,
  windowMs: 600_000,
  maxBytes: 67_108_864,
  clock: systemClock,
  random: pooledRandom,
} satisfies Required<MemoryOptions>

/** 31 bits: after a rollback, another entry at the same offset has the same tag once in two billion times. */
const tagLength = 6

/** What an entry occupies beside its body, in bytes. */
const entryBytes = 160

/** An entry, and where it stands among all; apart, as the entry is handed out. */
interface Kept extends Aged<Kept> {
  readonly entry: LogEntry
  readonly log: Log
}

interface Log {
  readonly epoch: string
  readonly kept: Kept[]
  readonly readers: Set<{ deliver: Deliver }>
  readonly undelivered: LogEntry[]
  /** The numbers of sessions, and the keys of appends; made when they are needed. */
  marks: Marks | undefined
  keys: Keys | undefined
  isDelivering: boolean
  offset: number
  tag: string
  usedAt: number
}

/** How often all logs are looked through, in milliseconds. */
const sweepMs = 30_000

/**
 * The embedded default: logs in this process's memory, for one node. They end with the process; a new one
 * starts new epochs, so clients are told of the gap, and runs no request that may have run before.
 */
export function memory(options: MemoryOptions = {}): Broadcaster {
  const logs = new MemoryLogs(withDefaults(memoryDefaults, options))
  // A plain object, so that one who wraps it can spread it.
  return {
    append: (channel, body, once) => logs.append(channel, body, once),
    recall: (channel, sender) => logs.recall(channel, sender),
    subscribe: (channel, deliver) => logs.subscribe(channel, deliver),
    read: (channel, query) => logs.read(channel, query),
    claim: (request) => logs.claim(request),
    settle: (key, owner, result) => logs.settle(key, owner, result),
    release: (key, owner) => logs.release(key, owner),
    close: () => logs.close(),
  }
}

class MemoryLogs implements Broadcaster {
  readonly #options: Required<MemoryOptions>
  readonly #logs = new Map<string, Log>()
  #retained = new AgeList<Kept>()
  #once: OnceRecords
  #isClosed = false
  #sweptAt: number
  /** When it was last used. */
  #now = 0
  /**
   * The epoch of all channels that were never written to: nothing is kept of them, whoever asks for whichever names. Another one whenever a log that was
   * written to is forgotten, so that a new log of the channel is not taken for it.
   */
  #blank: string

  constructor(options: Required<MemoryOptions>) {
    this.#options = options
    this.#once = new OnceRecords(options.windowMs, elapsedOf(options.clock))
    this.#sweptAt = elapsedOf(options.clock)
    this.#blank = randomMark(options.random, 8)
  }

  async append(channel: string, body: string, once?: AppendOnce): Promise<Appended> {
    const log = this.#find(channel) ?? newLog(this.#blank)
    const before = once && this.#done(log, once)
    if (before) return before
    const bytes = entryBytes + body.length * 2
    // The other half may be full of records, and what was appended must be there to be read.
    const mostBytes = this.#options.maxBytes / 2
    if (bytes > mostBytes) {
      throw new SyncError('too_large', `The entry has some ${bytes} bytes; it may have ${mostBytes}`)
    }
    this.#logs.set(channel, log)
    const entry = this.#add(log, body, bytes)
    const position = { epoch: log.epoch, offset: entry.offset, tag: entry.tag }
    if (once?.sender) this.#once.applied(marksOf(log), once.sender)
    else if (once) this.#once.keyed(keysOf(log), once.key, position)
    this.#makeRoom()
    log.undelivered.push(entry)
    deliverAll(log)
    return position
  }

  async recall(channel: string, sender: SenderMark): Promise<Appended | undefined> {
    this.#begin()
    // Makes no log: it is asked before anyone has checked whether there is such a channel.
    const log = this.#logs.get(channel)
    return this.#once.hasApplied(log?.marks, sender) ? duplicate(topOf(log!)) : undefined
  }

  async subscribe(channel: string, deliver: Deliver): Promise<() => void> {
    const log = this.#find(channel) ?? newLog(this.#blank)
    this.#logs.set(channel, log)
    const reader = { deliver }
    log.readers.add(reader)
    return () => {
      log.readers.delete(reader)
      log.usedAt = elapsedOf(this.#options.clock)
      if (isBlank(log) && this.#logs.get(channel) === log) this.#logs.delete(channel)
    }
  }

  async read(channel: string, { after, before, limit }: LogQuery = {}): Promise<LogRead> {
    const log = this.#find(channel)
    if (!log) return { top: { epoch: this.#blank, offset: 0, tag: '' }, entries: [] }
    const top = topOf(log)
    if (after === undefined) return { top, entries: [] }
    const first = log.kept[0]?.entry.offset ?? 0
    const to = before === undefined ? log.kept.length : Math.max(0, before - first)
    const from = Math.max(
      0,
      after + 1 - first,
      limit === undefined ? 0 : Math.min(to, log.kept.length) - limit,
    )
    return { top, entries: log.kept.slice(from, to).map(({ entry }) => entry) }
  }

  async claim(request: ClaimRequest): Promise<Claim> {
    this.#begin()
    return this.#once.claim(request)
  }

  async settle(key: string, owner: string, result: string): Promise<void> {
    this.#begin()
    this.#once.settle(key, owner, result)
    this.#makeRoom()
  }

  async release(key: string, owner: string): Promise<void> {
    this.#begin()
    this.#once.release(key, owner)
  }

  async close(): Promise<void> {
    this.#isClosed = true
    for (const log of this.#logs.values()) {
      // One of them may be the caller, with others still to be told of the same entry.
      log.readers.clear()
      // An app may hold on to what it has closed, and to an undo.
      log.kept.length = 0
      log.marks = log.keys = undefined
    }
    this.#logs.clear()
    this.#retained = new AgeList()
    this.#once = new OnceRecords(this.#options.windowMs, 0)
  }

  /** Where it was appended before, if it was. */
  #done(log: Log, once: AppendOnce): Appended | undefined {
    if (once.sender) {
      return this.#once.isApplied(log.marks, once.sender) ? duplicate(topOf(log)) : undefined
    }
    const known = log.keys?.get(once.key)
    return known && duplicate(known.value)
  }

  #add(log: Log, body: string, bytes: number): LogEntry {
    const { random, maxEntries } = this.#options
    const tag = randomMark(random, tagLength)
    const entry: LogEntry = { offset: ++log.offset, tag, previous: log.tag, body }
    const kept: Kept = { entry, log, at: this.#now, bytes, older: undefined, newer: undefined }
    log.tag = tag
    log.kept.push(kept)
    this.#retained.add(kept)
    if (log.kept.length > maxEntries) this.#drop(log.kept[0]!)
    return entry
  }

  /** Drops what has had its time by now. */
  #begin(): void {
    if (this.#isClosed) throw new SyncError('unavailable', 'The memory broadcaster is closed')
    const now = elapsedOf(this.#options.clock)
    const before = now - this.#options.maxAgeMs
    // The list is by age.
    for (let { oldest } = this.#retained; oldest && oldest.at < before; { oldest } = this.#retained)
      this.#drop(oldest)
    this.#once.begin(now)
    if (now >= this.#sweptAt + sweepMs) this.#sweep(now)
    this.#now = now
  }

  /** The log of a channel, if there is anything to it. */
  #find(channel: string): Log | undefined {
    this.#begin()
    const log = this.#logs.get(channel)
    if (log) log.usedAt = this.#now
    return log
  }

  #makeRoom(): void {
    const { maxBytes } = this.#options
    while (this.#retained.bytes + this.#once.bytes > maxBytes) {
      const { oldest } = this.#retained
      const isOnceTooMuch = this.#once.bytes > maxBytes / 2 || !oldest
      if (isOnceTooMuch && this.#once.forgetOldest()) continue
      if (!oldest) return
      this.#drop(oldest)
    }
  }

  /** Drops an entry, which is the oldest of its log. */
  #drop(kept: Kept): void {
    this.#retained.remove(kept)
    kept.log.kept.shift()
  }

  /** Forgets logs that nobody will miss, with the uses of other channels: a timer would keep a process alive. */
  #sweep(now: number): void {
    this.#sweptAt = now
    for (const [channel, log] of this.#logs) {
      const isUsed = log.readers.size > 0 || log.usedAt + this.#options.maxIdleMs > now
      const isNeeded = log.kept.length > 0 || Boolean(log.marks?.size) || Boolean(log.keys?.size)
      if (isUsed || isNeeded) continue
      this.#logs.delete(channel)
      this.#blank = randomMark(this.#options.random, 8)
    }
  }
}

function marksOf(log: Log): Marks {
  log.marks ??= new Map()
  return log.marks
}

function keysOf(log: Log): Keys {
  log.keys ??= new Map()
  return log.keys
}

/** Whether it is as if it had never been: nobody has written to it, and nobody follows it. */
function isBlank({ offset, readers }: Log): boolean {
  return offset === 0 && readers.size === 0
}

function topOf({ epoch, offset, tag }: Log): Position {
  return { epoch, offset, tag }
}

function duplicate({ epoch, offset, tag }: Position): Appended {
  return { epoch, offset, tag, duplicate: true }
}

function newLog(epoch: string): Log {
  return {
    epoch,
    kept: [],
    readers: new Set(),
    undelivered: [],
    marks: undefined,
    keys: undefined,
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

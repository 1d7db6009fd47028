import type { LogEntry, LogQuery, LogRead } from '../broadcasters/broadcaster.ts'
import type { GapReason } from '../protocol/frames.ts'
import { type Clock, elapsedOf } from '../shared/clock.ts'
import type { Undo } from '../shared/disposer.ts'
import { type SyncError, toSyncError } from '../shared/errors.ts'
import type { Position } from '../shared/position.ts'
import { followsOn, isWhole, Recent, samePlace } from './log-run.ts'

export interface RoomLogParts {
  readonly clock: Clock
  /** Of the kept run of entries, in characters; a larger one is dropped. */
  readonly maxKept: number
  read(query: LogQuery): Promise<LogRead>
  /** Hands an entry on; the position is its own already. */
  deliver(entry: LogEntry): void
  /** Continuity was lost; the position is where it goes on from. */
  lost(reason: GapReason): void
  failed(error: SyncError): void
}

/** An engine may be read later than it delivers, or the other way round: so long is waited before each further look, in milliseconds. */
const lagMs = [100, 300, 900] as const

/** How long after a look that failed, while something waits for it, in milliseconds: the first time, and at most. */
const retryMs = { first: 1_000, most: 20_000 } as const

/** So many of the newest entries are read at least, so that one look serves all who come back at once. */
const readAhead = 256

/** For so long what was read of the epoch is taken for the present, in milliseconds. */
const freshMs = 1_000

/** How many deliveries wait for a look; beyond, only the newest is kept, as the others can be read. */
const mostHeld = 1_000

const notKept = { from: 0, isKept: false }

/** Why a read does not tell yet where the log stands, as what is told of it if that does not change. */
type Doubt = 'rollback' | 'retention'

type Delivery = readonly [entry: LogEntry, epoch: string]

/** A look into the log, and what passed while it was under way. */
interface Look {
  readonly from: number
  /** Whether what it shows is kept, for those who ask for the past. */
  readonly isKept: boolean
  readonly start: Position
  readonly passed: LogEntry[]
}

/**
 * One channel's log as this node has followed it. Hands on what follows on the last entry, and nothing else: a duplicate is dropped, and whatever does not
 * fit waits until the log has been read again, which mends the hole or proves that continuity is lost.
 */
export class RoomLog {
  /** The last entry that was handed on. */
  position: Position
  /** What is known of the entries up to `position`. */
  readonly #recent = new Recent()
  readonly #parts: RoomLogParts
  readonly #looks = new Set<Look>()
  /** The look that others may share. */
  #covering: { readonly from: number; readonly done: Promise<void> } | undefined
  #peeking: Promise<unknown> | undefined
  /** What waits for a look; as long as there is anything, nothing else is handed on. */
  #held: Delivery[] = []
  #verifying: Promise<void> | undefined
  /** Counts the losses of continuity: what was read before one says nothing of what is after it. */
  #losses = 0
  /** When the log was last read, by `elapsedOf`. */
  #readAt: number
  #isClosed = false
  readonly #pauses = new Set<() => void>()

  constructor(position: Position, parts: RoomLogParts) {
    this.position = position
    this.#parts = parts
    this.#recent.reset(position)
    this.#readAt = elapsedOf(parts.clock)
  }

  /** An entry that the broadcaster delivers. */
  take(entry: LogEntry, epoch: string): void {
    if (this.#isClosed) return
    // Behind one that waits, or they would change places.
    if (this.#held.length === 0 && this.#place(entry, epoch)) return
    if (this.#held.length >= mostHeld) this.#held = []
    this.#held.push([entry, epoch])
    void this.#verify()
  }

  /** Looks whether the log still is what was followed, and hands on what was not delivered. Never rejects: what fails is reported. */
  check(): Promise<void> {
    this.#recent.age()
    return this.#verify()
  }

  /** Makes `after` answer for this offset. Resolves at once where it does already. Rejects with what the broadcaster failed with. */
  cover(offset: number): Promise<void> | undefined {
    if (this.#recent.covers(offset)) return undefined
    const covering = this.#covering
    if (covering && covering.from <= offset) return covering.done
    const from = Math.max(0, Math.min(offset, this.position.offset - readAhead))
    const own = { from, done: this.#coverFrom(from) }
    const end = () => {
      if (this.#covering === own) this.#covering = undefined
    }
    own.done.then(end, end)
    this.#covering = own
    return own.done
  }

  /**
   * Finds out whether a place that is not on this node's way is ahead of it: an engine may deliver later here than elsewhere, or be read later. After a while, it is
   * not. Rejects as `cover` does.
   */
  async reach({ epoch, offset }: Pick<Position, 'epoch' | 'offset'>): Promise<void> {
    if (epoch !== this.position.epoch) {
      // After a restart all clients come with another epoch, and one look is enough for all of them.
      if (elapsedOf(this.#parts.clock) - this.#readAt > freshMs) await this.#peek()
    }
    const isAhead = () => !this.#isClosed && epoch === this.position.epoch && offset > this.position.offset
    // What passes from now on is known then, also if it is kept no longer when it has come so far.
    if (isAhead()) await this.cover(this.position.offset)
    if (isAhead()) await this.#verify()
    for (const ms of lagMs) {
      if (!isAhead()) return
      await this.#pause(ms)
      await this.#peek()
    }
  }

  /** One look for all who want to know whether there is anything new. */
  async #peek(): Promise<void> {
    this.#peeking ??= this.#look(this.position.offset, false)
    try {
      await this.#peeking
    } finally {
      this.#peeking = undefined
    }
  }

  /** The known entries after an offset up to the position; `undefined` where they are not known. */
  after(offset: number): readonly LogEntry[] | undefined {
    return this.#recent.after(offset)
  }

  /** The newest entries that are known, so many at most. */
  newest(count: number): readonly LogEntry[] {
    return count === 0 ? [] : this.#recent.entries.slice(-count)
  }

  close(): void {
    this.#isClosed = true
    this.#held = []
    for (const end of [...this.#pauses]) end()
  }

  /** Hands an entry on, or drops a duplicate; `false` where neither can be told. */
  #place(entry: LogEntry, epoch: string): boolean {
    if (epoch !== this.position.epoch) return false
    if (followsOn(entry, this.position)) {
      this.#advance(entry)
      return true
    }
    return this.#recent.has(entry)
  }

  #advance(entry: LogEntry): void {
    this.position = { epoch: this.position.epoch, offset: entry.offset, tag: entry.tag }
    for (const { passed } of this.#looks) passed.push(entry)
    this.#recent.push(entry, this.#parts.maxKept)
    this.#parts.deliver(entry)
  }

  async #coverFrom(from: number): Promise<void> {
    await this.#look(from, true)
    if (this.#recent.covers(from)) return
    // It was older than what was delivered, or none that could be.
    await this.#verify()
    await this.#look(from, true)
  }

  #verify(): Promise<void> {
    this.#verifying ??= this.#verifyUntilSure()
    return this.#verifying
  }

  async #verifyUntilSure(): Promise<void> {
    try {
      await this.#lookUntilSure()
    } finally {
      // In the same turn, or what comes now would wait for nobody.
      this.#verifying = undefined
    }
  }

  async #lookUntilSure(): Promise<void> {
    let waitMs: number = retryMs.first
    for (let tries = 0; !this.#isClosed; ) {
      const seen = await this.#look(this.position.offset, false).catch((cause) => this.#failed(cause))
      if (this.#isClosed) return
      if (!seen) {
        // The next check will look again.
        if (this.#held.length === 0) return
        await this.#pause(waitMs)
        waitMs = Math.min(waitMs * 2, retryMs.most)
        continue
      }
      const ms = lagMs[tries++]
      // An engine that lags has caught up by now.
      if (seen.doubt && ms === undefined) this.#loseTo(seen.read, notKept, seen.doubt)
      this.#sortHeld(ms === undefined)
      if (ms === undefined || (!seen.doubt && this.#held.length === 0)) return
      await this.#pause(ms)
    }
  }

  #failed(cause: unknown): undefined {
    if (!this.#isClosed) this.#parts.failed(toSyncError(cause, 'unavailable'))
  }

  /**
   * After a look: what follows now is handed on, and what the log does not hold is dropped; in the end also what is beyond it, as nobody may be told
   * of what cannot be read. If it turns up later, it is found then.
   */
  #sortHeld(isEnd: boolean): void {
    const held = this.#held
    this.#held = []
    for (const [entry, epoch] of held) {
      if (this.#held.length === 0 && this.#place(entry, epoch)) continue
      const isPast = epoch === this.position.epoch && entry.offset <= this.position.offset
      if (!isPast && !isEnd) this.#held.push([entry, epoch])
    }
  }

  /** Reads what comes after an offset, and holds it against what was followed. */
  async #look(after: number, isKept: boolean): Promise<{ read: LogRead; doubt: Doubt | undefined }> {
    for (;;) {
      const losses = this.#losses
      const from = Math.min(after, this.position.offset)
      const look: Look = { from, isKept, start: this.position, passed: [] }
      this.#looks.add(look)
      let read: LogRead
      try {
        read = await this.#parts.read({ after: from })
      } finally {
        this.#looks.delete(look)
      }
      this.#readAt = elapsedOf(this.#parts.clock)
      if (this.#isClosed) return { read, doubt: undefined }
      if (losses === this.#losses) return { read, doubt: this.#learn(read, look) }
    }
  }

  #learn(read: LogRead, look: Look): Doubt | undefined {
    const { top, entries } = read
    const { start, passed } = look
    // What an engine that breaks its contract says proves nothing, also not that anything was lost.
    if (!isWhole(read, look.from)) return undefined
    if (top.epoch !== this.position.epoch) return this.#loseTo(read, look, 'epoch')
    if (top.offset > this.position.offset) return this.#catchUp(read, look)
    // Older than the look itself.
    if (top.offset < start.offset) return 'rollback'
    const count = top.offset - start.offset
    if (!samePlace(passed[count - 1] ?? start, top)) return this.#loseTo(read, look, 'rollback')
    return this.#keep(look, [...entries, ...passed.slice(count)])
  }

  /** Hands on what has not been delivered. */
  #catchUp(read: LogRead, look: Look): Doubt | undefined {
    const { entries } = read
    const at = entries.findIndex(({ offset }) => offset === this.position.offset + 1)
    // What is not kept any more may still be delivered.
    if (at < 0) return 'retention'
    if (!followsOn(entries[at]!, this.position)) return this.#loseTo(read, look, 'rollback')
    this.#keep(look, entries.slice(0, at))
    for (const entry of entries.slice(at)) this.#advance(entry)
    return undefined
  }

  #keep({ from, isKept }: Pick<Look, 'from' | 'isKept'>, entries: readonly LogEntry[]): undefined {
    if (isKept) this.#recent.learn({ from, end: this.position.offset }, entries)
  }

  /** Goes on from where the log was seen to end. */
  #loseTo({ top, entries }: LogRead, look: Pick<Look, 'from' | 'isKept'>, reason: GapReason): undefined {
    this.#losses++
    this.position = top
    this.#recent.reset(top)
    this.#keep(look, entries)
    this.#parts.lost(reason)
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      let cancel: Undo | undefined
      const end = () => {
        cancel?.()
        this.#pauses.delete(end)
        resolve()
      }
      cancel = this.#parts.clock.after(ms, end)
      this.#pauses.add(end)
    })
  }
}

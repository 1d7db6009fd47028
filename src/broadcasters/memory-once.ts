import { SyncError } from '../shared/errors.ts'
import type { Position } from '../shared/position.ts'
import { type Aged, AgeList } from './age-list.ts'
import type { Claim, ClaimRequest, SenderMark } from './broadcaster.ts'

/** What was done once, and may be asked for again: few fields, as there is one for each request of ten minutes. */
class OnceRecord<Value> implements Aged<OnceRecord<unknown>> {
  readonly home: Map<string, OnceRecord<Value>>
  readonly key: string
  value: Value
  at: number
  bytes: number
  older: OnceRecord<unknown> | undefined = undefined
  newer: OnceRecord<unknown> | undefined = undefined

  constructor(home: Map<string, OnceRecord<Value>>, key: string, value: Value) {
    this.home = home
    this.key = key
    this.value = value
    this.at = 0
    this.bytes = recordBytes + key.length * 2
  }
}

/** What a record occupies beside its texts, in bytes. */
const recordBytes = 160

/**
 * How much longer than the first sending another one may be on its way, in milliseconds. Its age is from when it left: by what is known here, it
 * was first sent so much later than it was.
 */
const transitMs = 15_000

/** By session: the highest number of its publications on a channel that was applied. */
export type Marks = Map<string, OnceRecord<number>>

/** By key: where it was appended. */
export type Keys = Map<string, OnceRecord<Position>>

/**
 * What makes things happen once, in memory: the numbers of publications, the keys of appends, the claims of requests. Where a record had to go
 * before its time, whoever comes back from before that hears that nothing is known.
 */
export class OnceRecords {
  readonly #windowMs: number
  readonly #madeAt: number
  readonly #list = new AgeList<OnceRecord<unknown>>()
  /** Who runs a request: not in the list, as what is being done must not be forgotten. */
  readonly #held = new Map<string, string>()
  readonly #settled = new Map<string, OnceRecord<string>>()
  /** The last use of a record that was dropped before its time. */
  #forgottenAt = Number.NEGATIVE_INFINITY
  #now = 0

  /** `windowMs`: for how long a record is kept after its last use. `madeAt`: now. */
  constructor(windowMs: number, madeAt: number) {
    this.#windowMs = windowMs
    this.#madeAt = madeAt
  }

  get bytes(): number {
    return this.#list.bytes
  }

  /** Whatever is asked next is asked at this moment. Drops what nobody may ask for any more. */
  begin(now: number): void {
    this.#now = now
    const before = now - this.#windowMs - transitMs
    for (let { oldest } = this.#list; oldest && oldest.at <= before; { oldest } = this.#list)
      this.#drop(oldest)
  }

  /** Whether a publication has been applied, by the rules 1 to 5 of the protocol. Throws `indeterminate` or `out_of_order`. */
  isApplied(marks: Marks | undefined, sender: SenderMark): boolean {
    if (this.hasApplied(marks, sender)) return true
    const { id, n, base } = sender
    const highest = marks?.get(id)?.value
    if (n === base || (highest !== undefined && n === highest + 1)) return false
    throw new SyncError('out_of_order', `Publication ${n} came before ${(highest ?? base - 1) + 1}`)
  }

  /** Whether a publication has been applied, as far as a look tells: its order does not matter. Throws `indeterminate`. */
  hasApplied(marks: Marks | undefined, { id, n, ageMs }: SenderMark): boolean {
    const mark = marks?.get(id)
    if (!mark || (ageMs !== undefined && ageMs >= this.#windowMs)) this.#requireKnown(ageMs)
    return mark !== undefined && n <= mark.value
  }

  /** Keeps the number of a publication that is applied now. */
  applied(marks: Marks, { id, n }: SenderMark): void {
    const mark = marks.get(id)
    if (!mark) this.#keep(new OnceRecord(marks, id, n))
    else {
      mark.value = n
      this.#list.remove(mark)
      mark.at = this.#now
      this.#list.add(mark)
    }
  }

  /** Keeps where something was appended under its key. */
  keyed(keys: Keys, key: string, position: Position): void {
    this.#keep(new OnceRecord(keys, key, position))
  }

  claim({ key, owner, ageMs }: ClaimRequest): Claim {
    const settled = this.#settled.get(key)
    if (settled) return { state: 'settled', result: settled.value }
    const holder = this.#held.get(key)
    if (holder !== undefined) return { state: 'held', owner: holder }
    this.#requireKnown(ageMs)
    // The process before may have run it. (What that one appended is gone with its log, so a publication may come again.)
    if (ageMs !== undefined && this.#now - ageMs < this.#madeAt) throw notKnown()
    this.#held.set(key, owner)
    return granted
  }

  settle(key: string, owner: string, result: string): void {
    if (this.#held.get(key) !== owner) return
    this.#held.delete(key)
    const record = new OnceRecord(this.#settled, key, result)
    record.bytes += result.length * 2
    this.#keep(record)
  }

  release(key: string, owner: string): void {
    if (this.#held.get(key) === owner) this.#held.delete(key)
  }

  /** Drops the oldest before its time, for want of room. `false` when there is none. */
  forgetOldest(): boolean {
    const { oldest } = this.#list
    if (!oldest) return false
    this.#forgottenAt = Math.max(this.#forgottenAt, oldest.at)
    this.#drop(oldest)
    return true
  }

  /** Throws `indeterminate` for what was first sent so long ago that a record of it may be gone. */
  #requireKnown(ageMs: number | undefined): void {
    if (ageMs === undefined) return
    if (ageMs < this.#windowMs && this.#now - ageMs - transitMs > this.#forgottenAt) return
    throw notKnown()
  }

  #keep<Value>(record: OnceRecord<Value>): void {
    record.at = this.#now
    record.home.set(record.key, record)
    this.#list.add(record as OnceRecord<unknown>)
  }

  #drop(record: OnceRecord<unknown>): void {
    record.home.delete(record.key)
    this.#list.remove(record)
  }
}

function notKnown(): SyncError {
  return new SyncError('indeterminate', 'It is too long ago to know whether it was done')
}

const granted: Claim = Object.freeze({ state: 'granted' })

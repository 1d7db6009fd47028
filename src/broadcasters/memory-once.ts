import type { Clock } from '../shared/clock.ts'
import { SyncError } from '../shared/errors.ts'
import type { Position } from '../shared/position.ts'
import { type Aged, AgeList } from './age-list.ts'
import type { Claim, ClaimRequest, SenderMark } from './broadcaster.ts'

/** What was done once, and may be asked for again. */
export interface OnceRecord extends Aged<OnceRecord> {
  /** Where it is kept, and under which key. */
  readonly home: Map<string, OnceRecord>
  readonly key: string
  /** Of a session's publications: the highest number that was applied. */
  n: number
  /** Of a key: where it was appended. */
  readonly position: Position | undefined
  /** Of a request: who runs it, and the result once there is one. */
  readonly owner: string
  result: string | undefined
}

/** What a record occupies beside its texts, in bytes. */
const recordBytes = 160

export interface OnceOptions {
  readonly clock: Clock
  /** For how long a record is kept after its last use, in milliseconds. */
  readonly windowMs: number
}

/**
 * What makes things happen once, in memory: the numbers of publications, the keys of appends, the claims of requests. Where a record had to go
 * before its time, whoever comes back from before that hears that nothing is known.
 */
export class OnceRecords {
  readonly #options: OnceOptions
  readonly #list = new AgeList<OnceRecord>()
  readonly #claims = new Map<string, OnceRecord>()
  /** The last use of a record that was dropped before its time. */
  #forgottenAt = Number.NEGATIVE_INFINITY

  constructor(options: OnceOptions) {
    this.#options = options
  }

  get bytes(): number {
    return this.#list.bytes
  }

  /** Throws `indeterminate` for what was first sent so long ago that a record of it may be gone. */
  requireKnown(ageMs: number | undefined): void {
    if (ageMs === undefined) return
    const { clock, windowMs } = this.#options
    if (ageMs < windowMs && clock.now() - ageMs > this.#forgottenAt) return
    throw new SyncError('indeterminate', 'It is too long ago to know whether it was done')
  }

  /** Whether a publication has been applied, by the rules 1 to 5 of the protocol. Throws `indeterminate` or `out_of_order`. */
  isApplied(marks: Map<string, OnceRecord>, { id, n, base, ageMs }: SenderMark): boolean {
    if (ageMs !== undefined && ageMs >= this.#options.windowMs) this.requireKnown(ageMs)
    const mark = marks.get(id)
    if (!mark) this.requireKnown(ageMs)
    if (mark && n <= mark.n) return true
    if (n === base || n === (mark?.n ?? -1) + 1) return false
    throw new SyncError('out_of_order', `Publication ${n} came before ${base}`)
  }

  /** Whether a publication has been applied, as far as a look tells: its order does not matter. Throws `indeterminate`. */
  hasApplied(marks: Map<string, OnceRecord>, { id, n, ageMs }: SenderMark): boolean {
    if (ageMs !== undefined && ageMs >= this.#options.windowMs) this.requireKnown(ageMs)
    const mark = marks.get(id)
    if (!mark) this.requireKnown(ageMs)
    return mark !== undefined && n <= mark.n
  }

  /** Keeps the number of a publication that is applied now. */
  applied(marks: Map<string, OnceRecord>, { id, n }: SenderMark): void {
    const mark = marks.get(id)
    if (!mark) this.#keep(this.#make(marks, id, { n }))
    else {
      mark.n = n
      this.#list.remove(mark)
      mark.at = this.#options.clock.now()
      this.#list.add(mark)
    }
  }

  /** Keeps where something was appended under its key. */
  keyed(keys: Map<string, OnceRecord>, key: string, position: Position): void {
    this.#keep(this.#make(keys, key, { position }))
  }

  claim({ key, owner, ageMs }: ClaimRequest): Claim {
    const known = this.#claims.get(key)
    if (known?.result !== undefined) return { state: 'settled', result: known.result }
    if (known) return { state: 'held', owner: known.owner }
    this.requireKnown(ageMs)
    // Not in the list: what is being done must not be forgotten.
    this.#claims.set(key, this.#make(this.#claims, key, { owner }))
    return { state: 'granted' }
  }

  settle(key: string, owner: string, result: string): void {
    const claim = this.#claims.get(key)
    if (claim?.owner !== owner || claim.result !== undefined) return
    claim.result = result
    claim.bytes += result.length * 2
    claim.at = this.#options.clock.now()
    this.#list.add(claim)
  }

  release(key: string, owner: string): void {
    const claim = this.#claims.get(key)
    if (claim?.owner === owner && claim.result === undefined) this.#claims.delete(key)
  }

  /** Drops what nobody may ask for any more. */
  expire(): void {
    const before = this.#options.clock.now() - this.#options.windowMs
    for (let { oldest } = this.#list; oldest && oldest.at <= before; { oldest } = this.#list)
      this.#drop(oldest)
  }

  /** Drops the oldest before its time, for want of room. `false` when there is none. */
  forgetOldest(): boolean {
    const { oldest } = this.#list
    if (!oldest) return false
    this.#forgottenAt = Math.max(this.#forgottenAt, oldest.at)
    this.#drop(oldest)
    return true
  }

  #make(home: Map<string, OnceRecord>, key: string, of: Partial<OnceRecord>): OnceRecord {
    const at = this.#options.clock.now()
    const bytes = recordBytes + key.length * 2
    return {
      home,
      key,
      n: 0,
      position: undefined,
      owner: '',
      result: undefined,
      at,
      bytes,
      older: undefined,
      newer: undefined,
      ...of,
    }
  }

  #keep(record: OnceRecord): void {
    record.home.set(record.key, record)
    this.#list.add(record)
  }

  #drop(record: OnceRecord): void {
    record.home.delete(record.key)
    this.#list.remove(record)
  }
}

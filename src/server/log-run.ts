import type { LogEntry, LogRead } from '../broadcasters/broadcaster.ts'
import type { Position } from '../shared/position.ts'

/** A place in a log of known epoch. */
type Place = Pick<Position, 'offset' | 'tag'>

export function samePlace(a: Place, b: Place): boolean {
  return a.offset === b.offset && a.tag === b.tag
}

export function followsOn({ offset, previous }: LogEntry, last: Place): boolean {
  return offset === last.offset + 1 && previous === last.tag
}

/** Whether a read of what comes after `from` is what a broadcaster may give: one unbroken run up to the top, or nothing. */
export function isWhole({ top, entries }: LogRead, from: number): boolean {
  const [first] = entries
  if (!first) return true
  if (first.offset <= from) return false
  for (let i = 1; i < entries.length; i++) if (!followsOn(entries[i]!, entries[i - 1]!)) return false
  return samePlace(entries.at(-1)!, top)
}

/** How many tags are known of a log of which nothing else is kept. */
const fewTags = 16

/** What is known of a log's newest entries: the tags of a few always, the entries for a while after someone has asked for them. */
export class Recent {
  #tags: Place[] = []
  /** An unbroken run up to the position: all that is retained after `from`. */
  #run: { from: number; readonly entries: LogEntry[]; length: number } | undefined
  #isUsed = false

  get entries(): readonly LogEntry[] {
    return this.#run?.entries ?? []
  }

  /** Nothing is known but where the log stands. */
  reset(position: Place): void {
    this.#tags = [position]
    this.#run = undefined
  }

  push(entry: LogEntry, maxLength: number): void {
    this.#tags.push({ offset: entry.offset, tag: entry.tag })
    if (this.#tags.length > fewTags) this.#tags.shift()
    const run = this.#run
    if (!run) return
    run.entries.push(entry)
    run.length += entry.body.length
    if (run.length > maxLength) this.#run = undefined
  }

  /** What a read has shown to be retained after `from`, up to the offset `end`. A run that reaches back as far is kept. */
  learn({ from, end }: { from: number; end: number }, entries: readonly LogEntry[]): void {
    if (this.covers(from)) return
    // What is older is not there any more, however far back is asked for.
    const isAll = (entries[0]?.offset ?? end + 1) > from + 1
    const length = entries.reduce((sum, { body }) => sum + body.length, 0)
    this.#run = { from: isAll ? 0 : from, entries: [...entries], length }
  }

  covers(offset: number): boolean {
    this.#isUsed = true
    return this.#run !== undefined && this.#run.from <= offset
  }

  /** Whether this very entry is known; nothing that is older than all tags is. */
  has({ offset, tag }: LogEntry): boolean {
    return this.#tags.some((known) => known.offset === offset && known.tag === tag)
  }

  after(offset: number): readonly LogEntry[] | undefined {
    if (!this.covers(offset)) return undefined
    return this.#run!.entries.filter((entry) => entry.offset > offset)
  }

  /** Drops the run, unless someone has asked for it since the last time. */
  age(): void {
    if (!this.#isUsed) this.#run = undefined
    this.#isUsed = false
  }
}

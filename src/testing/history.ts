import type { Position } from '../shared/position.ts'

/** One thing that happened in a run, in the order in which it happened. */
export type Fact =
  /** The log took an entry. */
  | { readonly kind: 'appended'; readonly channel: string; readonly position: Position; readonly id: number }
  /** A listener was added; the facts below name it. */
  | { readonly kind: 'listening'; readonly listener: string; readonly channel: string }
  | {
      readonly kind: 'subscribed'
      readonly listener: string
      readonly position: Position
      readonly recovered: boolean | null
    }
  | {
      readonly kind: 'delivered'
      readonly listener: string
      readonly position: Position
      readonly id: number
    }
  | { readonly kind: 'gap'; readonly listener: string; readonly position: Position }
  /** A listener was taken back. */
  | { readonly kind: 'left'; readonly listener: string }
  /** Faults have ended, and everything had time to settle: who listens must be at the top. */
  | { readonly kind: 'settled' }

/** What a run promised and did not keep. */
export interface Violation {
  readonly rule:
    | 'first'
    | 'continuity'
    | 'duplicate'
    | 'fork'
    | 'silent'
    | 'spurious gap'
    | 'tail'
    | 'after leaving'
  readonly listener: string
  /** The fact's index in the history. */
  readonly at: number
}

type ReaderFact = Exclude<Extract<Fact, { listener: string }>, { kind: 'listening' }>

interface Reader {
  readonly channel: string
  position: Position | undefined
  hasSubscribed: boolean
  hasLeft: boolean
}

/**
 * Judges a recorded history by what a listener may rely on, and knows nothing of how it came about:
 *
 * - `continuity`: between two signals, each delivery is the next entry of the log.
 * - `duplicate`: no entry is delivered twice, and none from before the position.
 * - `fork`: what is delivered is what the log holds at that position, and a signal points at a place that it has.
 * - `first`: a listener's first subscription is told as such, and no other one.
 * - `silent`: continuity is never given up without a gap.
 * - `spurious gap`: no gap is told where nothing was missed.
 * - `tail`: once all is settled, every listener is at the top of its log.
 * - `after leaving`: nothing reaches a listener that was taken back.
 */
export function checkHistory(history: readonly Fact[]): Violation[] {
  const judge = new Judge()
  history.forEach((fact, at) => {
    judge.hear(fact, at)
  })
  return judge.violations
}

class Judge {
  readonly violations: Violation[] = []
  readonly #ids = new Map<string, number>()
  readonly #tops = new Map<string, Position>()
  readonly #readers = new Map<string, Reader>()

  hear(fact: Fact, at: number): void {
    if (fact.kind === 'appended') {
      this.#ids.set(placeOf(fact.channel, fact.position), fact.id)
      this.#tops.set(fact.channel, fact.position)
    } else if (fact.kind === 'listening') {
      this.#readers.set(fact.listener, {
        channel: fact.channel,
        position: undefined,
        hasSubscribed: false,
        hasLeft: false,
      })
    } else if (fact.kind === 'settled') this.#checkTails(at)
    else this.#hearReader(fact, at)
  }

  #hearReader(fact: ReaderFact, at: number): void {
    const reader = this.#readers.get(fact.listener)!
    const blame = (rule: Violation['rule']) => this.violations.push({ rule, listener: fact.listener, at })
    if (fact.kind === 'left') {
      reader.hasLeft = true
      return
    }
    if (reader.hasLeft) blame('after leaving')
    if (fact.kind !== 'delivered') this.#checkPlace(reader, fact.position, blame)
    if (fact.kind === 'subscribed') {
      if ((fact.recovered === null) === reader.hasSubscribed) blame('first')
      reader.hasSubscribed = true
      if (reader.position && !isSame(reader.position, fact.position)) blame('silent')
      reader.position ??= fact.position
    } else if (fact.kind === 'gap') {
      if (reader.position && isSame(reader.position, fact.position)) blame('spurious gap')
      reader.position = fact.position
    } else if (fact.kind === 'delivered') {
      if (reader.position) this.#checkNext(reader.position, fact.position, blame)
      if (this.#ids.get(placeOf(reader.channel, fact.position)) !== fact.id) blame('fork')
      reader.position = fact.position
    }
  }

  #checkNext(last: Position, next: Position, blame: (rule: Violation['rule']) => void): void {
    if (next.epoch === last.epoch && next.offset <= last.offset) blame('duplicate')
    else if (next.epoch !== last.epoch || next.offset !== last.offset + 1) blame('continuity')
  }

  /** A signal must point at a place that the log has, or at the beginning of one. */
  #checkPlace({ channel }: Reader, position: Position, blame: (rule: Violation['rule']) => void): void {
    const isBeginning = position.offset === 0 && position.tag === ''
    if (!isBeginning && !this.#ids.has(placeOf(channel, position))) blame('fork')
  }

  #checkTails(at: number): void {
    for (const [listener, { channel, position, hasLeft }] of this.#readers) {
      const top = this.#tops.get(channel)
      if (!hasLeft && top && !(position && isSame(position, top))) {
        this.violations.push({ rule: 'tail', listener, at })
      }
    }
  }
}

function placeOf(channel: string, { epoch, offset, tag }: Position): string {
  return `${channel} ${epoch} ${offset} ${tag}`
}

function isSame(a: Position, b: Position): boolean {
  return a.epoch === b.epoch && a.offset === b.offset && a.tag === b.tag
}

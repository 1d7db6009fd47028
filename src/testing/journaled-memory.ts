import type {
  Appended,
  AppendOnce,
  Broadcaster,
  Claim,
  ClaimRequest,
  LogQuery,
  LogRead,
  SenderMark,
} from '../broadcasters/broadcaster.ts'
import { type MemoryOptions, memory } from '../broadcasters/memory.ts'
import type { Clock } from '../shared/clock.ts'
import type { Random } from '../shared/random.ts'

/** One change of the memory broadcaster, with all that it depended on, so that it can be made again. */
interface Change {
  readonly at: number
  readonly apply: (broadcaster: Broadcaster) => Promise<unknown>
  /** The numbers that were drawn on the way. */
  readonly draws: number[]
}

export interface JournalOptions {
  readonly clock: Clock
  readonly random: Random
  readonly memory?: Omit<MemoryOptions, 'clock' | 'random'>
}

/**
 * The memory broadcaster, which can be taken back to what it was before: all changes are kept, and as many as are to survive are made
 * again, at their times and with their numbers, in a new one. So what it remembers of sends and requests goes back with its logs.
 */
export class JournaledMemory {
  readonly #options: JournalOptions
  readonly #changes: Change[] = []
  #first: Change | undefined
  #broadcaster: Broadcaster
  /** What the present change draws is kept, or comes from what was kept. */
  #present: Change | undefined
  #replaying: { at: number; draws: number[] } | undefined

  constructor(options: JournalOptions) {
    this.#options = options
    this.#broadcaster = this.#make()
  }

  /** How many changes there were: what {@link JournaledMemory.restore} takes. */
  get length(): number {
    return this.#changes.length
  }

  append(channel: string, body: string, once: AppendOnce | undefined): Promise<Appended> {
    return this.#change((broadcaster) => broadcaster.append(channel, body, once))
  }

  claim(request: ClaimRequest): Promise<Claim> {
    return this.#change((broadcaster) => broadcaster.claim(request))
  }

  settle(key: string, owner: string, result: string): Promise<void> {
    return this.#change((broadcaster) => broadcaster.settle(key, owner, result))
  }

  release(key: string, owner: string): Promise<void> {
    return this.#change((broadcaster) => broadcaster.release(key, owner))
  }

  recall(channel: string, sender: SenderMark): Promise<Appended | undefined> {
    return this.#broadcaster.recall(channel, sender)
  }

  read(channel: string, query?: LogQuery): Promise<LogRead> {
    return this.#broadcaster.read(channel, query)
  }

  /** Takes it back to what it was after `length` changes. */
  async restore(length: number): Promise<void> {
    const kept = this.#changes.splice(0)
    const { at, draws } = this.#first!
    this.#replaying = { at, draws: [...draws] }
    this.#broadcaster = this.#make()
    for (const change of kept.slice(0, length)) {
      this.#replaying = { at: change.at, draws: [...change.draws] }
      // What was refused then is refused now.
      await change.apply(this.#broadcaster).catch(() => {})
      this.#changes.push(change)
    }
    this.#replaying = undefined
  }

  /** Forgets everything: what comes next is another broadcaster. */
  forget(): void {
    this.#changes.length = 0
    this.#first = undefined
    this.#broadcaster = this.#make()
  }

  #make(): Broadcaster {
    const { clock, random, memory: more } = this.#options
    if (!this.#replaying) this.#first = this.#present = { at: clock.now(), apply: async () => {}, draws: [] }
    const made = memory({
      ...more,
      clock: { after: clock.after, now: () => this.#replaying?.at ?? clock.now() },
      random: () => {
        const drawn = this.#replaying?.draws.shift() ?? random()
        this.#present?.draws.push(drawn)
        return drawn
      },
    })
    this.#present = undefined
    return made
  }

  #change<Result>(apply: (broadcaster: Broadcaster) => Promise<Result>): Promise<Result> {
    const change: Change = { at: this.#options.clock.now(), apply, draws: [] }
    this.#changes.push(change)
    this.#present = change
    // All of it happens before the promise is there.
    const done = apply(this.#broadcaster)
    this.#present = undefined
    return done
  }
}

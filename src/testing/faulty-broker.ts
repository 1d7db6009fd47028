import type { Broadcaster, Deliver, LogEntry } from '../broadcasters/broadcaster.ts'
import type { Clock } from '../shared/clock.ts'
import type { Undo } from '../shared/disposer.ts'
import { SyncError } from '../shared/errors.ts'
import type { Position } from '../shared/position.ts'
import type { Random } from '../shared/random.ts'
import type { LogFact, RunFact } from './facts.ts'
import { JournaledMemory, type JournalOptions } from './journaled-memory.ts'
import type { SimulatedProcess } from './simulated-process.ts'

export interface BrokerOptions extends JournalOptions {
  /** How long a call travels, one way, in milliseconds; asked for each. Default 0. */
  readonly latencyMs?: () => number
  /** By what an entry's payload is known. Default: its `id`. */
  readonly identify?: (data: unknown) => number
  /** Hears what the logs really do. */
  readonly record?: (fact: Untimed<LogFact | RunFact>) => void
}

/** Leaves the shape of each fact of a union. */
export type Untimed<F> = F extends unknown ? Omit<F, 'at'> : never

/** What a call rejects with that was done. */
export class AnswerLost extends Error {
  override readonly message = 'The answer of the broker was lost'
}

/** What of a call fails: it never arrives, or its answer is lost after it was done. */
type Loss = 'call' | 'answer'

interface Follower {
  readonly channel: string
  readonly deliver: Deliver
  readonly node: SimulatedProcess | undefined
  /** When the last entry that is on its way arrives: none overtakes another. */
  lastAt: number
  /** How many entries are to be lost. */
  losing: number
}

/** The memory broadcaster as a server that several nodes share, with what can go wrong between them and within it. */
export class FaultyBroker {
  readonly #clock: Clock
  readonly #random: Random
  readonly #latencyMs: () => number
  readonly #identify: (data: unknown) => number
  readonly #record: ((fact: Untimed<LogFact | RunFact>) => void) | undefined
  readonly #memory: JournaledMemory
  readonly #followers = new Set<Follower>()
  /** Where each log stands. */
  readonly #tops = new Map<string, Position>()
  readonly #floors = new Map<string, number>()
  #stalledUntil = 0
  /** How likely a call fails, from 0 to 1. */
  failureRate = 0
  #isRestoring = false
  /** How many publications, and requests, were asked for again that had been done or begun. */
  readonly duplicates = { publications: 0, requests: 0 }

  constructor(options: BrokerOptions) {
    this.#clock = options.clock
    this.#random = options.random
    this.#latencyMs = options.latencyMs ?? (() => 0)
    this.#identify = options.identify ?? ((data) => (data as { id: number }).id)
    this.#record = options.record
    this.#memory = new JournaledMemory(options)
  }

  /** How many changes it could be set back by. */
  get age(): number {
    return this.#memory.length
  }

  /** How many subscriptions of channels there are. */
  get followers(): number {
    return this.#followers.size
  }

  /** The broadcaster as one node sees it; a plain object. */
  connect(node?: SimulatedProcess): Broadcaster {
    let isClosed = false
    const call = <Result>(run: () => Promise<Result>) =>
      isClosed
        ? Promise.reject(new SyncError('unavailable', 'The connection is closed'))
        : this.#call(node, run)
    return {
      append: (channel, body, once) => {
        const sender = once?.sender && this.#aging(once.sender)
        return call(() => this.#append(channel, body, sender ? { sender: sender() } : once))
      },
      recall: (channel, sender) => {
        const aged = this.#aging(sender)
        return call(() => this.#recall(channel, aged()))
      },
      read: (channel, query) => call(() => this.#read(channel, query)),
      claim: (request) => {
        const aged = this.#aging(request)
        return call(() => this.#claim(aged()))
      },
      settle: (key, owner, result) => call(() => this.#memory.settle(key, owner, result)),
      release: (key, owner) => call(() => this.#memory.release(key, owner)),
      subscribe: (channel, deliver) => call(async () => this.#follow({ channel, deliver, node })),
      close: async () => {
        isClosed = true
        this.#leave(node)
      },
    }
  }

  /** A node has ended: nothing is delivered to it any more. */
  leave(node: SimulatedProcess): void {
    this.#leave(node)
  }

  /** A stale copy takes over: the last `count` changes, of any channel, have never been. Nobody is told. */
  async rollBack(count: number): Promise<void> {
    const before = new Map(this.#tops)
    this.#isRestoring = true
    await this.#memory.restore(Math.max(0, this.#memory.length - count))
    for (const [channel, old] of before) {
      const { top } = await this.#memory.read(channel)
      if (top.tag === old.tag && top.epoch === old.epoch) continue
      this.#tops.set(channel, top)
      this.#record?.({ kind: 'rolled back', channel, position: top })
    }
    this.#isRestoring = false
    this.#record?.({ kind: 'claims lost' })
  }

  /** It starts with nothing: all logs have another epoch. Nobody is told. */
  forget(): void {
    this.#memory.forget()
    for (const channel of this.#tops.keys()) this.#record?.({ kind: 'lost', channel })
    this.#tops.clear()
    this.#floors.clear()
  }

  /** Of each channel, only the last `keep` entries can be read any more. */
  trim(keep: number): void {
    for (const [channel, { offset }] of this.#tops) {
      this.#floors.set(channel, Math.max(this.#floors.get(channel) ?? 1, offset + 1 - keep))
    }
  }

  /** It answers nobody for so long, and then everyone. */
  stall(ms: number): void {
    this.#stalledUntil = this.#clock.now() + ms
  }

  /** One of those who follow a channel will not get its next `count` entries. Nobody is told. `false` where nobody follows. */
  loseLive(count: number): boolean {
    const followers = [...this.#followers]
    const follower = followers[Math.floor(this.#random() * followers.length)]
    if (follower) follower.losing += count
    return follower !== undefined
  }

  /** Ends what is wrong with it; what is lost stays lost. */
  heal(): void {
    this.failureRate = 0
    this.#stalledUntil = 0
    for (const follower of this.#followers) follower.losing = 0
  }

  async #append(...args: Parameters<Broadcaster['append']>) {
    const [channel, body] = args
    // Appends at once; what it resolves to is told here before anyone can hear of the entry.
    const appended = await this.#memory.append(...args)
    if (appended.duplicate) {
      this.duplicates.publications++
      return appended
    }
    const { epoch, offset, tag } = appended
    const before = this.#tops.get(channel)
    const previous = before?.epoch === epoch ? before.tag : ''
    const position = { epoch, offset, tag }
    this.#tops.set(channel, position)
    this.#record?.({ kind: 'appended', channel, position, previous, id: this.#idOf(body) })
    this.#deliver(channel, { offset, tag, previous, body }, epoch)
    return appended
  }

  async #recall(...args: Parameters<Broadcaster['recall']>) {
    const appended = await this.#memory.recall(...args)
    if (appended) this.duplicates.publications++
    return appended
  }

  async #claim(...args: Parameters<Broadcaster['claim']>) {
    const claim = await this.#memory.claim(...args)
    if (claim.state !== 'granted') this.duplicates.requests++
    return claim
  }

  async #read(...[channel, query]: Parameters<Broadcaster['read']>) {
    const { top, entries } = await this.#memory.read(channel, query)
    if (!this.#tops.has(channel)) this.#tops.set(channel, top)
    const floor = this.#floors.get(channel) ?? 1
    const kept = entries.filter(({ offset }) => offset >= floor)
    const isWhole = query?.after !== undefined && query.limit === undefined && query.before === undefined
    const first = kept[0]?.offset ?? top.offset + 1
    // Nothing of what was asked for shows what else there is.
    if (isWhole && first > query.after! + 1) this.#record?.({ kind: 'trimmed', channel, first })
    return { top, entries: kept }
  }

  #follow(of: Pick<Follower, 'channel' | 'deliver' | 'node'>): Undo {
    const follower: Follower = { ...of, lastAt: 0, losing: 0 }
    // Asked for by one that has ended since.
    if (!of.node?.hasEnded) this.#followers.add(follower)
    return () => void this.#followers.delete(follower)
  }

  #leave(node: SimulatedProcess | undefined): void {
    for (const follower of this.#followers) if (follower.node === node) this.#followers.delete(follower)
  }

  #deliver(channel: string, entry: LogEntry, epoch: string): void {
    for (const follower of this.#followers) {
      if (follower.channel !== channel) continue
      if (follower.losing > 0) {
        follower.losing--
        continue
      }
      const now = this.#clock.now()
      const at = Math.max(follower.lastAt, now + this.#latencyMs())
      follower.lastAt = at
      this.#clock.after(at - now, () => {
        const hand = () => {
          if (this.#followers.has(follower)) follower.deliver(entry, epoch)
        }
        if (follower.node) follower.node.pass(hand)
        else hand()
      })
    }
  }

  /** What has an age grows older while the call is on its way: an engine goes by when it was first sent. */
  #aging<Aged extends { readonly ageMs?: number | undefined }>(of: Aged): () => Aged {
    const calledAt = this.#clock.now()
    return () => (of.ageMs === undefined ? of : { ...of, ageMs: of.ageMs + this.#clock.now() - calledAt })
  }

  /** A call of a node: there, done, and back. It is done also when the node has ended since. */
  async #call<Result>(node: SimulatedProcess | undefined, run: () => Promise<Result>): Promise<Result> {
    const loses: Loss | undefined =
      this.#random() >= this.failureRate ? undefined : this.#random() < 0.5 ? 'call' : 'answer'
    await this.#travel()
    while (this.#stalledUntil > this.#clock.now() || this.#isRestoring) {
      await this.#wait(Math.max(1, this.#stalledUntil - this.#clock.now()))
    }
    const done =
      loses === 'call' ? refused(new SyncError('unavailable', 'The broker does not answer')) : run()
    const outcome = await done.then(
      (value) => ({ value }),
      (error: unknown) => ({ error }),
    )
    await this.#travel()
    return new Promise((resolve, reject) => {
      const arrive = () => {
        if (loses === 'answer') {
          // A subscription that its caller does not know of ends: it would never end it.
          if ('value' in outcome && typeof outcome.value === 'function') outcome.value()
          reject(new AnswerLost())
        } else if ('error' in outcome) reject(outcome.error)
        else resolve(outcome.value)
      }
      // To one that has ended, nothing comes.
      if (node) node.pass(arrive)
      else arrive()
    })
  }

  #travel(): Promise<void> {
    return this.#wait(this.#latencyMs())
  }

  #wait(ms: number): Promise<void> {
    return ms <= 0 ? Promise.resolve() : new Promise((resolve) => void this.#clock.after(ms, resolve))
  }

  #idOf(body: string): number {
    return this.#identify(JSON.parse(body)[3])
  }
}

function refused(error: SyncError): Promise<never> {
  return Promise.reject(error)
}

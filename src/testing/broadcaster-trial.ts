import type { Appended, Broadcaster, Deliver, LogEntry, SenderMark } from '../broadcasters/broadcaster.ts'
import { type Clock, systemClock } from '../shared/clock.ts'
import type { Undo } from '../shared/disposer.ts'
import type { Position } from '../shared/position.ts'
import { randomMark, secureRandom } from '../shared/random.ts'

/** A broadcaster that was made for one case. */
export interface BroadcasterUnderTest {
  /** It keeps the newest 64 entries of a channel, or more, each for a minute or longer. */
  readonly broadcaster: Broadcaster
  /** How many entries of a channel it keeps at most; one case writes a few more than that. */
  readonly maxEntries: number
  /** For how long it knows what was done once, in milliseconds. Default 600,000, the least that it may be. */
  readonly windowMs?: number
  /** Takes back what was opened to make it. Comes last, also when the broadcaster is closed already. */
  close(): Promise<void>
}

export interface BroadcasterContractOptions {
  /** How long a delivery may take before it counts as lost, in milliseconds. Default 5,000. */
  readonly deliveryMs?: number
  /** A length of a body, in UTF-16 code units, that is never taken. Default: none is known, and no case asks. */
  readonly tooLong?: number
  /** What the waiting for a delivery is measured by. Default: the system's. */
  readonly clock?: Clock
}

/** A publication; `id` and `channel` are the trial's own unless they are given. */
export interface Publication extends Omit<SenderMark, 'id'> {
  readonly id?: string
  readonly channel?: string
}

/** What a rule has to work with. */
export class Trial {
  readonly broadcaster: Broadcaster
  readonly maxEntries: number
  readonly windowMs: number
  /** A name that nobody used before. */
  readonly channel = `contract/${newName()}`
  /** A session that nobody used before. */
  readonly session = newName()
  /** Names a request that nobody made before. */
  readonly key = newName()
  readonly #clock: Clock
  readonly #deliveryMs: number

  constructor(
    { broadcaster, maxEntries, windowMs = 600_000 }: BroadcasterUnderTest,
    options: BroadcasterContractOptions,
  ) {
    this.broadcaster = broadcaster
    this.maxEntries = maxEntries
    this.windowMs = windowMs
    this.#clock = options.clock ?? systemClock
    this.#deliveryMs = options.deliveryMs ?? 5_000
  }

  /** Appends one after the other. */
  async append(...bodies: readonly string[]): Promise<Position[]> {
    const positions: Position[] = []
    for (const body of bodies) positions.push(await this.broadcaster.append(this.channel, body))
    return positions
  }

  /** Appends all at once. */
  appendTogether(bodies: readonly string[]): Promise<Position[]> {
    return Promise.all(bodies.map((body) => this.broadcaster.append(this.channel, body)))
  }

  /** Appends a publication, whose body is its number. */
  publish({ id = this.session, channel = this.channel, ...mark }: Publication): Promise<Appended> {
    return this.broadcaster.append(channel, String(mark.n), { sender: { id, ...mark } })
  }

  /** The bodies of all entries. */
  async bodies(channel = this.channel): Promise<readonly string[]> {
    return (await this.broadcaster.read(channel, { after: 0 })).entries.map(({ body }) => body)
  }

  async entries(after = 0): Promise<readonly LogEntry[]> {
    return (await this.broadcaster.read(this.channel, { after })).entries
  }

  /** Subscribes; `onEntry` runs within each delivery. */
  async listen(onEntry: (ear: Ear) => void = () => {}, channel = this.channel): Promise<Ear> {
    const ear = new Ear(this.#clock, this.#deliveryMs)
    ear.undo = await this.broadcaster.subscribe(channel, (entry, epoch) => {
      ear.hear(entry, epoch)
      onEntry(ear)
    })
    return ear
  }
}

/** One subscription, and what was delivered to it. */
export class Ear {
  readonly heard: LogEntry[] = []
  readonly epochs = new Set<string>()
  undo: Undo = () => {}
  readonly #waiting = new Set<() => void>()
  readonly #clock: Clock
  readonly #deliveryMs: number

  constructor(clock: Clock, deliveryMs: number) {
    this.#clock = clock
    this.#deliveryMs = deliveryMs
  }

  get offsets(): readonly number[] {
    return this.heard.map(({ offset }) => offset)
  }

  /** Give it to `subscribe`. */
  readonly hear: Deliver = (entry, epoch) => {
    this.heard.push(entry)
    this.epochs.add(epoch)
    for (const look of [...this.#waiting]) look()
  }

  /** Waits for the entry at `offset`. */
  until(offset: number): Promise<void> {
    return this.#until(() => this.offsets.includes(offset), `entry ${offset}`)
  }

  /** Waits for this many deliveries. */
  untilCount(count: number): Promise<void> {
    return this.#until(() => this.heard.length >= count, `${count} entries`)
  }

  #until(isThere: () => boolean, what: string): Promise<void> {
    return new Promise((resolve, reject) => {
      const end = (settle: () => void) => {
        this.#waiting.delete(look)
        cancel()
        settle()
      }
      const look = () => {
        if (isThere()) end(resolve)
      }
      const cancel = this.#clock.after(this.#deliveryMs, () => {
        const heard = this.offsets.join(', ') || 'nothing'
        const message = `Not delivered in ${this.#deliveryMs} ms: ${what}; heard of offsets: ${heard}`
        end(() => reject(new Error(message)))
      })
      this.#waiting.add(look)
      look()
    })
  }
}

function newName(): string {
  return randomMark(secureRandom, 12)
}

import type { AnyRegistry } from '../registry/registry.ts'
import type { HubUser } from '../server/options.ts'
import type { Random } from '../shared/random.ts'
import type { Fact } from './facts.ts'
import { FaultyBroker, type Untimed } from './faulty-broker.ts'
import { type ManualClock, manualClock, tick } from './manual-clock.ts'
import { seededRandom } from './seeded-random.ts'
import type { Link } from './wire.ts'
import type { WorldOptions } from './world-options.ts'
import { Page, type Surroundings, WorldNode } from './world-parts.ts'

/** Hubs, a broker, pages and the network between them in this process, on a manual clock, all from one seed. */
export interface World<R extends AnyRegistry, User extends HubUser = HubUser> {
  /** Stands still until it is moved. */
  readonly clock: ManualClock
  /** What the nodes share, and what can go wrong with it. */
  readonly broker: FaultyBroker
  /** What hubs run on: `node 0`, `node 1` and so on. */
  readonly nodes: readonly WorldNode<R, User>[]
  /** The pages that are open, oldest first. */
  readonly pages: readonly Page<R, User>[]
  /** All connections that are open or opening. */
  readonly links: readonly Link[]
  /** What has happened so far: the world takes down what it does itself, a test what its app sees. `checkHistory` judges it. */
  readonly history: readonly Fact[]
  /** A source of chance of its own for each name, the same for the same seed: one part's draws do not move another's. */
  chance(name: string): Random
  /** Opens a page with a client; on the device of another one, it finds what that one has kept. */
  openPage(device?: Map<string, string>): Page<R, User>
  /** Takes down what has happened, now. */
  record(fact: Untimed<Fact>): void
  /** Moves time on by so many milliseconds. */
  advance(ms: number): Promise<void>
  /** Ends all faults: who stands still goes on, who has crashed starts anew, and every link is cut, as any may be broken. */
  heal(): void
  /** Closes everything. Resolves to what is left of it, which should be nothing. */
  close(): Promise<Leftovers>
}

/** What is there after the end, by number. */
export interface Leftovers {
  /** Connections that hubs hold after all pages have closed, and a minute. */
  readonly sessions: number
  /** Channels that hubs follow at the broker then. */
  readonly followed: number
  /** Timers that wait after all has closed, and a minute. */
  readonly timers: number
}

/** A world of that registry. */
export function createWorld<R extends AnyRegistry, User extends HubUser = HubUser>(
  options: WorldOptions<R, User>,
): World<R, User> {
  return new SeededWorld(options)
}

class SeededWorld<R extends AnyRegistry, User extends HubUser>
  implements World<R, User>, Surroundings<R, User>
{
  readonly options: WorldOptions<R, User>
  readonly clock = manualClock(undefined, tick)
  readonly broker: FaultyBroker
  readonly nodes: readonly WorldNode<R, User>[]
  readonly history: Fact[] = []
  readonly #pages: Page<R, User>[] = []

  constructor(options: WorldOptions<R, User>) {
    this.options = options
    const random = this.chance('broker')
    const latencyMs = options.brokerLatencyMs ?? (() => (random() < 0.4 ? 0 : Math.floor(random() * 10)))
    this.broker = new FaultyBroker({
      clock: this.clock,
      random,
      latencyMs,
      record: this.record,
      ...(options.memory && { memory: options.memory }),
      ...(options.identify && { identify: options.identify }),
    })
    this.nodes = Array.from({ length: options.nodes ?? 1 }, (_, i) => new WorldNode(`node ${i}`, this))
  }

  get pages(): readonly Page<R, User>[] {
    return this.#pages.filter(({ isOpen }) => isOpen)
  }

  get links(): readonly Link[] {
    return this.pages.flatMap(({ links }) => links)
  }

  chance(name: string): Random {
    let mixed = (this.options.seed ?? 1) >>> 0
    for (let i = 0; i < name.length; i++) mixed = Math.imul(mixed ^ name.charCodeAt(i), 0x01000193) >>> 0
    return seededRandom(mixed)
  }

  openPage(device: Map<string, string> = new Map()): Page<R, User> {
    const page = new Page<R, User>(`client ${this.#pages.length}`, device, this)
    this.#pages.push(page)
    return page
  }

  readonly record = (fact: Untimed<Fact>): void => {
    this.history.push({ ...fact, at: this.clock.now() } as Fact)
  }

  advance(ms: number): Promise<void> {
    return this.clock.advance(ms)
  }

  heal(): void {
    this.broker.heal()
    for (const node of this.nodes) node.heal()
    for (const page of this.pages) page.heal()
  }

  async close(): Promise<Leftovers> {
    for (const page of this.pages) page.close()
    await this.advance(60_000)
    const sessions = this.nodes.reduce((sum, { hub }) => sum + hub.connections, 0)
    const followed = this.broker.followers
    const closing = Promise.all(this.nodes.map((node) => node.close()))
    await this.advance(60_000)
    await closing
    return { sessions, followed, timers: this.clock.pending }
  }
}

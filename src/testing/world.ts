import type { Broadcaster } from '../broadcasters/broadcaster.ts'
import { memory } from '../broadcasters/memory.ts'
import { type Client, createClient } from '../client/create-client.ts'
import { channel } from '../registry/channel.ts'
import { defineRegistry } from '../registry/registry.ts'
import type { Schema } from '../registry/schema.ts'
import { createHub, type Hub } from '../server/create-hub.ts'
import type { Undo } from '../shared/disposer.ts'
import { SyncError } from '../shared/errors.ts'
import type { Random } from '../shared/random.ts'
import type { Fact } from './facts.ts'
import { manualClock } from './manual-clock.ts'
import { createNetwork, type Network, type NetworkOptions } from './network.ts'
import { seededRandom } from './seeded-random.ts'

/** Takes everything: the worlds try the delivery, not the schemas. */
const anything: Schema<{ id: number }> = {
  '~standard': { version: 1, vendor: 'syncline', validate: (value) => ({ value: value as { id: number } }) },
}

const registry = defineRegistry({ feed: channel('feed/:name', { events: { tick: anything } }) })

export interface WorldOptions {
  /** Default 3. */
  readonly clients?: number
  /** How many channels there are. Default 2. */
  readonly feeds?: number
  /** How many things happen, one after the other. Default 120. */
  readonly steps?: number
  /** Whether connections, hubs and the broadcaster fail. Default true. */
  readonly faults?: boolean
  /** What the hub's messages become on their way to a client; for showing that a fault is caught. */
  readonly tamper?: NetworkOptions['tamper']
}

/** How a run went. */
export interface WorldReport {
  readonly history: readonly Fact[]
  /** How many timers were left after everything was closed. */
  readonly leftTimers: number
  /** What was reported to `onError` by either side. */
  readonly errors: readonly SyncError[]
  /** How often each thing happened: a run in which nothing happens proves nothing. */
  readonly counts: Readonly<Record<string, number>>
}

/** Runs one history: hub, broker, clients and network in this process, on a manual clock, all from one seed. */
export async function runWorld(seed: number, options: WorldOptions = {}): Promise<WorldReport> {
  const world = new World(seed, options)
  for (let i = 0; i < (options.steps ?? 120); i++) await world.step()
  await world.settle()
  return world.end()
}

class World {
  readonly #clock = manualClock()
  readonly #random: Random
  readonly #network: Network
  readonly #clients: Client<typeof registry>[]
  readonly #feeds: readonly string[]
  readonly #history: Fact[] = []
  readonly #errors: SyncError[] = []
  readonly #counts: Record<string, number> = {}
  readonly #listening = new Map<string, Undo>()
  #hub: Hub<typeof registry>
  #hasFaults: boolean
  #lastId = 0
  #lastListener = 0

  constructor(seed: number, { clients = 3, feeds = 2, faults = true, tamper }: WorldOptions) {
    this.#random = seededRandom(seed)
    this.#hasFaults = faults
    this.#hub = this.#startHub()
    this.#network = createNetwork(this.#hub, {
      clock: this.#clock,
      latencyMs: () => Math.floor(this.#random() * 80),
      ...(tamper && { tamper }),
    })
    this.#feeds = Array.from({ length: feeds }, (_, i) => `feed ${i}`)
    this.#clients = Array.from({ length: clients }, () => this.#startClient())
  }

  /** One thing that happens, and then some time. */
  async step(): Promise<void> {
    const steps: readonly [weight: number, name: string, run: () => unknown][] = [
      [50, 'publish', () => this.#publish()],
      [12, 'listen', () => this.#listen()],
      [8, 'leave', () => this.#leave()],
      [6, 'pause', () => this.#clock.advance(this.#random() * 40_000)],
      [8, 'cut', () => this.#pick(this.#network.links)?.cut()],
      [3, 'black hole', () => this.#pick(this.#network.links)?.blackHole()],
      [2, 'hub restart', () => this.#restart()],
      [2, 'hub unreachable', () => this.#unplug()],
    ]
    const possible = this.#hasFaults ? steps : steps.slice(0, 4)
    const bag = possible.flatMap((step) => Array<typeof step>(step[0]).fill(step))
    const [, name, run] = this.#pick(bag)!
    this.#count(name)
    await run()
    await this.#clock.advance(this.#random() * 400)
  }

  /** Ends all faults and gives everything the time to come right. */
  async settle(): Promise<void> {
    this.#hasFaults = false
    this.#network.hub = this.#hub
    await this.#clock.advance(120_000)
    for (const feed of this.#feeds) await this.#publish(feed)
    await this.#clock.advance(10_000)
    this.#history.push({ kind: 'quiet', at: this.#clock.now() })
  }

  async end(): Promise<WorldReport> {
    for (const client of this.#clients) client.close()
    await this.#hub.close()
    await this.#clock.advance(1_000)
    return {
      history: this.#history,
      leftTimers: this.#clock.pending,
      errors: this.#errors,
      counts: this.#counts,
    }
  }

  #startHub(): Hub<typeof registry> {
    const common = { clock: this.#clock, random: this.#random }
    const hub = createHub(registry, {
      ...common,
      broadcaster: this.#slow(memory(common)),
      onError: (error) => this.#report(error),
    })
    hub.serve('feed', {
      authorize: async () => {
        await this.#while()
        return true
      },
    })
    return hub
  }

  #startClient(): Client<typeof registry> {
    return createClient(registry, {
      url: 'ws://world/sync',
      socket: this.#network.socket,
      clock: this.#clock,
      random: this.#random,
      onError: (error) => this.#report(error),
    })
  }

  async #publish(feed = this.#pick(this.#feeds)!): Promise<void> {
    const id = ++this.#lastId
    const handle = this.#hub.channel('feed', { name: feed })
    await handle.publish('tick', { id })
  }

  #listen(): void {
    const client = this.#pick(this.#clients)!
    const handle = client.channel('feed', { name: this.#pick(this.#feeds)! })
    const listener = `listener ${++this.#lastListener}`
    const at = () => this.#clock.now()
    const who = `client ${this.#clients.indexOf(client)}`
    this.#history.push({ kind: 'listening', at: at(), listener, client: who, channel: handle.name })
    const undos = [
      handle.on('subscribed', ({ position, recovered }) => {
        this.#history.push({ kind: 'subscribed', at: at(), listener, position, recovered })
      }),
      handle.on('gap', ({ position, reason }) => {
        this.#record('gap', { kind: 'gap', at: at(), listener, position, reason })
      }),
      handle.on('tick', ({ id }, { position, replayed }) => {
        this.#record('delivered', { kind: 'delivered', at: at(), listener, position, id, replayed })
      }),
    ]
    this.#listening.set(listener, () => {
      for (const undo of undos) undo()
    })
  }

  #leave(): void {
    const listener = this.#pick([...this.#listening.keys()])
    if (listener === undefined) return
    this.#listening.get(listener)?.()
    this.#listening.delete(listener)
    this.#history.push({ kind: 'left', at: this.#clock.now(), listener })
  }

  /** A new process: the logs of the memory broadcaster are gone, and every connection with them. */
  async #restart(): Promise<void> {
    const old = this.#hub
    for (const name of this.#feeds) {
      const { name: channel } = old.channel('feed', { name })
      this.#history.push({ kind: 'lost', channel, at: this.#clock.now() })
    }
    this.#hub = this.#startHub()
    this.#network.hub = this.#hub
    await old.close()
  }

  #unplug(): void {
    this.#network.hub = undefined
    for (const link of this.#network.links) link.cut()
    this.#clock.after(this.#random() * 30_000, () => {
      this.#network.hub = this.#hub
    })
  }

  /** A broadcaster that takes its time over everything but an append, and fails now and then. */
  #slow(broadcaster: Broadcaster): Broadcaster {
    const slowly = async <T>(work: () => Promise<T>): Promise<T> => {
      await this.#while()
      if (this.#hasFaults && this.#random() < 0.05) {
        this.#count('broker failure')
        throw new SyncError('unavailable', 'The broker does not answer')
      }
      const result = await work()
      await this.#while()
      return result
    }
    return {
      ...broadcaster,
      append: async (channel, body, once) => {
        const before = (await broadcaster.read(channel)).top
        const position = await broadcaster.append(channel, body, once)
        const { id } = JSON.parse(body)[3]
        const fact = { channel, position, previous: before.tag, id, at: this.#clock.now() }
        this.#history.push({ kind: 'appended', ...fact })
        return position
      },
      subscribe: (channel, deliver) => slowly(() => broadcaster.subscribe(channel, deliver)),
      read: (channel, query) => slowly(() => broadcaster.read(channel, query)),
    }
  }

  /** A short time, or none at all. */
  #while(): Promise<void> {
    const ms = this.#random() < 0.3 ? 0 : this.#random() * 200
    return new Promise((resolve) => void this.#clock.after(ms, resolve))
  }

  /** Only what the world itself makes fail may be reported. */
  #report(error: SyncError): void {
    if (error.code !== 'unavailable') this.#errors.push(error)
  }

  #count(name: string): void {
    this.#counts[name] = (this.#counts[name] ?? 0) + 1
  }

  #record(count: string, fact: Fact): void {
    this.#count(count)
    this.#history.push(fact)
  }

  #pick<T>(items: readonly T[]): T | undefined {
    return items[Math.floor(this.#random() * items.length)]
  }
}

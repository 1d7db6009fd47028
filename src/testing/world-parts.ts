import { type Client, createClient } from '../client/create-client.ts'
import type { Signals } from '../client/signals.ts'
import type { AnyRegistry } from '../registry/registry.ts'
import { createHub, type Hub } from '../server/create-hub.ts'
import type { HubOptions, HubUser } from '../server/options.ts'
import type { Undo } from '../shared/disposer.ts'
import type { Random } from '../shared/random.ts'
import type { Fact } from './facts.ts'
import type { FaultyBroker, Untimed } from './faulty-broker.ts'
import type { ManualClock } from './manual-clock.ts'
import { SimulatedProcess } from './simulated-process.ts'
import { type Link, Wire } from './wire.ts'
import type { WorldOptions } from './world-options.ts'

/** What a page or a node needs of its world. */
export interface Surroundings<R extends AnyRegistry, User extends HubUser = HubUser> {
  readonly options: WorldOptions<R, User>
  readonly clock: ManualClock
  readonly broker: FaultyBroker
  readonly nodes: readonly WorldNode<R, User>[]
  readonly pages: readonly Page<R, User>[]
  chance(name: string): Random
  record(fact: Untimed<Fact>): void
  openPage(device?: Map<string, string>): Page<R, User>
}

/** A machine on which a hub runs, in one incarnation after the other. */
export class WorldNode<R extends AnyRegistry, User extends HubUser = HubUser> {
  readonly name: string
  readonly #world: Surroundings<R, User>
  #process: SimulatedProcess
  #hub: Hub<R, User>
  #incarnation = 0

  constructor(name: string, world: Surroundings<R, User>) {
    this.name = name
    this.#world = world
    ;[this.#process, this.#hub] = this.#start()
  }

  /** The present incarnation; of one that has crashed, the last. */
  get hub(): Hub<R, User> {
    return this.#hub
  }

  get process(): SimulatedProcess {
    return this.#process
  }

  /** Whether it runs: it has not crashed, and does not stand still. */
  get isRunning(): boolean {
    return this.#process.isRunning
  }

  /**
   * Ends at once, in the middle of whatever it does; the broker may still do what it was asked. `isSilent`: the whole machine is gone, so that
   * nobody tells its clients.
   */
  crash({ isSilent = false } = {}): void {
    const process = this.#process
    process.end()
    this.#world.broker.leave(process)
    if (!isSilent) for (const page of this.#world.pages) page.lose(process)
  }

  /** Starts anew, at once; one that runs closes beside it, as in a deploy. */
  restart(): void {
    const old = this.#hub
    const wasRunning = this.isRunning
    if (this.#process.isFrozen) this.crash()
    ;[this.#process, this.#hub] = this.#start()
    if (wasRunning) void old.close()
  }

  /** Stands still: nothing of it runs, and what comes waits. */
  freeze(): void {
    this.#process.freeze()
  }

  thaw(): void {
    this.#process.thaw()
  }

  /** Sets the wall clock of its machine, by milliseconds. */
  jumpClock(ms: number): void {
    this.#process.jumpClock(ms)
  }

  heal(): void {
    this.#process.thaw()
    this.#process.setClockRight()
    if (this.#process.hasEnded || !this.#hub.isTakingSessions) this.restart()
  }

  /** Resolves once its hub is closed, for which time may have to pass. */
  async close(): Promise<void> {
    this.#process.thaw()
    if (!this.#process.hasEnded) await this.#hub.close()
    this.crash()
  }

  #start(): [SimulatedProcess, Hub<R, User>] {
    const { options, clock, broker } = this.#world
    const process = new SimulatedProcess(this.name, clock)
    const hub = createHub<R, User>(options.registry, {
      ...options.hub,
      clock: process.clock,
      random: this.#world.chance(`${this.name}.${this.#incarnation++}`),
      broadcaster: broker.connect(process),
      onError: (error, context) => options.onError?.(error, context, this.name),
    } as HubOptions<User>)
    options.serve?.(hub, process)
    return [process, hub]
  }
}

/** A page with a client: what a person has open. */
export class Page<R extends AnyRegistry, User extends HubUser = HubUser> {
  readonly name: string
  /** What it keeps over a reload: the storage of its browser. */
  readonly device: Map<string, string>
  readonly client: Client<R>
  readonly process: SimulatedProcess
  readonly #world: Surroundings<R, User>
  readonly #random: Random
  readonly #wires = new Set<Wire>()
  readonly #tellers: Record<keyof Signals, Set<(isOn: boolean) => void>> = {
    online: new Set(),
    visible: new Set(),
    frozen: new Set(),
  }
  #isClosed = false
  #hasNetwork = true

  constructor(name: string, device: Map<string, string>, world: Surroundings<R, User>) {
    this.name = name
    this.device = device
    this.#world = world
    this.#random = world.chance(name)
    this.process = new SimulatedProcess(name, world.clock)
    this.client = this.#open()
    this.client.onStatus(({ state }) => {
      if (state !== 'connected') world.record({ kind: 'offline', client: name })
    })
  }

  get isOpen(): boolean {
    return !this.#isClosed
  }

  /** Its connections that are open or opening, oldest first. */
  get links(): readonly Link[] {
    return [...this.#wires]
  }

  /** Stands still. `isTold`: the browser says so before, as the page lifecycle has it. */
  freeze({ isTold = false } = {}): void {
    if (isTold) this.#tell('frozen', true)
    this.#world.record({ kind: 'froze', client: this.name })
    this.process.freeze()
  }

  /** Goes on. */
  thaw({ isTold = false } = {}): void {
    this.#world.record({ kind: 'thawed', client: this.name })
    this.process.thaw()
    this.#tell('visible', true)
    if (isTold) this.#tell('frozen', false)
  }

  /** The lid is closed: stands still, and its connections are gone before it wakes, without a word. */
  sleep(): void {
    for (const link of this.#wires) link.blackHole()
    this.freeze()
  }

  /** The network is gone, or there again; the browser says so. */
  setNetwork(isOn: boolean): void {
    this.#hasNetwork = isOn
    if (!isOn) for (const link of this.#wires) link.blackHole()
    this.#tell('online', isOn)
  }

  /** Sets the wall clock of its machine, by milliseconds. */
  jumpClock(ms: number): void {
    this.process.jumpClock(ms)
  }

  /** The process at the other end of some of its connections has ended. */
  lose(process: SimulatedProcess): void {
    for (const wire of this.#wires) if (wire.node === process) wire.cut()
  }

  /** Opens the same page anew. `isSudden`: the old one had no time to close its client. */
  reload({ isSudden = false } = {}): Page<R, User> {
    if (isSudden) this.kill()
    else this.close()
    return this.#world.openPage(this.device)
  }

  /** Ends in the middle of whatever it does. */
  kill(): void {
    this.#isClosed = true
    this.process.end()
    for (const wire of this.#wires) wire.abandon()
    this.#world.record({ kind: 'gone', client: this.name })
  }

  /** Ends as an app ends that closes its client. */
  close(): void {
    if (this.#isClosed) return
    this.process.thaw()
    this.client.close()
    this.kill()
  }

  heal(): void {
    if (this.process.isFrozen) this.thaw()
    this.process.setClockRight()
    if (!this.#hasNetwork) this.setNetwork(true)
    for (const link of this.#wires) link.cut()
  }

  #tell(signal: keyof Signals, isOn: boolean): void {
    this.process.pass(() => {
      for (const tell of this.#tellers[signal]) tell(isOn)
    })
  }

  #signal(name: keyof Signals) {
    return (tell: (isOn: boolean) => void): Undo => {
      this.#tellers[name].add(tell)
      return () => void this.#tellers[name].delete(tell)
    }
  }

  #open(): Client<R> {
    const { options, record } = this.#world
    const latencyMs = options.latencyMs ?? (() => Math.floor(this.#random() * 80))
    const wiring = {
      clock: this.#world.clock,
      latencyMs,
      tamper: options.tamper ?? ((message: string) => [message]),
      page: this.process,
      onDuplicate: () => this.#world.record({ kind: 'fault', fault: 'message twice' }),
    }
    return createClient(options.registry, {
      url: 'ws://world/sync',
      ...options.client?.(this.name, this.device),
      clock: this.process.clock,
      random: this.#random,
      signals: {
        online: this.#signal('online'),
        visible: this.#signal('visible'),
        frozen: this.#signal('frozen'),
      },
      socket: (address, listener) => {
        const wire: Wire = new Wire(wiring, listener, () => this.#wires.delete(wire))
        this.#wires.add(wire)
        const node = this.#hasNetwork ? this.#route() : undefined
        wire.connect(node && { hub: node.hub, node: node.process }, address)
        return wire.clientSocket()
      },
      onError: (error, context) => {
        const { stage, channel } = context
        if (stage === 'subscribe' && channel !== undefined) {
          record({ kind: 'refused', client: this.name, channel, code: error.code })
        }
        options.onError?.(error, context, this.name)
      },
    })
  }

  /** As a load balancer, which mostly knows who is there. */
  #route(): WorldNode<R, User> | undefined {
    const { nodes } = this.#world
    const there = nodes.filter(({ process, hub }) => !process.hasEnded && hub.isTakingSessions)
    const among = this.#random() < 0.9 && there.length > 0 ? there : nodes
    return among[Math.floor(this.#random() * among.length)]
  }
}

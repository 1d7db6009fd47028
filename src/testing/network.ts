import type { SocketFactory, SocketListener } from '../client/socket.ts'
import type { AnyRegistry } from '../registry/registry.ts'
import type { Hub } from '../server/create-hub.ts'
import type { SessionHandlers } from '../server/sessions.ts'
import type { Clock } from '../shared/clock.ts'

/** A hub that connections can be made to. */
export type Reachable = Pick<Hub<AnyRegistry>, 'accept'>

export interface NetworkOptions {
  readonly clock: Clock
  /** How long a message travels, in milliseconds; asked for each. Default 0. Order on one connection is kept. */
  readonly latencyMs?: () => number
  /** What a message from the hub becomes on its way: none, itself, or several. Default: itself. */
  readonly tamper?: (message: string) => readonly string[]
}

/** What a test can do to one connection. */
export interface Link {
  readonly isOpen: boolean
  /** Ends it for both sides, as when a cable is cut and both notice: close code 1006. */
  cut(): void
  /** From now on nothing arrives on either side, and nobody is told. */
  blackHole(): void
}

/** An in-memory network between clients and one hub. */
export interface Network {
  /** Give it to `createClient` as `socket`. */
  readonly socket: SocketFactory
  /** The connections that are open or opening, oldest first. */
  readonly links: readonly Link[]
  /** Where new connections lead; `undefined` refuses them. */
  hub: Reachable | undefined
}

/** Joins clients to a hub in memory, on the given clock, with faults at hand. */
export function createNetwork(hub: Reachable | undefined, options: NetworkOptions): Network {
  const links = new Set<Wire>()
  const network: Network = {
    hub,
    get links() {
      return [...links]
    },
    socket: ({ url, protocol }, listener) => {
      const wire: Wire = new Wire(options, listener, () => links.delete(wire))
      links.add(wire)
      wire.connect(network.hub, { url, protocol })
      return wire.clientSocket()
    },
  }
  return network
}

/** One direction: what arrives last, and when. */
interface Lane {
  lastAt: number
  due: (() => void)[]
}

/** One connection. Each direction is a queue in which nothing overtakes. */
class Wire implements Link {
  readonly #clock: Clock
  readonly #latencyMs: () => number
  readonly #listener: SocketListener
  readonly #onEnd: () => void
  readonly #tamper: (message: string) => readonly string[]
  #handlers: SessionHandlers | undefined
  #clientIsOpen = true
  #isSwallowing = false
  readonly #lanes: Record<'toHub' | 'toClient', Lane> = {
    toHub: { lastAt: 0, due: [] },
    toClient: { lastAt: 0, due: [] },
  }

  constructor(options: NetworkOptions, listener: SocketListener, onEnd: () => void) {
    this.#clock = options.clock
    this.#latencyMs = options.latencyMs ?? (() => 0)
    this.#tamper = options.tamper ?? ((message) => [message])
    this.#listener = listener
    this.#onEnd = onEnd
  }

  get isOpen(): boolean {
    return this.#clientIsOpen
  }

  connect(hub: Reachable | undefined, { url, protocol }: { url: string; protocol: string }): void {
    this.#carry('toHub', () => {
      if (!hub) {
        this.#carry('toClient', () => this.#closeClient(1006, 'connection refused'))
        return
      }
      // Promised before the hub can speak, so that the client hears of the opening first.
      this.#carry('toClient', () => this.#clientIsOpen && this.#listener.opened(protocol))
      this.#handlers = hub.accept(
        {
          bufferedBytes: 0,
          send: (message) => {
            for (const one of this.#tamper(message)) this.#carry('toClient', () => this.#toClient(one))
          },
          close: (code, reason) => this.#carry('toClient', () => this.#closeClient(code, reason)),
        },
        { url, headers: {} },
      )
    })
  }

  clientSocket() {
    return {
      bufferedBytes: 0,
      send: (message: string) => this.#carry('toHub', () => this.#handlers?.received(message)),
      close: () => {
        this.#clientIsOpen = false
        this.#onEnd()
        this.#carry('toHub', () => this.#closeHub())
      },
    }
  }

  cut(): void {
    this.#closeHub()
    this.#closeClient(1006, 'cut')
    // A connection that was still on its way must not arrive.
    this.#isSwallowing = true
  }

  blackHole(): void {
    this.#isSwallowing = true
  }

  /**
   * Runs `arrive` when what is sent now arrives, after all that was sent before it the same way. What arrives at one
   * moment arrives in one go, as from one chunk of a stream: promises do not settle in between.
   */
  #carry(way: 'toHub' | 'toClient', arrive: () => void): void {
    const now = this.#clock.now()
    const lane = this.#lanes[way]
    const at = Math.max(now + this.#latencyMs(), lane.lastAt)
    if (at === lane.lastAt && lane.due.length > 0) {
      lane.due.push(arrive)
      return
    }
    const due = [arrive]
    this.#lanes[way] = { lastAt: at, due }
    this.#clock.after(at - now, () => {
      for (let next = due.shift(); next; next = due.shift()) if (!this.#isSwallowing) next()
    })
  }

  #toClient(message: string): void {
    if (this.#clientIsOpen) this.#listener.received(message)
  }

  #closeClient(code: number, reason: string): void {
    this.#closeHub()
    if (!this.#clientIsOpen) return
    this.#clientIsOpen = false
    this.#listener.closed(code, reason)
  }

  #closeHub(): void {
    const handlers = this.#handlers
    this.#handlers = undefined
    handlers?.closed()
    this.#onEnd()
  }
}

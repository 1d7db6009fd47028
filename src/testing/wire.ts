import type { Socket, SocketListener } from '../client/socket.ts'
import type { AnyRegistry } from '../registry/registry.ts'
import type { Hub } from '../server/create-hub.ts'
import type { SessionHandlers } from '../server/sessions.ts'
import type { Clock } from '../shared/clock.ts'
import type { SimulatedProcess } from './simulated-process.ts'

/** A hub that connections can be made to. */
export type Reachable = Pick<Hub<AnyRegistry>, 'accept'>

/** One direction of a connection. */
export type Way = 'toHub' | 'toClient'

/** What a test can do to one connection. */
export interface Link {
  readonly isOpen: boolean
  /** Ends it for both sides, as when a cable is cut and both notice: close code 1006, or another one for the client. */
  cut(code?: number): void
  /** From now on nothing arrives on either side, and nobody is told. */
  blackHole(): void
  /** From now on nothing arrives that way, and nobody is told: half of it still works. */
  halfOpen(way: Way): void
  /** Ends it for the client alone. What it has sent arrives all the same, `lateMs` milliseconds late; the hub is not told. */
  leaveBehind(lateMs: number): void
  /** From now on everything that way takes so many milliseconds longer. */
  slow(way: Way, ms: number): void
  /** The next message that way that may come twice by the protocol arrives twice. */
  duplicate(way: Way): void
}

/** What a wire runs on, and between whom. */
export interface WireOptions {
  readonly clock: Clock
  readonly latencyMs: () => number
  readonly tamper: (message: string) => readonly string[]
  /** The page on the one side; what comes to it waits while it is frozen. */
  readonly page?: SimulatedProcess | undefined
  /** Hears of messages that arrived twice. */
  readonly onDuplicate?: (() => void) | undefined
}

/** Where a connection leads, and the node that it ends in. */
export interface Route {
  readonly hub: Reachable
  readonly node?: SimulatedProcess
}

/** One direction: what arrives last, when, and what is done to it. */
interface Lane {
  lastAt: number
  due: (() => void)[]
  extraMs: number
  isSwallowing: boolean
  isToDuplicate: boolean
}

/** What the other side must take twice: of all else, the protocol relies on a connection that brings it once. */
const mayComeTwice: Readonly<Record<Way, RegExp>> = {
  toHub: /^\["(unsub|cancel|ping|pong)"/,
  toClient: /^\["(ev|ack|nak|res|err|live|unsubscribed)"/,
}

/** One connection. Each direction is a queue in which nothing overtakes. */
export class Wire implements Link {
  readonly #options: WireOptions
  readonly #listener: SocketListener
  readonly #onEnd: () => void
  #route: Route | undefined
  #handlers: SessionHandlers | undefined
  #clientIsOpen = true
  #isLeftBehind = false
  readonly #lanes: Readonly<Record<Way, Lane>> = { toHub: newLane(), toClient: newLane() }

  constructor(options: WireOptions, listener: SocketListener, onEnd: () => void) {
    this.#options = options
    this.#listener = listener
    this.#onEnd = onEnd
  }

  get isOpen(): boolean {
    return this.#clientIsOpen
  }

  /** The node that it leads to. */
  get node(): SimulatedProcess | undefined {
    return this.#route?.node
  }

  connect(route: Route | undefined, { url, protocol }: { url: string; protocol: string }): void {
    this.#route = route
    this.#carry('toHub', () => {
      if (!route || route.node?.hasEnded) {
        this.#carry('toClient', () => this.#closeClient(1006, 'connection refused'))
        return
      }
      // Promised before the hub can speak, so that the client hears of the opening first.
      this.#carry('toClient', () => this.#clientIsOpen && this.#listener.opened(protocol))
      this.#handlers = route.hub.accept(
        {
          bufferedBytes: 0,
          send: (message) => this.#fromHub(message),
          close: (code, reason) => {
            if (!route.node?.hasEnded) this.#carry('toClient', () => this.#closeClient(code, reason))
          },
        },
        { url, headers: {} },
      )
    })
  }

  clientSocket(): Socket {
    return {
      bufferedBytes: 0,
      send: (message) => this.#send('toHub', message, () => this.#handlers?.received(message)),
      close: () => {
        this.#clientIsOpen = false
        this.#onEnd()
        this.#carry('toHub', () => this.#closeHub())
      },
    }
  }

  cut(code = 1006): void {
    this.#toNode(() => this.#closeHub())
    this.#toPage(() => this.#closeClient(code, 'cut'))
    // A connection that was still on its way must not arrive.
    this.blackHole()
  }

  blackHole(): void {
    this.halfOpen('toHub')
    this.halfOpen('toClient')
  }

  halfOpen(way: Way): void {
    this.#lanes[way].isSwallowing = true
  }

  leaveBehind(lateMs: number): void {
    this.#isLeftBehind = true
    this.halfOpen('toClient')
    // What is under way was promised for its moment: it is taken out, and put on its way once more.
    const { toHub } = this.#lanes
    const due = toHub.due.splice(0)
    this.slow('toHub', lateMs)
    for (const arrive of due) this.#carry('toHub', arrive)
    this.#toPage(() => this.#closeClient(1006, 'lost'))
  }

  slow(way: Way, ms: number): void {
    this.#lanes[way].extraMs += ms
  }

  duplicate(way: Way): void {
    this.#lanes[way].isToDuplicate = true
  }

  /** The client's process has ended: nobody closes anything, but a machine tells the hub. */
  abandon(): void {
    this.#clientIsOpen = false
    this.#onEnd()
    this.#carry('toHub', () => this.#closeHub())
  }

  #fromHub(message: string): void {
    if (this.#route?.node?.hasEnded) return
    for (const one of this.#options.tamper(message)) this.#send('toClient', one, () => this.#toClient(one))
  }

  #send(way: Way, message: string, arrive: () => void): void {
    this.#carry(way, arrive)
    const lane = this.#lanes[way]
    if (!lane.isToDuplicate || !mayComeTwice[way].test(message)) return
    lane.isToDuplicate = false
    this.#options.onDuplicate?.()
    this.#carry(way, arrive)
  }

  /**
   * Runs `arrive` when what is sent now arrives, after all that was sent before it the same way. What arrives at one
   * moment arrives in one go, as from one chunk of a stream: promises do not settle in between.
   */
  #carry(way: Way, arrive: () => void): void {
    const { clock, latencyMs } = this.#options
    const now = clock.now()
    const lane = this.#lanes[way]
    const at = Math.max(now + latencyMs() + lane.extraMs, lane.lastAt)
    if (at === lane.lastAt && lane.due.length > 0) {
      lane.due.push(arrive)
      return
    }
    const due = [arrive]
    lane.lastAt = at
    lane.due = due
    const reach = (run: () => void) => (way === 'toHub' ? this.#toNode(run) : this.#toPage(run))
    clock.after(at - now, () => {
      reach(() => {
        for (let next = due.shift(); next; next = due.shift()) if (!lane.isSwallowing) next()
      })
    })
  }

  #toPage(run: () => void): void {
    const { page } = this.#options
    if (page) page.pass(run)
    else run()
  }

  #toNode(run: () => void): void {
    const node = this.#route?.node
    if (node) node.pass(run)
    else run()
  }

  #toClient(message: string): void {
    if (this.#clientIsOpen) this.#listener.received(message)
  }

  #closeClient(code: number, reason: string): void {
    if (!this.#isLeftBehind) this.#toNode(() => this.#closeHub())
    if (!this.#clientIsOpen) return
    this.#clientIsOpen = false
    this.#onEnd()
    this.#listener.closed(code, reason)
  }

  #closeHub(): void {
    const handlers = this.#handlers
    this.#handlers = undefined
    handlers?.closed()
    this.#onEnd()
  }
}

function newLane(): Lane {
  return { lastAt: 0, due: [], extraMs: 0, isSwallowing: false, isToDuplicate: false }
}

import type { SocketFactory } from '../client/socket.ts'
import type { Clock } from '../shared/clock.ts'
import { type Link, type Reachable, Wire } from './wire.ts'

export interface NetworkOptions {
  readonly clock: Clock
  /** How long a message travels, in milliseconds; asked for each. Default 0. Order on one connection is kept. */
  readonly latencyMs?: () => number
  /** What a message from the hub becomes on its way: none, itself, or several. Default: itself. */
  readonly tamper?: (message: string) => readonly string[]
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
  const { clock, latencyMs = () => 0, tamper = (message) => [message] } = options
  const network: Network = {
    hub,
    get links() {
      return [...links]
    },
    socket: (address, listener) => {
      const wire: Wire = new Wire({ clock, latencyMs, tamper }, listener, () => links.delete(wire))
      links.add(wire)
      wire.connect(network.hub && { hub: network.hub }, address)
      return wire.clientSocket()
    },
  }
  return network
}

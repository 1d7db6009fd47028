import type { MemoryOptions } from '../broadcasters/memory.ts'
import type { ClientOptions } from '../client/options.ts'
import type { AnyRegistry } from '../registry/registry.ts'
import type { Hub } from '../server/create-hub.ts'
import type { HubOptions, HubUser } from '../server/options.ts'
import type { SyncError } from '../shared/errors.ts'
import type { ErrorContext } from '../shared/report.ts'
import type { SimulatedProcess } from './simulated-process.ts'

/** Time and chance are the world's. */
type Given = 'clock' | 'random'

export interface WorldOptions<R extends AnyRegistry, User extends HubUser = HubUser> {
  /** The channels of hubs and clients. */
  readonly registry: R
  /** From which all chance comes: one seed, one history. A whole number from 0. Default 1. */
  readonly seed?: number
  /** Opens the hub's channels, as an app's server does; called for each incarnation of each node, with the process that it runs in. */
  readonly serve?: (hub: Hub<R, User>, process: SimulatedProcess) => void
  /** How many nodes share the broker. Default 1. */
  readonly nodes?: number
  /** Options of the hubs. */
  readonly hub?: Omit<HubOptions<User>, Given | 'broadcaster' | 'onError'>
  /** Options of the client of a page, by the page's name; `device` is what the page's browser has kept. */
  readonly client?: (
    page: string,
    device: Map<string, string>,
  ) => Omit<Partial<ClientOptions>, Given | 'socket' | 'signals' | 'onError'>
  /** What the broker keeps, and for how long. */
  readonly memory?: Omit<MemoryOptions, Given>
  /** How long a message travels between client and node, in milliseconds; asked for each. Default: 0 to 79, by chance. */
  readonly latencyMs?: () => number
  /** How long a call travels between node and broker, one way, in milliseconds. Default: 0 to 9, by chance, and often 0. */
  readonly brokerLatencyMs?: () => number
  /** What a hub's message becomes on its way to a client: none, itself, or several. Default: itself. */
  readonly tamper?: (message: string) => readonly string[]
  /** By what the payload of an event is known in the history. Default: its `id`. */
  readonly identify?: (data: unknown) => number
  /** Hears of every error that goes to `onError` of a client or a hub, with the name of its page or node. */
  readonly onError?: (error: SyncError, context: ErrorContext, who: string) => void
}

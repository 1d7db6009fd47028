import { memory } from '../broadcasters/memory.ts'
import { checkRegistry } from '../registry/check-registry.ts'
import type { ChannelKey, ParamsArgs } from '../registry/infer.ts'
import { type AnyRegistry, channelName, definitionOf } from '../registry/registry.ts'
import { withDefaults } from '../shared/defaults.ts'
import { guardHandler } from '../shared/report.ts'
import { type HubChannel, publish } from './channel.ts'
import { fanOut } from './fan-out.ts'
import { Memberships } from './memberships.ts'
import {
  type ConnectRequest,
  checkSettings,
  type HubOptions,
  type HubSettings,
  type HubUser,
  hubDefaults,
} from './options.ts'
import { Rooms } from './rooms.ts'
import { type ChannelHandlers, Served } from './served.ts'
import type { Session, SessionSocket } from './session.ts'
import { type SessionHandlers, Sessions } from './sessions.ts'

/** The server's half: sessions, channels, and the log behind them. */
export interface Hub<R extends AnyRegistry, User extends HubUser = HubUser> {
  readonly registry: R
  /** What the hub runs with: the options, and the defaults for the rest. */
  readonly settings: HubSettings
  /** How many connections there are. */
  readonly connections: number
  /**
   * Opens a channel to clients; one that is not served is refused. Throws `bad_options` when it is served
   * already, `unknown_channel` for a key that the registry lacks.
   */
  serve<K extends ChannelKey<R>>(key: K, handlers: ChannelHandlers<R, K, User>): void
  /** A handle of a channel. Throws `unknown_channel` or `bad_channel`. */
  channel<K extends ChannelKey<R>>(key: K, ...params: ParamsArgs<R, K>): HubChannel<R, K>
  /** Takes a connection of any transport in. `attachWebSocket` calls it; so does whoever writes a transport. */
  accept(socket: SessionSocket, request: ConnectRequest): SessionHandlers
  /** Ends all sessions with close code 1001, so that they come back, and the broadcaster if the hub made it. */
  close(): Promise<void>
}

/** A hub for the channels of `registry`. Attach it to a server with `attachWebSocket`. Throws `bad_registry`. */
export function createHub<R extends AnyRegistry, User extends HubUser = HubUser>(
  registry: R,
  options: HubOptions<User> = {},
): Hub<R, User> {
  return new WiredHub<R, User>(registry, options)
}

/** Constructs the parts and joins them; decides nothing. */
class WiredHub<R extends AnyRegistry, User extends HubUser> implements Hub<R, User> {
  readonly registry: R
  readonly settings: HubSettings
  readonly #broadcaster
  readonly #ownsBroadcaster: boolean
  readonly #served = new Served()
  readonly #sessions: Sessions

  constructor(registry: R, options: HubOptions<User>) {
    const { authenticate, broadcaster, ...rest } = options
    checkRegistry(registry)
    this.registry = registry
    const settings = withDefaults(hubDefaults, rest)
    checkSettings(settings)
    this.settings = { ...settings, onError: guardHandler(settings.onError) }
    this.#ownsBroadcaster = broadcaster === undefined
    this.#broadcaster = broadcaster ?? memory(this.settings)
    const rooms = new Rooms(this.#broadcaster, fanOut)
    const memberships = new Memberships({ registry, served: this.#served, rooms, settings: this.settings })
    const sessions = new Map<string, Session>()
    this.#sessions = new Sessions({ registry, settings: this.settings, authenticate, sessions }, memberships)
  }

  get connections(): number {
    return this.#sessions.count
  }

  serve<K extends ChannelKey<R>>(key: K, { authorize }: ChannelHandlers<R, K, User>): void {
    definitionOf(this.registry, key)
    this.#served.add(key, authorize as Parameters<Served['add']>[1])
  }

  channel<K extends ChannelKey<R>>(key: K, ...params: ParamsArgs<R, K>): HubChannel<R, K> {
    const name = channelName(this.registry, key, ...params)
    const { events, clientEvents } = definitionOf(this.registry, key).spec
    const parts = {
      name,
      schemas: { ...events, ...clientEvents },
      broadcaster: this.#broadcaster,
      clock: this.settings.clock,
    }
    return { name, publish: (event, data, options) => publish(parts, { event, data }, options) }
  }

  accept(socket: SessionSocket, request: ConnectRequest): SessionHandlers {
    return this.#sessions.accept(socket, request)
  }

  async close(): Promise<void> {
    this.#sessions.close()
    if (this.#ownsBroadcaster) await this.#broadcaster.close()
  }
}

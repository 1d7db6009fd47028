import type { ChannelKey, ParamsArgs } from '../registry/infer.ts'
import { type AnyRegistry, channelName, definitionOf } from '../registry/registry.ts'
import { backoffMs } from '../shared/backoff.ts'
import { withDefaults } from '../shared/defaults.ts'
import type { Undo } from '../shared/disposer.ts'
import { toSyncError } from '../shared/errors.ts'
import { Listeners } from '../shared/listeners.ts'
import { randomMark } from '../shared/random.ts'
import { type ErrorHandler, guardHandler } from '../shared/report.ts'
import type { Channel } from './channel.ts'
import { Connection, type ConnectionListener, type ConnectionStatus } from './connection.ts'
import { type ClientOptions, clientDefaults } from './options.ts'
import { routeFrame } from './router.ts'
import { type ClientLink, Subscriptions } from './subscriptions.ts'
import { webSocketUrl } from './url.ts'

export interface Client<R extends AnyRegistry> {
  readonly registry: R
  /** This client's public id, as others see it in `meta.sender`; known once it was connected. */
  readonly id: string | undefined
  /** The connection now. The same object until something changes. */
  readonly status: ConnectionStatus
  /** Hears of each new status. Bound: it can be handed on as it is. */
  readonly onStatus: (listener: (status: ConnectionStatus) => void) => Undo
  /**
   * A handle of a channel. Throws `unknown_channel` or `bad_channel` for a key or parameters that the registry
   * does not allow. The first listener on any channel connects the client.
   */
  channel<K extends ChannelKey<R>>(key: K, ...params: ParamsArgs<R, K>): Channel<R, K>
  /** Connects now: for the first time, instead of waiting for the next attempt, or after `error`. */
  connect(): void
  /** Ends the connection and all subscriptions for good. */
  close(): void
}

/** A client of the hub at `options.url`. It connects when it is first needed. */
export function createClient<R extends AnyRegistry>(registry: R, options: ClientOptions): Client<R> {
  return new WiredClient(registry, options)
}

/** 134 bits. */
const sessionLength = 26

/** Constructs the parts and joins them; decides nothing. */
class WiredClient<R extends AnyRegistry> implements Client<R> {
  readonly registry: R
  readonly #report: ErrorHandler
  readonly #listeners = new Listeners((error) => {
    this.#report(toSyncError(error, 'listener_failed'), { stage: 'listener' })
  })
  readonly #connection: Connection
  readonly #subscriptions: Subscriptions
  #id: string | undefined

  constructor(registry: R, options: ClientOptions) {
    this.registry = registry
    const settings = withDefaults(clientDefaults, options)
    this.#report = guardHandler(settings.onError)
    const session = randomMark(settings.random, sessionLength)
    this.#connection = new Connection(
      {
        ...settings,
        url: () => webSocketUrl(settings.url),
        hello: (token) => ['hello', { registry: [registry.version, registry.hash], session, token }],
      },
      this.#facts(),
    )
    this.#subscriptions = new Subscriptions(this.#link(settings))
  }

  get id(): string | undefined {
    return this.#id
  }

  get status(): ConnectionStatus {
    return this.#connection.status
  }

  // Bound, so that it can be handed to a store's `subscribe`.
  readonly onStatus = (listener: (status: ConnectionStatus) => void): Undo =>
    this.#listeners.on('status', listener)

  channel<K extends ChannelKey<R>>(key: K, ...params: ParamsArgs<R, K>): Channel<R, K> {
    const name = channelName(this.registry, key, ...params)
    const definition = definitionOf(this.registry, key)
    return {
      name,
      on: (event: string, listener: (...args: never[]) => void) => {
        const undo = this.#subscriptions.listen({ name, definition, event, listener })
        this.#connection.need()
        return undo
      },
    }
  }

  connect(): void {
    this.#connection.open()
  }

  close(): void {
    this.#subscriptions.close()
    this.#connection.close()
  }

  /** What flows right: from the connection to the subscriptions and to the app. */
  #facts(): ConnectionListener {
    return {
      online: (welcome) => {
        this.#id = welcome.client
        this.#subscriptions.online()
      },
      offline: () => this.#subscriptions.offline(),
      received: (frame) => routeFrame(frame, this.#subscriptions),
      changed: (status) => this.#listeners.emit('status', status),
      failed: (error, stage) => this.#report(error, { stage }),
    }
  }

  /** What flows left: from the subscriptions to the connection. */
  #link({ clock, lingerMs, random, backoff }: typeof clientDefaults & ClientOptions): ClientLink {
    const connection = this.#connection
    const client = this
    return {
      clock,
      lingerMs,
      delayMs: (attempt) => backoffMs(attempt, random, backoff),
      get isOnline() {
        return connection.isOnline
      },
      get id() {
        return client.id
      },
      send: (frame) => {
        connection.send(frame)
      },
      report: this.#report,
    }
  }
}

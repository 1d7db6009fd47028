import type { ChannelKey, ParamsArgs } from '../registry/infer.ts'
import { type AnyRegistry, channelName, definitionOf } from '../registry/registry.ts'
import { backoffMs } from '../shared/backoff.ts'
import { bytesOf } from '../shared/bytes.ts'
import type { Undo } from '../shared/disposer.ts'
import { SyncError, toSyncError } from '../shared/errors.ts'
import { Listeners } from '../shared/listeners.ts'
import { randomMark } from '../shared/random.ts'
import { type ErrorHandler, guardHandler } from '../shared/report.ts'
import { type Channel, type ChannelLink, openChannel } from './channel.ts'
import { Connection } from './connection.ts'
import type { ConnectionListener, ConnectionSettings } from './connection-settings.ts'
import type { ConnectionStatus } from './connection-states.ts'
import type { ClientDiagnostic, ClientStats } from './diagnostics.ts'
import { type ClientOptions, type ClientSettings, clientSettings } from './options.ts'
import { Outbox, type OutboxLink } from './outbox.ts'
import { routeFrame } from './router.ts'
import { MeasuredClock, type ServerClock } from './server-clock.ts'
import { Stats } from './stats.ts'
import type { ClientLink } from './subscription.ts'
import { Subscriptions, type SubscriptionsLink } from './subscriptions.ts'
import { webSocketUrl } from './url.ts'

export interface Client<R extends AnyRegistry> {
  readonly registry: R
  /** This client's public id, as others see it in `meta.sender`; known once it was connected. */
  readonly id: string | undefined
  /** The hub's clock, as measured from here. */
  readonly serverClock: ServerClock
  /** The connection now. The same object until something changes. */
  readonly status: ConnectionStatus
  /** Whether the app has switched it off, with `enabled: false` or `disconnect`: only `connect` switches it on. */
  readonly isOff: boolean
  /** Hears of each new status. Bound: it can be handed on as it is. */
  readonly onStatus: (listener: (status: ConnectionStatus) => void) => Undo
  /** Hears of everything that happens in this client, without payloads and tokens. */
  readonly onDiagnostic: (listener: (diagnostic: ClientDiagnostic) => void) => Undo
  /**
   * A handle of a channel. Throws `unknown_channel` or `bad_channel` for a key or parameters that the registry
   * does not allow. The first listener or send on any channel connects the client.
   */
  channel<K extends ChannelKey<R>>(key: K, ...params: ParamsArgs<R, K>): Channel<R, K>
  /** What has happened so far. */
  stats(): ClientStats
  /** Connects now: for the first time, instead of waiting for the next attempt, or after `disconnect` or `error`. */
  connect(): void
  /** Lets go of the connection until `connect`. What listens stays, and what is to be sent waits. */
  disconnect(): void
  /** Ends the connection and all subscriptions for good, and settles all sends. */
  close(): void
}

/** A client of the hub at `options.url`. It connects when it is first needed. Throws `bad_options`. */
export function createClient<R extends AnyRegistry>(registry: R, options: ClientOptions): Client<R> {
  return new WiredClient(registry, options)
}

/** 134 bits. */
const sessionLength = 26

/** Constructs the parts and joins them; decides nothing. */
class WiredClient<R extends AnyRegistry> implements Client<R> {
  readonly registry: R
  readonly serverClock: MeasuredClock
  readonly #settings: ClientSettings
  readonly #onError: ErrorHandler
  readonly #listeners = new Listeners((error) => {
    this.#onError(toSyncError(error, 'listener_failed'), { stage: 'listener' })
  })
  readonly #stats = new Stats(this.#listeners)
  readonly #connection: Connection
  readonly #subscriptions: Subscriptions
  /** For what is built on clients in this package. */
  readonly outbox: Outbox
  readonly #channelLink: ChannelLink
  #id: string | undefined
  #maxBytes = Number.POSITIVE_INFINITY
  #lastRef = 0

  constructor(registry: R, options: ClientOptions) {
    this.registry = registry
    const settings = clientSettings(options)
    this.#settings = settings
    this.#onError = guardHandler(settings.onError)
    this.serverClock = new MeasuredClock(settings.clock, this.#listeners)
    const session = randomMark(settings.random, sessionLength)
    const connecting: Omit<ClientSettings, 'url'> & ConnectionSettings = {
      ...settings,
      url: () => webSocketUrl(settings.url),
      hello: (token) => ['hello', { registry: [registry.version, registry.hash], session, token }],
    }
    const facts = this.#facts()
    this.#connection = new Connection(connecting, facts)
    const link = this.#link()
    this.#subscriptions = new Subscriptions(link)
    this.outbox = new Outbox(link, { ...settings.outbox, requestTimeoutMs: settings.requestTimeoutMs })
    this.#channelLink = this.#handlesLink(link)
    settings.persist({ client: this, options, settings: connecting, facts, link, handles: this.#channelLink })
  }

  get id(): string | undefined {
    return this.#id
  }

  get status(): ConnectionStatus {
    return this.#connection.status
  }

  get isOff(): boolean {
    return this.#connection.isOff
  }

  // Bound, so that it can be handed to a store's `subscribe`.
  readonly onStatus = (listener: (status: ConnectionStatus) => void): Undo =>
    this.#listeners.on('status', listener)

  readonly onDiagnostic = (listener: (diagnostic: ClientDiagnostic) => void): Undo =>
    this.#listeners.on('diagnostic', listener)

  channel<K extends ChannelKey<R>>(key: K, ...params: ParamsArgs<R, K>): Channel<R, K> {
    const name = channelName(this.registry, key, ...params)
    return openChannel(name, definitionOf(this.registry, key), this.#channelLink) as Channel<R, K>
  }

  stats(): ClientStats {
    return this.#stats.read(this.outbox.pending)
  }

  connect(): void {
    this.#connection.open()
  }

  disconnect(): void {
    this.#connection.disconnect()
  }

  close(): void {
    this.#subscriptions.close()
    this.outbox.close()
    this.#connection.close()
  }

  /** What flows right: from the connection to the subscriptions, the outbox and the app. */
  #facts(): ConnectionListener {
    const { registry } = this
    return {
      online: (welcome) => {
        this.#id = welcome.client
        this.#maxBytes = welcome.maxBytes
        this.#subscriptions.online()
        this.outbox.online()
        const sameRegistry = welcome.registry[1] === registry.hash
        this.#stats.note('connected', { resumed: welcome.resumed, sameRegistry })
      },
      offline: () => {
        this.outbox.offline()
        this.#subscriptions.offline()
      },
      received: (frame) => routeFrame(frame, this.#subscriptions, this.outbox),
      measured: (sentAt, time) => this.serverClock.measure(sentAt, time),
      changed: (status) => this.#listeners.emitInOrder('status', status),
      failed: (error, stage) => this.#report(error, { stage }),
      note: this.#stats.note,
    }
  }

  /** What flows left: from the subscriptions and the outbox to the connection. */
  #link(): SubscriptionsLink & OutboxLink {
    const { clock, lingerMs, random, backoff, unknownEvents } = this.#settings
    const connection = this.#connection
    const client = this
    return {
      clock,
      lingerMs,
      unknownEvents,
      delayMs: (attempt) => {
        try {
          return backoffMs(attempt, random, backoff)
        } catch (error) {
          this.#report(toSyncError(error, 'listener_failed'), { stage: 'subscribe' })
          return backoff.maxMs
        }
      },
      nextRef: () => ++this.#lastRef,
      get isOnline() {
        return connection.isOnline
      },
      get id() {
        return client.id
      },
      get maxBytes() {
        return client.#maxBytes
      },
      send: (frame) => {
        connection.send(frame)
      },
      report: this.#report,
      note: this.#stats.note,
    }
  }

  /** What flows left from an app's handles. */
  #handlesLink(client: ClientLink): ChannelLink {
    const { clock, volatileMaxBytes } = this.#settings
    return {
      client,
      clock,
      listen: (request) => {
        const undo = this.#subscriptions.listen(request)
        this.#connection.need()
        return undo
      },
      send: (draft, options) => {
        const outcome = this.outbox.add(draft, options)
        this.#connection.need()
        return outcome
      },
      tell: (frame) => {
        const bytes = bytesOf(frame)
        if (bytes > this.#maxBytes)
          throw new SyncError('too_large', `${bytes} bytes: the hub takes ${this.#maxBytes}`)
        const isCongested = this.#connection.bufferedBytes > volatileMaxBytes
        const isSent = !isCongested && this.#connection.send(frame)
        if (!isSent) this.#stats.note('dropped', { channel: frame[1], name: frame[2] })
        return isSent
      },
      lost: (name, reason) => this.#subscriptions.lost(name, reason),
      report: this.#report,
    }
  }

  readonly #report: ErrorHandler = (error, context) => {
    this.#stats.note('error', { error, stage: context.stage })
    this.#onError(error, context)
  }
}

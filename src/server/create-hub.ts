import { memory } from '../broadcasters/memory.ts'
import { checkRegistry } from '../registry/check-registry.ts'
import type { ChannelKey, ParamsArgs } from '../registry/infer.ts'
import { type AnyRegistry, channelName, definitionOf } from '../registry/registry.ts'
import { withDefaults } from '../shared/defaults.ts'
import type { Undo } from '../shared/disposer.ts'
import { SyncError, toSyncError } from '../shared/errors.ts'
import { randomMark } from '../shared/random.ts'
import { guardHandler } from '../shared/report.ts'
import { Attendance } from './attendance.ts'
import { type ChannelParts, type HubChannel, ServerChannel } from './channel.ts'
import { withDeadlines } from './deadlines.ts'
import { Diagnostics, type HubDiagnosticListener } from './diagnostics.ts'
import { Directory } from './directory.ts'
import { fanOut, tellGap } from './fan-out.ts'
import { type AnyHandlers, type ChannelHandlers, checkHandlers } from './handlers.ts'
import type { HubHealth } from './health.ts'
import { Histories } from './history.ts'
import { describe, type HubSession, type SessionChoice } from './hub-session.ts'
import { Memberships } from './memberships.ts'
import { Messages } from './messages.ts'
import {
  type ConnectRequest,
  checkSettings,
  type HubOptions,
  type HubSettings,
  type HubUser,
  hubDefaults,
} from './options.ts'
import { Presence, type PresenceList } from './presence.ts'
import { Publications } from './publications.ts'
import { reporter, thrownAtApp } from './refusals.ts'
import type { Refusal } from './request.ts'
import { Requests } from './requests.ts'
import { Rooms, type RoomsParts } from './rooms.ts'
import { Served } from './served.ts'
import type { SessionSocket } from './session.ts'
import { type SessionHandlers, Sessions } from './sessions.ts'
import { allPublished, type HubUsers } from './users.ts'

/** The server's half: sessions, channels, and the log behind them. */
export interface Hub<R extends AnyRegistry, User extends HubUser = HubUser> {
  readonly registry: R
  /** What the hub runs with: the options, and the defaults for the rest. */
  readonly settings: HubSettings
  /** How many connections there are. */
  readonly connections: number
  /** Whether new connections are let in: not while the hub is full, drained or closed. */
  readonly isTakingSessions: boolean
  /**
   * Opens a channel to clients; one that is not served is refused. Throws `bad_options` when it is served
   * already, `unknown_channel` for a key that the registry lacks.
   */
  serve<K extends ChannelKey<R>>(key: K, handlers: ChannelHandlers<R, K, User>): void
  /** A handle of a channel. Throws `unknown_channel` or `bad_channel`. */
  channel<K extends ChannelKey<R>>(key: K, ...params: ParamsArgs<R, K>): HubChannel<R, K>
  /** These users, by their ids, for what each is to hear on a channel of their own. */
  users(ids: Iterable<string | number>): HubUsers<R>
  /** The client with this public id, if it is connected to this node. */
  session(id: string): HubSession<User> | undefined
  /** Sends clients away for good, with close code 4503: all of a user, or one. Returns how many were connected to this node. */
  disconnect(which: SessionChoice): number
  /** Hears of everything that happens. */
  onDiagnostic(listener: HubDiagnosticListener): Undo
  /** How the hub is, for a load balancer: `healthHandler` answers with it. */
  health(): HubHealth
  /** Takes a connection of any transport in. `attachWebSocket` calls it; so does whoever writes a transport. */
  accept(socket: SessionSocket, request: ConnectRequest): SessionHandlers
  /** Takes down that a transport has refused a connection. */
  refused(request: ConnectRequest, refusal: Refusal): void
  /**
   * Takes no more connections, and tells each client to come back, elsewhere, at a random moment within `overMs` milliseconds (a whole
   * number from 0, default 10,000). Resolves when all have gone; who is left 5 s after that is closed with 4000. Rejects with `bad_options`.
   */
  drain(options?: { readonly overMs?: number }): Promise<void>
  /**
   * Reads nothing more from clients and takes no more of them, waits up to `withinMs` milliseconds (a number from 0, default 5,000) for the handlers and publications
   * that are under way, so that they are answered, then ends all sessions with close code 1001, so that they come back, and the broadcaster if the hub made
   * it. Rejects with `bad_options`.
   */
  close(options?: { readonly withinMs?: number }): Promise<void>
}

/** A hub for the channels of `registry`. Attach it to a server with `attachWebSocket`. Throws `bad_registry`, `bad_options`. */
export function createHub<R extends AnyRegistry, User extends HubUser = HubUser>(
  registry: R,
  options: HubOptions<User> = {},
): Hub<R, User> {
  return new WiredHub<R, User>(registry, options)
}

/** How long after their last moment clients may still be there, in milliseconds: some do not know `bye`, or are frozen. */
const drainGraceMs = 5_000

/** Constructs the parts and joins them; decides nothing. */
class WiredHub<R extends AnyRegistry, User extends HubUser> implements Hub<R, User> {
  readonly registry: R
  readonly settings: HubSettings
  readonly #ownsBroadcaster: boolean
  readonly #diagnostics: Diagnostics
  readonly #directory = new Directory()
  readonly #presence: Presence
  readonly #rooms: Rooms
  readonly #served: Served
  readonly #channelParts: ChannelParts
  readonly #sessions: Sessions

  constructor(registry: R, { authenticate, broadcaster: given, ...rest }: HubOptions<User>) {
    checkRegistry(registry)
    this.registry = registry
    const checked = withDefaults(hubDefaults, rest)
    checkSettings(checked)
    const onError = guardHandler(checked.onError)
    const diagnostics = new Diagnostics(checked.clock.now, (error) => {
      onError(toSyncError(error, 'listener_failed'), { stage: 'listener' })
    })
    const settings = { ...checked, onError: withNote(onError, diagnostics) }
    // Its own is in this very process, and cannot be late.
    const broadcaster = given ? withDeadlines(given, settings) : memory(settings)
    const served = new Served(registry, settings)
    const rooms = new Rooms({
      broadcaster,
      settings,
      ...deliveries(diagnostics, settings),
      unheld: (name) => presence.unheld(name),
    })
    const presence: Presence = new Presence({ settings, diagnostics, roomOf: (name) => rooms.get(name) })
    const report = reporter(settings, diagnostics)
    const common = { registry, settings, served, rooms, broadcaster, presence, diagnostics, report }
    const memberships = new Memberships(common)
    const frames = {
      memberships,
      publications: new Publications(common),
      requests: new Requests({ ...common, owner: randomMark(settings.random, 12) }),
      messages: new Messages(common),
      attendance: new Attendance(common),
      histories: new Histories(common),
    }
    this.settings = settings
    this.#ownsBroadcaster = given === undefined
    this.#diagnostics = diagnostics
    this.#served = served
    this.#presence = presence
    this.#rooms = rooms
    this.#channelParts = common
    const directory = this.#directory
    this.#sessions = new Sessions({ ...common, authenticate, directory, memberships, frames })
  }

  get connections(): number {
    return this.#sessions.count
  }

  get isTakingSessions(): boolean {
    return this.#sessions.status === 'ok'
  }

  serve<K extends ChannelKey<R>>(key: K, handlers: ChannelHandlers<R, K, User>): void {
    const { spec } = definitionOf(this.registry, key)
    checkHandlers(key, spec, handlers as unknown as AnyHandlers)
    this.#served.add(key, handlers as unknown as AnyHandlers)
  }

  channel<K extends ChannelKey<R>>(key: K, ...params: ParamsArgs<R, K>): HubChannel<R, K> {
    const channel = this.#channel(key, channelName(this.registry, key, ...params))
    const handle: HubChannel<AnyRegistry, string> = {
      name: channel.name,
      publish: (event, data, options) => channel.publish({ event, data, options }).catch(thrownAtApp),
      tell: (message, data, options) => {
        try {
          return channel.tell(message, data, options)
        } catch (error) {
          return thrownAtApp(error)
        }
      },
      position: () => channel.position().catch(thrownAtApp),
      history: (query) =>
        channel.history(query).catch(thrownAtApp) as ReturnType<HubChannel<AnyRegistry, string>['history']>,
      presence: () => channel.presence() as Promise<PresenceList<never>>,
      count: () => channel.count(),
    }
    return handle as unknown as HubChannel<R, K>
  }

  users(ids: Iterable<string | number>): HubUsers<R> {
    const users = [...new Set(Array.from(ids, String))]
    return {
      publish: (key, event, ...[data, options]) => {
        const channels = users.map((user) => this.#channel(key, channelName(this.registry, key, { user })))
        const publications = channels.map((channel) => channel.publish({ event, data, options }))
        return allPublished(publications, this.settings.onError).catch(thrownAtApp)
      },
    }
  }

  session(id: string): HubSession<User> | undefined {
    const session = this.#directory.get(id)
    return session && describe<User>(session)
  }

  disconnect(which: SessionChoice): number {
    const sessions = this.#directory.chosen(which)
    if ('user' in which) this.#directory.sendAway(String(which.user))
    for (const session of sessions) session.close(4503, 'sent away')
    if ('user' in which) this.#presence.sentAway(String(which.user))
    return sessions.length
  }

  onDiagnostic(listener: HubDiagnosticListener): Undo {
    return this.#diagnostics.on(listener)
  }

  health(): HubHealth {
    return { status: this.#sessions.status, connections: this.connections }
  }

  accept(socket: SessionSocket, request: ConnectRequest): SessionHandlers {
    return this.#sessions.accept(socket, request)
  }

  refused(request: ConnectRequest, { status }: Refusal): void {
    this.#diagnostics.noteRefusedUpgrade(request, status)
  }

  async drain({ overMs = 10_000 }: { readonly overMs?: number } = {}): Promise<void> {
    // A client refuses a `bye` with any other number.
    if (!Number.isSafeInteger(overMs) || overMs < 0)
      throw new SyncError('bad_options', `"overMs" is ${overMs}: give a whole number from 0`)
    await this.#sessions.drain(overMs, drainGraceMs)
  }

  async close({ withinMs = 5_000 }: { readonly withinMs?: number } = {}): Promise<void> {
    if (!(withinMs >= 0))
      throw new SyncError('bad_options', `"withinMs" is ${withinMs}: give a number from 0`)
    const settling = this.#sessions.settle(withinMs)
    if (settling) await settling
    this.#sessions.close()
    this.#presence.close()
    this.#rooms.close()
    if (this.#ownsBroadcaster) await this.#channelParts.broadcaster.close()
  }

  #channel(key: string, name: string): ServerChannel {
    return new ServerChannel(name, definitionOf(this.registry, key), this.#channelParts)
  }
}

/** What rooms do with what they hear of their logs. */
function deliveries(
  diagnostics: Diagnostics,
  { clock, onError }: HubSettings,
): Pick<RoomsParts, 'deliver' | 'lost' | 'failed'> {
  return {
    deliver: (room, entry) => {
      fanOut(room, entry, clock.now())
      if (!diagnostics.isHeard) return
      diagnostics.note('deliver', { channel: room.name, offset: entry.offset, sessions: room.sessions.size })
    },
    lost: (room, reason) => {
      tellGap(room, reason)
      diagnostics.note('gap', { channel: room.name, reason, sessions: room.sessions.size })
    },
    failed: ({ name }, error) => onError(error, { stage: 'deliver', channel: name }),
  }
}

/** What `onError` hears of, whoever listens to diagnostics hears of, too. */
function withNote(onError: HubSettings['onError'], diagnostics: Diagnostics): HubSettings['onError'] {
  return (error, context) => {
    const { stage, channel, client } = context
    diagnostics.note('error', { code: error.code, stage, channel, client })
    onError(error, context)
  }
}

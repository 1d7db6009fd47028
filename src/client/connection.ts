import { closeReason, isFatalClose } from '../protocol/close-codes.ts'
import type { ClientFrame, HubFrame, WelcomeOptions } from '../protocol/frames.ts'
import { hubShapes } from '../protocol/hub-shapes.ts'
import { parseFrames } from '../protocol/parse.ts'
import { subprotocol } from '../protocol/version.ts'
import { type BackoffOptions, backoffMs } from '../shared/backoff.ts'
import type { Clock } from '../shared/clock.ts'
import { Disposer } from '../shared/disposer.ts'
import { SyncError, type SyncErrorCode, toSyncError } from '../shared/errors.ts'
import { createMachine } from '../shared/machine.ts'
import type { Random } from '../shared/random.ts'
import { type ConnectionState, type LinkState, linkStates, shownState } from './connection-states.ts'
import { type Heartbeat, watchSilence } from './heartbeat.ts'
import type { Socket, SocketFactory } from './socket.ts'

/** What people see of a connection. A new object at every change. */
export interface ConnectionStatus {
  readonly state: ConnectionState
  /** The number of the present or the coming attempt since the connection was last stable; 0 for the very first. */
  readonly attempt: number
  /** When the next attempt starts, in milliseconds since 1970; only while waiting for it. */
  readonly nextAttemptAt: number | undefined
  /** Why the last attempt or connection ended, until one succeeds. */
  readonly cause: SyncError | undefined
}

export interface ConnectionSettings {
  /** The absolute address, asked at each attempt. Throws `bad_options`. */
  readonly url: () => string
  readonly auth?: (() => string | Promise<string>) | undefined
  /** The first frame of every connection. */
  readonly hello: (token: string | undefined) => ClientFrame
  readonly backoff?: BackoffOptions
  readonly connectTimeoutMs: number
  readonly stableAfterMs: number
  readonly clock: Clock
  readonly random: Random
  readonly socket: SocketFactory
}

/** What a connection tells its right-hand neighbour. */
export interface ConnectionListener {
  online(welcome: WelcomeOptions): void
  offline(): void
  received(frame: HubFrame): void
  changed(status: ConnectionStatus): void
  /** The hub sent something unreadable (`frame`), or the connection gave up or has no token (`connect`). */
  failed(error: SyncError, stage: 'frame' | 'connect'): void
}

/** Keeps one socket at a time open to the hub: token, handshake, silence, and coming back. */
export class Connection {
  readonly #settings: ConnectionSettings
  readonly #listener: ConnectionListener
  readonly #machine = createMachine(linkStates, 'idle', (to, from) => this.#moved(to, from))
  /** Everything that the present attempt has started; dies with it. */
  #scope = new Disposer()
  #socket: Socket | undefined
  #heartbeat: Heartbeat | undefined
  #token: string | undefined
  #attempt = 0
  #cause: SyncError | undefined
  #nextAttemptAt: number | undefined
  #status = this.#look()

  constructor(settings: ConnectionSettings, listener: ConnectionListener) {
    this.#settings = settings
    this.#listener = listener
  }

  get status(): ConnectionStatus {
    return this.#status
  }

  get isOnline(): boolean {
    return this.#machine.state === 'online'
  }

  /** Connects if it never has. */
  need(): void {
    this.#machine.send('needed')
  }

  /** Connects now: for the first time, instead of waiting further, or after having given up. */
  open(): void {
    this.#machine.send('open')
  }

  /** Hands a frame to the transport; `false` when there is none to hand it to. */
  send(frame: ClientFrame): boolean {
    if (!this.isOnline) return false
    this.#socket?.send(JSON.stringify(frame))
    return true
  }

  /** Ends it for good. Leaves no timer and no socket. */
  close(): void {
    this.#cause = undefined
    this.#machine.send('close')
  }

  #moved(to: LinkState, from: LinkState): void {
    if (to === 'waiting' || to === 'failed' || to === 'closed' || to === 'authorizing') {
      this.#scope.dispose()
      this.#scope = new Disposer()
    }
    if (from === 'failed' || to === 'closed') this.#attempt = 0
    this.#nextAttemptAt = undefined
    if (to === 'waiting') this.#wait()
    this.#show()
    if (from === 'online') this.#listener.offline()
    // A listener may have moved it on; what follows belongs to the state that it is in now.
    if (this.#machine.state !== to) return
    if (to === 'authorizing') this.#authorize()
    else if (to === 'connecting') this.#connect()
    else if (to === 'failed') this.#listener.failed(this.#cause!, 'connect')
  }

  #wait(): void {
    const { backoff, clock, random } = this.#settings
    const delayMs = backoffMs(++this.#attempt, random, backoff)
    this.#nextAttemptAt = clock.now() + delayMs
    this.#scope.own(clock.after(delayMs, () => this.open()))
  }

  #show(): void {
    const now = this.#look()
    const keys = Object.keys(now) as (keyof ConnectionStatus)[]
    // Steps that people do not see are no change to them.
    if (keys.every((key) => now[key] === this.#status[key])) return
    this.#status = now
    this.#listener.changed(now)
  }

  #look(): ConnectionStatus {
    return {
      state: shownState(this.#machine.state),
      attempt: this.#attempt,
      nextAttemptAt: this.#nextAttemptAt,
      cause: this.#cause,
    }
  }

  #authorize(): void {
    const { auth, clock, connectTimeoutMs } = this.#settings
    const scope = this.#scope
    const overdue = () => {
      if (!this.isOnline) this.#lose('connect_timeout', `No welcome in ${connectTimeoutMs} ms`)
    }
    scope.own(clock.after(connectTimeoutMs, overdue))
    if (!auth) {
      this.#machine.send('authorized')
      return
    }
    new Promise<string>((resolve) => resolve(auth())).then(
      (token) => {
        if (scope.disposed) return
        this.#token = token
        this.#machine.send('authorized')
      },
      (error) => {
        if (scope.disposed) return
        const failure = toSyncError(error, 'auth_failed')
        this.#listener.failed(failure, 'connect')
        this.#end(failure, 'lost')
      },
    )
  }

  #connect(): void {
    const { url, socket, hello } = this.#settings
    const scope = this.#scope
    try {
      const opened = socket(
        { url: url(), protocol: subprotocol },
        {
          opened: (protocol) => {
            if (protocol !== subprotocol) {
              this.#end(new SyncError('unsupported', `The server does not speak ${subprotocol}`), 'refused')
            } else if (this.#machine.send('opened')) opened.send(JSON.stringify(hello(this.#token)))
          },
          received: (message) => this.#read(message, scope),
          closed: (code, reason) => this.#closedByHub(code, reason),
        },
      )
      this.#socket = opened
      scope.own(() => {
        this.#socket = undefined
        opened.close()
      })
    } catch (error) {
      // Only an address or a subprotocol that the platform will never take throws here.
      this.#end(toSyncError(error, 'bad_options'), 'refused')
    }
  }

  #read(message: string, scope: Disposer): void {
    this.#heartbeat?.heard()
    const parsed = parseFrames<HubFrame>(message, hubShapes)
    if (!parsed.ok) {
      this.#listener.failed(parsed.error, 'frame')
      this.#end(parsed.error, 'lost')
      return
    }
    for (const frame of parsed.frames) {
      // What one frame set off may have ended this connection; the rest of its message is void then.
      if (scope.disposed) return
      if (frame[0] === 'welcome') this.#welcomed(frame[1])
      else if (frame[0] === 'ping') this.send(frame[1] === undefined ? ['pong'] : ['pong', frame[1]])
      else if (this.isOnline) this.#listener.received(frame)
    }
  }

  #welcomed(welcome: WelcomeOptions): void {
    const { clock, stableAfterMs } = this.#settings
    const scope = this.#scope
    this.#cause = undefined
    if (!this.#machine.send('welcomed') || scope.disposed) return
    const limitMs = welcome.pingMs + welcome.pongMs
    const heartbeat = watchSilence(clock, limitMs, () => {
      this.#lose('ping_timeout', `Nothing heard for ${limitMs} ms`)
    })
    this.#heartbeat = heartbeat
    scope.own(heartbeat.stop)
    const stable = () => {
      this.#attempt = 0
      this.#show()
    }
    if (this.#attempt > 0) scope.own(clock.after(stableAfterMs, stable))
    this.#listener.online(welcome)
  }

  #closedByHub(code: number, reason: string): void {
    const isRefused = this.#machine.state === 'connecting'
    // A code of a later version passes as it is.
    const name = (isRefused ? 'connect_failed' : closeReason(code, reason)) as SyncErrorCode
    this.#end(new SyncError(name, `Closed with ${code} ${reason}`), isFatalClose(code) ? 'refused' : 'lost')
  }

  #lose(code: 'connect_timeout' | 'ping_timeout', message: string): void {
    this.#end(new SyncError(code, message), 'lost')
  }

  #end(cause: SyncError, event: 'lost' | 'refused'): void {
    this.#cause = cause
    this.#machine.send(event)
  }
}

import { closeReason, isFatalClose } from '../protocol/close-codes.ts'
import type { ByeFrame, ClientFrame, HubFrame, WelcomeOptions } from '../protocol/frames.ts'
import { hubShapes } from '../protocol/hub-shapes.ts'
import { parseFrames } from '../protocol/parse.ts'
import { subprotocol } from '../protocol/version.ts'
import { backoffDefaults } from '../shared/backoff.ts'
import { Disposer, type Undo } from '../shared/disposer.ts'
import { SyncError, type SyncErrorCode, toSyncError } from '../shared/errors.ts'
import { createMachine } from '../shared/machine.ts'
import type { ConnectionListener, ConnectionSettings } from './connection-settings.ts'
import { type ConnectionStatus, type LinkState, linkStates, shownState } from './connection-states.ts'
import { type Heartbeat, watchSilence } from './heartbeat.ts'
import { Retry } from './retry.ts'
import { watchSignals } from './signals.ts'
import type { Socket } from './socket.ts'

/** Keeps one socket at a time open to the hub: token, handshake, silence, and coming back. */
export class Connection {
  readonly #settings: ConnectionSettings
  readonly #listener: ConnectionListener
  readonly #machine
  /** Everything that the present attempt has started; dies with it. */
  #scope = new Disposer()
  readonly #retry: Retry
  /** The signals that are followed, from the first attempt on. */
  #signals: Disposer | undefined
  #socket: Socket | undefined
  #heartbeat: Heartbeat | undefined
  #token: string | undefined
  #welcome: WelcomeOptions | undefined
  /** Whether the last token was refused, and a fresh one may help. */
  #isTokenRefused = false
  #echo = 0
  /** When the hello, or the ping with that echo, was sent, until it is answered. */
  #askedAt: number | undefined
  /** Cancels the leaving that a hub has asked for. */
  #stay: Undo | undefined
  #cause: SyncError | undefined
  #nextAttemptAt: number | undefined
  #status: ConnectionStatus

  constructor(settings: ConnectionSettings, listener: ConnectionListener) {
    this.#settings = settings
    this.#listener = listener
    this.#retry = new Retry(settings)
    this.#machine = createMachine(linkStates, settings.enabled ? 'idle' : 'off', (to, from) =>
      this.#moved(to, from),
    )
    this.#status = this.#look()
  }

  get status(): ConnectionStatus {
    return this.#status
  }

  get isOnline(): boolean {
    return this.#machine.state === 'online'
  }

  get isOff(): boolean {
    return this.#machine.state === 'off'
  }

  /** How much waits in the transport, in bytes. */
  get bufferedBytes(): number {
    return this.#socket?.bufferedBytes ?? 0
  }

  /** Connects if it never has. */
  need(): void {
    this.#machine.send('needed')
  }

  /** Connects now: for the first time, instead of waiting further, or after having given up. */
  open(): void {
    this.#machine.send('open')
  }

  /** Lets go of the connection until it is opened again. */
  disconnect(): void {
    this.#stop('disconnect')
  }

  /** Ends it for good. Leaves no timer, no listener and no socket. */
  close(): void {
    this.#stop('close')
  }

  /** Hands a frame to the transport; `false` when there is none to hand it to. */
  send(frame: ClientFrame): boolean {
    if (!this.isOnline) return false
    this.#write(frame)
    return true
  }

  #write(frame: ClientFrame): void {
    try {
      this.#socket?.send(JSON.stringify(frame))
    } catch (error) {
      this.#end(toSyncError(error, 'connection_lost'))
      return
    }
    this.#listener.note('frame', { direction: 'out', frame: frame[0] })
  }

  #stop(event: 'disconnect' | 'close'): void {
    this.#cause = undefined
    this.#machine.send(event)
  }

  #moved(to: LinkState, from: LinkState): void {
    this.#nextAttemptAt = undefined
    // All but the steps of an attempt end what the last one has left.
    if (to !== 'connecting' && to !== 'greeting' && to !== 'online') {
      this.#scope.dispose()
      this.#scope = new Disposer()
    }
    const scope = this.#scope
    if (from === 'failed' || to === 'off' || to === 'closed') {
      this.#retry.reset()
      this.#isTokenRefused = false
    }
    if (to === 'off' || to === 'closed' || to === 'failed') {
      this.#signals?.dispose()
      this.#signals = undefined
    } else if (to === 'waiting' || to === 'paused') this.#wait(to === 'paused')
    // What waits goes out before the app hears that it is connected, and may send more.
    if (from === 'online') this.#listener.offline()
    else if (to === 'online') this.#listener.online(this.#welcome!)
    this.#show()
    // A listener may have moved it on; what follows belongs to the state that it is in now.
    if (this.#machine.state !== to || this.#scope !== scope) return
    if (to === 'authorizing') this.#authorize()
    else if (to === 'connecting') this.#connect()
    else if (to === 'failed') this.#listener.failed(this.#cause!, 'connect')
  }

  #wait(isPaused: boolean): void {
    const { clock } = this.#settings
    const scope = this.#scope
    let delayMs = backoffDefaults.maxMs
    try {
      delayMs = this.#retry.delayMs(isPaused, clock.now())
    } catch (error) {
      this.#listener.failed(toSyncError(error, 'listener_failed'), 'connect')
    }
    // The app's own delay, or its handler of errors, may have ended all this.
    if (scope.disposed) return
    this.#nextAttemptAt = clock.now() + delayMs
    this.#scope.own(clock.after(delayMs, () => this.#machine.send('retry')))
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
      attempt: this.#retry.attempt,
      nextAttemptAt: this.#nextAttemptAt,
      cause: this.#cause,
    }
  }

  /** Follows the network and the page, once there is something to connect. */
  #watch(): void {
    const doubt = () => this.#heartbeat?.probe()
    const signals = new Disposer()
    // Held before they are followed: one that speaks at once may make the app close this.
    this.#signals = signals
    const wake = () => {
      doubt()
      this.#machine.send('retry')
    }
    const freeze = () => this.#machine.send('freeze')
    try {
      signals.own(watchSignals(this.#settings.signals, { doubt, wake, freeze }))
    } catch (error) {
      this.#listener.failed(toSyncError(error, 'listener_failed'), 'connect')
    }
  }

  #authorize(): void {
    const { auth, clock, connectTimeoutMs } = this.#settings
    const scope = this.#scope
    if (!this.#signals) this.#watch()
    if (scope.disposed) return
    this.#retry.begin()
    this.#listener.note('attempt', { attempt: this.#retry.attempt })
    if (scope.disposed) return
    const overdue = () => {
      if (!this.isOnline) this.#lose('connect_timeout', `No welcome in ${connectTimeoutMs} ms`)
    }
    scope.own(clock.after(connectTimeoutMs, overdue))
    if (!auth) {
      this.#machine.send('authorized')
      return
    }
    const abort = new AbortController()
    scope.own(() => abort.abort())
    new Promise<string>((resolve) =>
      resolve(auth({ signal: abort.signal, refused: this.#isTokenRefused })),
    ).then(
      (token) => {
        if (scope.disposed) return
        this.#token = token
        this.#machine.send('authorized')
      },
      (error) => {
        if (scope.disposed) return
        const failure = toSyncError(error, 'auth_failed')
        this.#listener.failed(failure, 'connect')
        if (!scope.disposed) this.#end(failure)
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
              this.#end(new SyncError('unsupported', `The server does not speak ${subprotocol}`), true)
            } else if (this.#machine.send('opened')) {
              this.#askedAt = this.#settings.clock.now()
              this.#write(hello(this.#token))
            }
          },
          received: (message) => this.#read(message, scope),
          closed: (code, reason) => {
            if (!scope.disposed) this.#closedByHub(code, reason)
          },
        },
      )
      this.#socket = opened
      scope.own(() => {
        this.#stay?.()
        this.#socket = this.#heartbeat = this.#askedAt = undefined
        opened.close()
      })
    } catch (error) {
      // Only an address or a subprotocol that the platform will never take throws here.
      this.#end(toSyncError(error, 'bad_options'), true)
    }
  }

  #read(message: string, scope: Disposer): void {
    this.#heartbeat?.heard()
    const parsed = parseFrames<HubFrame>(message, hubShapes)
    if (!parsed.ok) {
      this.#listener.failed(parsed.error, 'frame')
      if (!scope.disposed) this.#end(parsed.error)
      return
    }
    for (const frame of parsed.frames) {
      this.#listener.note('frame', { direction: 'in', frame: frame[0] })
      // What one frame set off may have ended this connection; the rest of its message is void then.
      if (scope.disposed) return
      if (frame[0] === 'welcome') this.#welcomed(frame[1])
      else if (this.isOnline) this.#receive(frame)
    }
  }

  #receive(frame: HubFrame): void {
    if (frame[0] === 'ping') {
      this.#write(frame[1] === undefined ? ['pong'] : ['pong', frame[1]])
      // Nothing else crosses a quiet line, and the answer tells how long the way is.
      this.#ping()
    } else if (frame[0] === 'pong') {
      const [, echo, time] = frame
      if (this.#askedAt === undefined || echo !== this.#echo) return
      const ms = this.#settings.clock.now() - this.#askedAt
      this.#measure(time)
      this.#listener.note('roundTrip', { ms })
    } else if (frame[0] === 'bye') this.#leave(frame)
    else this.#listener.received(frame)
  }

  #ping(): void {
    // Whoever heard of the frame before it may have ended this connection.
    if (!this.isOnline) return
    this.#askedAt = this.#settings.clock.now()
    this.#write(['ping', ++this.#echo])
  }

  #measure(time: number | undefined): void {
    const sentAt = this.#askedAt!
    this.#askedAt = undefined
    if (time !== undefined) this.#listener.measured(sentAt, time)
  }

  /** The hub is about to stop: stays until a moment of its window, and comes back then. */
  #leave([, code, { message = 'The hub is about to stop', afterMs }]: ByeFrame): void {
    const { clock } = this.#settings
    if (!afterMs) return
    const go = () => this.#end(new SyncError(code as SyncErrorCode, message))
    this.#stay?.()
    this.#stay = clock.after(this.#retry.promise(afterMs, clock.now()), go)
  }

  #welcomed(welcome: WelcomeOptions): void {
    const { clock, stableAfterMs, probeTimeoutMs, heartbeatMs } = this.#settings
    const scope = this.#scope
    if (this.#machine.state !== 'greeting') return
    this.#welcome = welcome
    this.#measure(welcome.time)
    this.#cause = undefined
    this.#isTokenRefused = false
    this.#heartbeat = watchSilence({
      clock,
      limitMs: welcome.pingMs + welcome.pongMs,
      probeTimeoutMs,
      heartbeatMs,
      ping: () => this.#ping(),
      onSilence: (silentMs) => this.#lose('ping_timeout', `Nothing heard for ${silentMs} ms`),
    })
    scope.own(this.#heartbeat.stop)
    const stable = () => {
      this.#retry.reset()
      this.#show()
    }
    if (this.#retry.attempt > 0) scope.own(clock.after(stableAfterMs, stable))
    this.#machine.send('welcomed')
  }

  #closedByHub(code: number, reason: string): void {
    const isRefused = this.#machine.state === 'connecting'
    // A code of a later version passes as it is.
    const name = (isRefused ? 'connect_failed' : closeReason(code, reason)) as SyncErrorCode
    const isTokenBad = name === 'unauthorized' || name === 'token_expired'
    const mayAskAgain = isTokenBad && !!this.#settings.auth && !this.#isTokenRefused
    this.#isTokenRefused ||= isTokenBad
    this.#end(new SyncError(name, `Closed with ${code} ${reason}`), isFatalClose(code) && !mayAskAgain)
  }

  #lose(code: 'connect_timeout' | 'ping_timeout', message: string): void {
    this.#end(new SyncError(code, message))
  }

  /** The attempt or the connection is over. */
  #end(cause: SyncError, isFinal = false): void {
    const { attempt } = this.#retry
    const verdict = this.#retry.failed(this.isOnline)
    this.#cause = cause
    if (this.#machine.send(isFinal ? 'refused' : verdict)) {
      this.#listener.note('lost', { cause, attempt, nextAttemptAt: this.#nextAttemptAt })
    }
  }
}

import { SyncError } from '../shared/errors.ts'
import type { HubSettings } from './options.ts'
import type { Session } from './session.ts'
import { TimerWheel } from './wheel.ts'

/**
 * Watches all sessions of a hub by one timer. One that is not ready in time is ended. A ready session's link is kept from going
 * silent: the hub pings when, for an interval of at most `pingMs`, either nothing came from the client or nothing went to it,
 * and ends it when a silent client does not answer within `pongMs`.
 */
export class Heartbeat {
  readonly #settings: HubSettings
  readonly #wheel: TimerWheel<Session>
  readonly #tickMs: number

  constructor(settings: HubSettings) {
    this.#settings = settings
    const { clock, pingMs, pongMs, handshakeTimeoutMs } = settings
    // A hundredth of a ping's time is exact enough, and rare enough to cost nothing.
    this.#tickMs = Math.max(1, Math.floor(Math.min(pingMs, pongMs, handshakeTimeoutMs, 25_000) / 100))
    this.#wheel = new TimerWheel({
      clock,
      tickMs: this.#tickMs,
      expired: (session) => this.#expired(session),
    })
  }

  /** Gives a new session its time to become ready. */
  awaitHello(session: Session): void {
    const { handshakeTimeoutMs } = this.#settings
    if (Number.isFinite(handshakeTimeoutMs)) this.#wheel.schedule(session, handshakeTimeoutMs)
  }

  /** Begins to watch the link of a session that is ready now. */
  start(session: Session): void {
    const { pingMs, random } = this.#settings
    // Drawn for each session, so that those that came, or were told something, together are not pinged together.
    session.intervalMs = Math.floor(pingMs * (0.75 + random() / 4))
    session.askedAt = undefined
    this.#look(session)
  }

  /** Watches no longer. */
  stop(session: Session): void {
    this.#wheel.cancel(session)
  }

  #expired(session: Session): void {
    const { handshakeTimeoutMs, pongMs } = this.#settings
    const { state } = session.machine
    if (state === 'authenticating') this.#giveUp(session)
    else if (state !== 'ready') session.close(4006, `no hello in ${handshakeTimeoutMs} ms`)
    else if (session.askedAt === session.heardAt) session.close(4001, `no answer to a ping in ${pongMs} ms`)
    else this.#look(session)
  }

  /** It has said hello: that the app does not come to an end is not its fault. */
  #giveUp(session: Session): void {
    const { handshakeTimeoutMs, onError } = this.#settings
    const why = `it was not decided in ${handshakeTimeoutMs} ms who this is`
    onError(new SyncError('handshake_timeout', why), { stage: 'authenticate', client: session.id })
    session.close(4006, why)
  }

  #look(session: Session): void {
    const now = this.#settings.clock.now()
    const { heardAt, toldAt, intervalMs } = session
    // One that lies ahead is from before the wall clock was set back, and proves nothing.
    const isQuiet = (since: number) => since > now || since + intervalMs - this.#tickMs <= now
    const isSilent = isQuiet(heardAt)
    session.askedAt = isSilent ? heardAt : undefined
    if (isSilent || isQuiet(toldAt)) session.send(['ping'])
    // The ping may have been one too many.
    if (session.machine.state === 'closed') return
    if (isSilent) this.#wheel.schedule(session, this.#settings.pongMs)
    else {
      // A tick earlier: it may expire a tick late, and the client counts on `pingMs`.
      const quietAt = Math.min(heardAt, session.toldAt) + intervalMs
      this.#wheel.schedule(session, Math.max(1, quietAt - now - this.#tickMs))
    }
  }
}

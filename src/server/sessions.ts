import { clientShapes } from '../protocol/client-shapes.ts'
import { isFatalClose } from '../protocol/close-codes.ts'
import type { ClientFrame } from '../protocol/frames.ts'
import { hostility } from '../protocol/hostile.ts'
import { type Parsed, parseFrames } from '../protocol/parse.ts'
import { SyncError } from '../shared/errors.ts'
import type { Diagnostics } from './diagnostics.ts'
import { dispatchFrame, type FrameParts } from './dispatch.ts'
import { type HandshakeParts, shakeHands } from './handshake.ts'
import type { HubStatus } from './health.ts'
import { Heartbeat } from './heartbeat.ts'
import type { Memberships } from './memberships.ts'
import type { ConnectRequest } from './options.ts'
import type { Presence } from './presence.ts'
import { actorOf } from './refusals.ts'
import { Session, type SessionEnd, type SessionSocket } from './session.ts'

/** What a transport tells the hub about one of its connections. */
export interface SessionHandlers {
  /** A text message arrived. */
  received(message: string): void
  /** The transport refused, or could not read, what arrived. */
  failed(error: SyncError): void
  /** The connection is gone, with this code if there was one. Every connection that was handed in MUST end with this. */
  closed(code?: number): void
}

export interface SessionsParts extends HandshakeParts {
  readonly frames: FrameParts
  readonly memberships: Pick<Memberships, 'releaseAll'>
  readonly presence: Pick<Presence, 'lost' | 'resumed'>
  readonly diagnostics: Diagnostics
}

/** Why no more connections are taken, and what one is told that comes all the same. */
interface Away {
  readonly status: 'draining' | 'closed'
  readonly code: 1001 | 4000
  readonly reason: string
}

/** Takes connections in and reads what they send: the one place where a frame enters. */
export class Sessions {
  readonly #all = new Set<Session>()
  readonly #parts: SessionsParts
  readonly #heartbeat: Heartbeat
  /** Why no more are taken, once that is so. */
  #away: Away | undefined
  readonly #onEmpty: (() => void)[] = []
  /** How much of what clients have sent is being worked on, and who waits for the end of it. */
  #working = 0
  readonly #onIdle: (() => void)[] = []
  #isSettling = false
  #arrivals = 0

  constructor(parts: SessionsParts) {
    this.#parts = parts
    this.#heartbeat = new Heartbeat(parts.settings)
  }

  get count(): number {
    return this.#all.size
  }

  /** Whether more connections are taken (`ok`), and if not, why. */
  get status(): HubStatus {
    if (this.#away) return this.#away.status
    return this.#all.size < this.#parts.settings.maxConnections ? 'ok' : 'full'
  }

  /** Takes a new connection in; the transport must call what this returns. */
  accept(socket: SessionSocket, request: ConnectRequest): SessionHandlers {
    const session = new Session(socket, this.#parts.settings, request)
    session.onEnd = this.#ended
    session.arrival = ++this.#arrivals
    const { status } = this
    this.#all.add(session)
    if (this.#away) session.close(this.#away.code, this.#away.reason)
    else if (status === 'full') session.close(4005, 'the hub has as many connections as it takes')
    else this.#heartbeat.awaitHello(session)
    // A plain object, so that one who wraps it can spread it.
    return {
      received: (message) => this.#read(session, message),
      failed: (error) => this.#reject(session, error),
      closed: (code) => session.lost(code),
    }
  }

  /**
   * Takes no more, neither connections nor frames, and waits for what is being worked on, for so long at most: `undefined` where there is nothing. What is
   * not read any more gets no answer, and clients send it again elsewhere.
   */
  settle(withinMs: number): Promise<void> | undefined {
    this.#away = { status: 'closed', code: 1001, reason: 'the hub is closing' }
    this.#isSettling = true
    if (this.#working === 0 || withinMs === 0) return undefined
    return new Promise((resolve) => {
      const cancel = this.#parts.settings.clock.after(withinMs, resolve)
      this.#onIdle.push(() => {
        cancel()
        resolve()
      })
    })
  }

  /** Ends all sessions, and takes no more. */
  close(): void {
    void this.settle(0)
    for (const session of [...this.#all]) session.close(1001, 'the hub is closing')
  }

  /**
   * Tells each client when to come back, so that they do not all come at once, and takes no more. Resolves when all have gone; who
   * is left `graceMs` after the last moment is closed.
   */
  drain(overMs: number, graceMs: number): Promise<void> {
    const { settings, diagnostics } = this.#parts
    this.#away ??= { status: 'draining', code: 4000, reason: 'the hub is about to stop' }
    diagnostics.note('drain', { overMs, sessions: this.#all.size })
    for (const session of [...this.#all]) {
      if (session.machine.state === 'ready') session.send(['bye', 'draining', { afterMs: [0, overMs] }])
      else session.close(4000, 'the hub is about to stop')
    }
    return new Promise((resolve) => {
      const cancel = settings.clock.after(overMs + graceMs, () => {
        for (const session of [...this.#all]) session.close(4000, 'the hub stops now')
      })
      const empty = () => {
        cancel()
        resolve()
      }
      if (this.#all.size === 0) empty()
      else this.#onEmpty.push(empty)
    })
  }

  #read(session: Session, message: string): void {
    if (session.machine.state === 'closed' || this.#isSettling) return
    session.heardAt = this.#parts.settings.clock.now()
    const parsed = readMessage(message)
    if (!parsed.ok) {
      this.#reject(session, parsed.error)
      return
    }
    this.#answerUnknown(session, parsed.unknown)
    for (const frame of parsed.frames) this.#take(session, frame)
  }

  #take(session: Session, frame: ClientFrame): void {
    if (session.machine.state === 'ready' && frame[0] !== 'hello') {
      const wrong = outOfRange(frame)
      if (wrong) this.#reject(session, wrong)
      else this.#work(dispatchFrame(frame, session, this.#parts.frames))
    } else if (frame[0] === 'hello' && session.machine.send('hello')) {
      void shakeHands(session, frame[1], this.#parts)
        .then((ready) => ready && this.#begin(session, ready.resumed))
        .catch((cause) => this.#failed(session, cause))
    } else if (session.machine.state !== 'closed') {
      this.#reject(session, new SyncError('bad_frame', `"${frame[0]}" came out of turn`))
    }
  }

  #work(work: Promise<void> | undefined): void {
    if (!work) return
    this.#working++
    work.then(this.#worked, this.#worked)
  }

  /** One function for all that is worked on. */
  readonly #worked = (): void => {
    if (--this.#working === 0) for (const tell of this.#onIdle.splice(0)) tell()
  }

  #begin(session: Session, resumed: boolean): void {
    // The welcome may have been one too many.
    if (session.machine.state !== 'ready') return
    const { diagnostics, presence } = this.#parts
    this.#heartbeat.start(session)
    if (diagnostics.isHeard) diagnostics.note('connect', { ...actorOf(session), resumed })
    presence.resumed(session)
  }

  /** The handshake answers for what it knows; whatever else it meets, such as an error whose very look throws, must not end the process. */
  #failed(session: Session, cause: unknown): void {
    const error = new SyncError('internal', 'The handshake failed', { cause })
    this.#parts.settings.onError(error, { stage: 'authenticate', client: session.id })
    session.close(4003, 'the credentials could not be checked')
  }

  /** Answers each unknown type of one message once, and none before the welcome; reports the first one of a session only. */
  #answerUnknown(session: Session, types: readonly string[]): void {
    if (types.length === 0 || session.machine.state !== 'ready') return
    for (const type of new Set(types)) {
      const error = new SyncError('unknown_frame', `Frames of type "${type.slice(0, 32)}" are not known`)
      session.refuse(null, error)
      if (!session.hasSentUnknown) this.#report(session, error)
      session.hasSentUnknown = true
    }
  }

  #report(session: Session, error: SyncError): void {
    this.#parts.settings.onError(error, { stage: 'frame', client: session.id || undefined })
  }

  /** Ends a session that sent what no client sends; said once, because nothing more is read from it. */
  #reject(session: Session, error: SyncError): void {
    if (session.machine.state === 'closed') return
    this.#report(session, error)
    session.close(error.code === 'too_large' ? 4505 : 4501, error.message)
  }

  /** One function for all sessions. */
  readonly #ended = (session: Session, { code, reason }: SessionEnd): void => {
    const { memberships, directory, presence, diagnostics, settings } = this.#parts
    this.#all.delete(session)
    directory.asking.delete(session)
    this.#heartbeat.stop(session)
    memberships.releaseAll(session)
    if (session.user) {
      directory.remove(session)
      presence.lost(session, isSentAway(code))
    }
    if (diagnostics.isHeard) {
      const { id, user, since } = session
      const who = { client: user && id, user: user?.id }
      diagnostics.note('close', { ...who, code, reason, ms: settings.clock.now() - since })
    }
    if (this.#all.size === 0) for (const tell of this.#onEmpty.splice(0)) tell()
  }
}

/** Whether whoever had this close code stays away: then nobody waits for them to come back. */
function isSentAway(code: number | undefined): boolean {
  return code !== undefined && code !== 4506 && isFatalClose(code)
}

/** What has the right types and yet cannot be: numbers of publications count from 1, and `base` is one that was sent. */
function outOfRange(frame: ClientFrame): SyncError | undefined {
  if (frame[0] !== 'pub') return undefined
  const [, n, base] = frame
  if (base >= 1 && base <= n) return undefined
  return new SyncError('bad_frame', `"pub" has the number ${n} and the base ${base}`)
}

function readMessage(message: string): Parsed<ClientFrame> {
  const error = hostility(message)
  return error ? { ok: false, error } : parseFrames<ClientFrame>(message, clientShapes)
}

import { clientShapes } from '../protocol/client-shapes.ts'
import type { ClientFrame } from '../protocol/frames.ts'
import { hostility } from '../protocol/hostile.ts'
import { type Parsed, parseFrames } from '../protocol/parse.ts'
import { SyncError } from '../shared/errors.ts'
import { dispatchFrame } from './dispatch.ts'
import { type HandshakeParts, shakeHands } from './handshake.ts'
import { startHeartbeat } from './heartbeat.ts'
import type { Memberships } from './memberships.ts'
import type { ConnectRequest } from './options.ts'
import { Session, type SessionSocket } from './session.ts'

/** What a transport tells the hub about one of its connections. */
export interface SessionHandlers {
  /** A text message arrived. */
  received(message: string): void
  /** The transport refused, or could not read, what arrived. */
  failed(error: SyncError): void
  /** The connection is gone. Every connection that was handed in MUST end with this. */
  closed(): void
}

/** Takes connections in and reads what they send: the one place where a frame enters. */
export class Sessions {
  readonly #all = new Set<Session>()
  readonly #parts: HandshakeParts
  readonly #memberships: Memberships
  #isClosed = false

  constructor(parts: HandshakeParts, memberships: Memberships) {
    this.#parts = parts
    this.#memberships = memberships
  }

  get count(): number {
    return this.#all.size
  }

  /** Takes a new connection in; the transport must call what this returns. */
  accept(socket: SessionSocket, request: ConnectRequest): SessionHandlers {
    const session = new Session(socket, this.#parts.settings)
    this.#all.add(session)
    session.scope.own(() => this.#forget(session))
    if (this.#isClosed) session.close(1001, 'the hub is closed')
    else this.#awaitHello(session)
    return {
      received: (message) => this.#read(session, message, request),
      failed: (error) => this.#reject(session, error),
      closed: () => session.lost(),
    }
  }

  /** Ends all sessions, and takes no more. */
  close(): void {
    this.#isClosed = true
    for (const session of [...this.#all]) session.close(1001, 'the hub is closing')
  }

  #awaitHello(session: Session): void {
    const { clock, handshakeTimeoutMs } = this.#parts.settings
    const overdue = () => {
      if (session.machine.state !== 'ready') session.close(4006, `no hello in ${handshakeTimeoutMs} ms`)
    }
    session.scope.own(clock.after(handshakeTimeoutMs, overdue))
  }

  #read(session: Session, message: string, request: ConnectRequest): void {
    if (session.machine.state === 'closed') return
    session.heardAt = this.#parts.settings.clock.now()
    const parsed = readMessage(message)
    if (!parsed.ok) {
      this.#reject(session, parsed.error)
      return
    }
    for (const type of parsed.unknown) this.#answerUnknown(session, type)
    for (const frame of parsed.frames) this.#take(session, frame, request)
  }

  #take(session: Session, frame: ClientFrame, request: ConnectRequest): void {
    if (session.machine.state === 'ready' && frame[0] !== 'hello')
      dispatchFrame(frame, session, this.#memberships)
    else if (frame[0] === 'hello' && session.machine.send('hello')) {
      const { settings } = this.#parts
      // Every failure of the handshake ends in a closed session.
      void shakeHands({ session, hello: frame[1], request }, this.#parts).then((isReady) => {
        if (isReady) startHeartbeat(session, settings)
      })
    } else if (session.machine.state !== 'closed') {
      this.#reject(session, new SyncError('bad_frame', `"${frame[0]}" came out of turn`))
    }
  }

  /** Answers a frame of an unknown type, each time; reports the first one of a session only. */
  #answerUnknown(session: Session, type: string): void {
    const error = new SyncError('unknown_frame', `Frames of type "${type.slice(0, 32)}" are not known`)
    session.refuse(null, error)
    if (session.hasSentUnknown) return
    session.hasSentUnknown = true
    this.#report(session, error)
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

  #forget(session: Session): void {
    this.#all.delete(session)
    this.#memberships.releaseAll(session)
    if (this.#parts.sessions.get(session.id) === session) this.#parts.sessions.delete(session.id)
  }
}

function readMessage(message: string): Parsed<ClientFrame> {
  const error = hostility(message)
  return error ? { ok: false, error } : parseFrames<ClientFrame>(message, clientShapes)
}

import { type CloseCode, closeCodes } from '../protocol/close-codes.ts'
import type { ErrorDetails, HubFrame } from '../protocol/frames.ts'
import { SyncError } from '../shared/errors.ts'
import { createMachine } from '../shared/machine.ts'
import type { HeldChannel } from './memberships.ts'
import type { ConnectRequest, HubSettings, HubUser } from './options.ts'
import { sessionStates } from './session-states.ts'
import type { SharedMessage } from './shared-message.ts'
import type { WheelItem } from './wheel.ts'

/** The hub's half of one transport connection. */
export interface SessionSocket {
  /** How much of what was sent has not left yet, in bytes; what waits for the end of the tick included. */
  readonly bufferedBytes: number
  send(message: string): void
  /** Sends what others get as well; in order with `send`. Default: `send` of its text. */
  sendShared?(message: SharedMessage): void
  /** Closes with a code and a reason of at most 123 bytes, after all that was sent. */
  close(code: number, reason: string): void
  /** Ends it at once, dropping what has not left yet: for a client that does not read. Default: nothing beyond `close`. */
  terminate?(): void
}

/** How a session ended: the code that the hub closed with, or the one that the transport told, if any. */
export interface SessionEnd {
  readonly code: number | undefined
  /** For people; empty where the other side ended it. */
  readonly reason: string
}

/** One client's connection, from the hub's side. Ten thousand of them may idle: no timer is its own. */
export class Session implements WheelItem {
  readonly machine = createMachine(sessionStates, 'greeting')
  /** The public id; empty until hello. */
  id = ''
  user: HubUser | undefined
  /** The request that asked for the connection; given up with the handshake. */
  request: ConnectRequest | undefined
  /** What it holds, or has asked for, by channel name. */
  readonly held = new Map<string, HeldChannel>()
  /** Whether it has sent a frame of an unknown type. */
  hasSentUnknown = false
  /** How many of its publications, requests and other questions are being worked on. */
  pending = 0
  /** Counts the connections of a hub: which of two of one session is the newer one. */
  arrival = 0
  /** Who was sent away while it was asked who this is. */
  awayUsers: Set<string> | undefined
  /** When it came, in milliseconds since 1970. */
  readonly since: number
  /** When something last came from, and went to, the client, in milliseconds since 1970. */
  heardAt: number
  toldAt: number
  /** Where it waits on the wheel of the heartbeat, how often it is looked at, and what was last heard when it was pinged. */
  slot: number | undefined
  intervalMs = 0
  askedAt: number | undefined
  /** Hears of the end, once. */
  onEnd: (session: Session, end: SessionEnd) => void = ignore
  readonly #socket: SessionSocket
  readonly #settings: HubSettings

  constructor(socket: SessionSocket, settings: HubSettings, request?: ConnectRequest) {
    this.#socket = socket
    this.#settings = settings
    this.request = request
    this.since = this.heardAt = this.toldAt = settings.clock.now()
  }

  /**
   * Who sends: by the public id, as the secret must not reach handlers and databases, and by the user, as nobody may get the answers of another one who
   * had the session before.
   */
  get sender(): string {
    return `${this.id}:${this.user!.id}`
  }

  /** How much waits unsent for this client, in bytes. */
  get bufferedBytes(): number {
    return this.#socket.bufferedBytes
  }

  send(frame: HubFrame): void {
    this.sendText(JSON.stringify(frame))
  }

  /** Sends what is encoded already. */
  sendText(message: string): void {
    this.#hand(message, undefined, this.#settings.clock.now())
  }

  /** Sends what others get, too: it is encoded, and framed, once for all of them. Whoever sends to many asks once what time it is. */
  sendShared(message: SharedMessage, now = this.#settings.clock.now()): void {
    this.#hand(message.text, message, now)
  }

  /** Answers the request `ref` with an error. */
  refuse(ref: number | null, error: Refused, details: ErrorDetails | undefined = detailsOf(error)): void {
    const { code, message } = error
    this.send(details ? ['err', ref, code, message, details] : ['err', ref, code, message])
  }

  /** Counts what is done for the client while it lasts; begins it at once. Rejects with `overloaded` where that is too much at a time. */
  async work(run: () => Promise<void>): Promise<void> {
    if (this.pending >= this.#settings.maxPending)
      throw new SyncError('overloaded', 'Too much of this session is being worked on')
    this.pending++
    try {
      await run()
    } finally {
      this.pending--
    }
  }

  /** Ends the session; `reason` is for people. */
  close(code: CloseCode | 1001, reason: string): void {
    if (!this.machine.send('close')) return
    const name = code === 1001 ? 'going away' : closeCodes[code]
    // At most 123 bytes go into a close frame, so only what takes one byte a character is let in.
    const line = `${name}: ${reason}`.replace(/[^ -~]/g, '?').slice(0, 123)
    try {
      this.#socket.close(code, line)
      // It does not read: neither would it read this, and what it holds is needed.
      if (code === 4002) this.#socket.terminate?.()
    } catch (cause) {
      this.#report(cause)
    }
    this.#end({ code, reason })
  }

  /** The transport has gone. */
  lost(code?: number): void {
    if (this.machine.send('close')) this.#end({ code, reason: '' })
  }

  /** Not a closure for each: this is done for every subscriber of every publication. */
  #hand(text: string, shared: SharedMessage | undefined, now: number): void {
    if (this.machine.state === 'closed') return
    this.toldAt = now
    const socket = this.#socket
    let bufferedBytes: number
    try {
      if (shared && socket.sendShared) socket.sendShared(shared)
      else socket.send(text)
      bufferedBytes = socket.bufferedBytes
    } catch (cause) {
      this.#report(cause)
      this.close(4003, 'the transport failed')
      return
    }
    if (bufferedBytes > this.#settings.maxBufferedBytes) {
      this.close(4002, `more than ${this.#settings.maxBufferedBytes} bytes wait unsent`)
    }
  }

  #end(end: SessionEnd): void {
    this.request = undefined
    try {
      this.onEnd(this, end)
    } catch (cause) {
      this.#report(cause)
    }
  }

  /** A part of this session threw: it must not stop what is done for the others. */
  #report(cause: unknown): void {
    const error = new SyncError('connection_lost', 'A part of this session threw', { cause })
    this.#settings.onError(error, { stage: 'deliver', client: this.id || undefined })
  }
}

/** What a refusal tells: an error, or the like of one. */
export type Refused = Pick<SyncError, 'code' | 'message'> &
  Partial<Pick<SyncError, 'issues' | 'retryAfterMs'>>

/** What travels of an error beside its code and its line; nothing for most. */
export function detailsOf({ issues = [], retryAfterMs }: Refused): ErrorDetails | undefined {
  if (issues.length === 0 && retryAfterMs === undefined) return undefined
  return {
    ...(issues.length > 0 && { issues: [...issues] }),
    ...(retryAfterMs !== undefined && { retryAfterMs: Math.max(0, Math.round(retryAfterMs)) }),
  }
}

function ignore(): void {}

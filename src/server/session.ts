import { type CloseCode, closeCodes } from '../protocol/close-codes.ts'
import type { ErrorDetails, HubFrame } from '../protocol/frames.ts'
import { Disposer } from '../shared/disposer.ts'
import { SyncError } from '../shared/errors.ts'
import { createMachine } from '../shared/machine.ts'
import type { HubSettings, HubUser } from './options.ts'
import { sessionStates } from './session-states.ts'
import type { SharedMessage } from './shared-message.ts'

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

/** One client's connection, from the hub's side. */
export class Session {
  readonly machine = createMachine(sessionStates, 'greeting')
  /** Ends with the session; owns its timers. */
  readonly scope = new Disposer()
  /** The public id; empty until hello. */
  id = ''
  user: HubUser | undefined
  /** Whether it has sent a frame of an unknown type. */
  hasSentUnknown = false
  /** When something last came from, and went to, the client, in milliseconds since 1970. */
  heardAt: number
  toldAt: number
  readonly #socket: SessionSocket
  readonly #settings: HubSettings

  constructor(socket: SessionSocket, settings: HubSettings) {
    this.#socket = socket
    this.#settings = settings
    this.heardAt = this.toldAt = settings.clock.now()
  }

  send(frame: HubFrame): void {
    this.sendText(JSON.stringify(frame))
  }

  /** Sends what is encoded already: a publication is encoded once for all of its subscribers. */
  sendText(message: string): void {
    if (this.machine.state === 'closed') return
    this.toldAt = this.#settings.clock.now()
    let bufferedBytes = 0
    const isHanded = this.#hand(() => {
      this.#socket.send(message)
      bufferedBytes = this.#socket.bufferedBytes
    })
    if (!isHanded) this.close(4003, 'the transport failed')
    else if (bufferedBytes > this.#settings.maxBufferedBytes) {
      this.close(4002, `more than ${this.#settings.maxBufferedBytes} bytes wait unsent`)
    }
  }

  /** Answers the request `ref` with an error. */
  refuse(ref: number | null, error: { code: string; message: string }, details?: ErrorDetails): void {
    const { code, message } = error
    this.send(details ? ['err', ref, code, message, details] : ['err', ref, code, message])
  }

  /** Ends the session; `reason` is for people. */
  close(code: CloseCode | 1001, reason: string): void {
    if (!this.machine.send('close')) return
    const name = code === 1001 ? 'going away' : closeCodes[code]
    // At most 123 bytes go into a close frame, so only what takes one byte a character is let in.
    const line = `${name}: ${reason}`.replace(/[^ -~]/g, '?').slice(0, 123)
    this.#hand(() => this.#socket.close(code, line))
    this.#hand(() => this.scope.dispose())
  }

  /** Does something of this session that may throw: it must not stop what is done for the others. */
  #hand(action: () => void): boolean {
    try {
      action()
      return true
    } catch (cause) {
      const error = new SyncError('connection_lost', 'A part of this session threw', { cause })
      this.#settings.onError(error, { stage: 'deliver', client: this.id || undefined })
      return false
    }
  }

  /** The transport has gone. */
  lost(): void {
    if (this.machine.send('close')) this.#hand(() => this.scope.dispose())
  }
}

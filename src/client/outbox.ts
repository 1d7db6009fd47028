import type { ClientFrame, PubFrame, ReqOptions, WirePosition } from '../protocol/frames.ts'
import { toPosition } from '../protocol/position.ts'
import { bytesOf } from '../shared/bytes.ts'
import type { Clock } from '../shared/clock.ts'
import { Disposer, type Undo } from '../shared/disposer.ts'
import { isSyncError, SyncError } from '../shared/errors.ts'
import type { Position } from '../shared/position.ts'
import type { Note } from './diagnostics.ts'

/** How much may wait, for how long, and what happens beyond. */
export interface OutboxOptions {
  /** How many publications and requests may be unsettled, queued or sent. Default 1,000. */
  readonly maxCount?: number
  /** How much they may hold together, in bytes of JSON. Default 1 MiB. */
  readonly maxBytes?: number
  /** How long a publication waits to be sent, in milliseconds. Default 5 min. */
  readonly ttlMs?: number
  /**
   * How long a publication that was sent waits for its acknowledgement, over reconnects, in milliseconds. Default 10 min, the
   * time for which hubs remember what they have applied.
   */
  readonly giveUpMs?: number
  /**
   * What to do when it is full: `reject` the new one with `queue_full` (the default), or drop the oldest that was never
   * sent, or the new one. What is dropped is settled with `queue_full`, too, but nobody has to handle that.
   */
  readonly whenFull?: 'reject' | 'drop-oldest' | 'drop-newest'
}

export const outboxDefaults = {
  maxCount: 1_000,
  maxBytes: 1_048_576,
  ttlMs: 300_000,
  giveUpMs: 600_000,
  whenFull: 'reject',
} satisfies Required<OutboxOptions>

/** How long to wait for the outcome of one send. */
export interface SendOptions {
  /** Settles it with `aborted`. What was sent already may still be applied. */
  readonly signal?: AbortSignal | undefined
  /** Settles it after so many milliseconds: with `timeout` if it was never sent, else with `indeterminate`. */
  readonly timeoutMs?: number | undefined
}

/** What to send, and what its sender gets for the answer. */
export interface Draft<Result> {
  readonly kind: 'publication' | 'request'
  /** The channel's name on the wire. */
  readonly channel: string
  readonly name: string
  readonly data: unknown
  /** Makes the frame of what is answered like a request, and is none. */
  readonly frame?: (ref: number) => ClientFrame
  /** May throw. */
  readonly read: (answer: Answer) => Result
}

/** A draft that is followed over a reload, or was left by an earlier page. */
export interface KeptDraft<Result> extends Draft<Result> {
  /** In milliseconds since 1970. Default: now. */
  readonly createdAt?: number
  /** What an earlier page has given it, when it sent it. */
  readonly number?: number | undefined
  readonly sentAt?: number | undefined
  /** How long it may still take, in milliseconds. Default: as the outbox has it. */
  readonly leftMs?: number
  /** Disposed once it is settled. */
  readonly undos?: Disposer
  /** Hears of its number, before each time that it is sent. */
  readonly sent?: (number: number, isResend: boolean) => void
}

/** What the hub answered. */
export interface Answer {
  readonly data: unknown
  /** Of a publication: its entry's. Of a request: the top of the channel's log after the handler. */
  readonly position: Position | undefined
}

/** How long requests wait is asked for in milliseconds. */
export interface OutboxSettings extends Required<OutboxOptions> {
  readonly requestTimeoutMs: number
}

/** What an outbox needs of its client. */
export interface OutboxLink {
  readonly isOnline: boolean
  readonly clock: Clock
  /** The largest message that the hub takes, in bytes. */
  readonly maxBytes: number
  send(frame: ClientFrame): void
  /** A number that this client has not used for any frame. */
  nextRef(): number
  readonly note: Note
}

/** Why it ends from this side, as a code and in words. */
type GivenUp = readonly [code: 'aborted' | 'closed' | 'timeout', why: string]

export interface Send extends KeptDraft<unknown> {
  readonly bytes: number
  readonly createdAt: number
  readonly timeoutMs: number | undefined
  /** Its number on the wire: `n` of a publication, given when it is first sent; `ref` of a request. */
  number?: number | undefined
  sentAt?: number | undefined
  /** As `sentAt`, by the clock that is never set. */
  sentElapsed?: number
  /** The hub has missed one before it. */
  isAstray?: boolean
  /** When it is given up, in milliseconds since 1970. */
  endsAt?: number
  isSettled?: boolean
  stopTimer?: Undo
  readonly undos: Disposer
  promise?: Promise<unknown>
  resolve(result: unknown): void
  reject(error: unknown): void
}

/** The publications of one channel: their numbers have no holes. */
interface Numbering {
  last: number
  /** Sent and not settled, by number, lowest first. */
  readonly open: Map<number, Send>
}

/** Everything that this client has to send and does not know the outcome of. Each send is settled, once. */
export class Outbox {
  readonly #link: OutboxLink
  readonly #settings: OutboxSettings
  /** In the order in which they are sent. For others to read. */
  readonly sends = new Set<Send>()
  readonly #numberings = new Map<string, Numbering>()
  readonly #requests = new Map<number, Send>()
  #bytes = 0
  #isClosed = false
  /** Whether everything that had to wait for this connection was sent. */
  #isFlushed = false

  constructor(link: OutboxLink, settings: OutboxSettings) {
    this.#link = link
    this.#settings = settings
  }

  get pending(): { readonly count: number; readonly bytes: number } {
    return { count: this.sends.size, bytes: this.#bytes }
  }

  /** Sends as soon as it can. Rejects with `queue_full`, `too_large`, `timeout`, `indeterminate`, `aborted`, `closed` or the hub's own code. */
  add<Result>(draft: KeptDraft<Result>, { signal, timeoutMs }: SendOptions = {}): Promise<Result> {
    const { ttlMs, requestTimeoutMs } = this.#settings
    let send: Send | undefined
    const promise = new Promise<Result>((resolve, reject) => {
      send = {
        createdAt: this.#link.clock.now(),
        undos: new Disposer(),
        ...draft,
        bytes: bytesOf(draft.data),
        timeoutMs: timeoutMs ?? (draft.kind === 'request' ? requestTimeoutMs : undefined),
        resolve: resolve as Send['resolve'],
        reject,
      }
    })
    const added = send!
    added.promise = promise
    const why = this.#refusal(added, signal)
    if (why) {
      this.#settle(added, why)
      return promise
    }
    this.sends.add(added)
    this.#bytes += added.bytes
    this.#limit(added, added.leftMs ?? added.timeoutMs ?? ttlMs)
    const abort = () => this.giveUp(added, ['aborted', 'Given up by the app'], signal?.reason)
    signal?.addEventListener('abort', abort)
    added.undos.own(() => signal?.removeEventListener('abort', abort))
    if (this.#link.isOnline && this.#isFlushed) this.#transmit(added)
    return promise
  }

  /** Takes up what an earlier page has left, before all else: in order, with its own numbers. */
  restore(drafts: readonly KeptDraft<unknown>[]): Promise<unknown>[] {
    const later = [...this.sends]
    this.sends.clear()
    const outcomes = drafts.map((draft) => this.add(draft))
    for (const send of later) this.sends.add(send)
    return outcomes
  }

  /** Numbers up to `last` have been given on a channel. */
  numbered(channel: string, last: number): void {
    const numbering = this.#numbering(channel)
    numbering.last = Math.max(numbering.last, last)
  }

  /** What is added from now on waits for the next connection. */
  offline(): void {
    this.#isFlushed = false
  }

  /** There is a connection: sends again, in order, what is not settled, and then what was never sent. */
  online(): void {
    // What is added meanwhile, from within a listener, has its turn at the end.
    for (const send of this.sends) this.#transmit(send)
    this.#isFlushed = this.#link.isOnline
  }

  /** The hub has applied a publication. */
  acknowledged(channel: string, n: number, position: WirePosition): void {
    const send = this.#numberings.get(channel)?.open.get(n)
    if (send) this.#settle(send, { data: undefined, position: toPosition(position) })
  }

  /** The hub has not applied a publication. */
  refused(channel: string, n: number, error: SyncError): void {
    const numbering = this.#numberings.get(channel)
    const send = numbering?.open.get(n)
    if (!send) return
    if (error.code !== 'out_of_order') this.#settle(send, error)
    else {
      send.isAstray = true
      this.#mend(numbering!)
    }
  }

  /** The hub has answered a request; `false` if it is none of these. */
  answered(ref: number, answer: SyncError | { data: unknown; position: WirePosition | undefined }): boolean {
    const send = this.#requests.get(ref)
    if (!send) return false
    if (isSyncError(answer)) {
      // Its handler still runs, or has run.
      const { code, message } = answer
      const isUnknown = code === 'timeout'
      this.#settle(send, isUnknown ? new SyncError('indeterminate', message, { cause: answer }) : answer)
    } else this.#settle(send, { ...answer, position: answer.position && toPosition(answer.position) })
    return true
  }

  /** Settles everything. */
  close(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    for (const send of [...this.sends]) this.giveUp(send, ['closed', 'The client is closed'])
  }

  /** Why a new one cannot be taken; makes room where that is the policy. */
  #refusal(added: Send, signal: AbortSignal | undefined): SyncError | undefined {
    const { maxCount, maxBytes, whenFull } = this.#settings
    const { bytes } = added
    if (this.#isClosed) return new SyncError('closed', 'The client is closed')
    if (signal && typeof signal.addEventListener !== 'function') {
      return new SyncError('bad_options', 'signal: not an AbortSignal')
    }
    if (!((added.timeoutMs ?? 0) >= 0)) return new SyncError('bad_options', 'timeoutMs: not a number from 0')
    if (signal?.aborted) return new SyncError('aborted', 'Given up by the app', { cause: signal.reason })
    if (bytes > maxBytes) return new SyncError('too_large', `${bytes} bytes are more than ${maxBytes}`)
    let count = this.sends.size
    let held = this.#bytes + bytes
    const dropped: Send[] = []
    for (const send of whenFull === 'drop-oldest' ? this.sends : []) {
      if (count < maxCount && held <= maxBytes) break
      if (send.sentAt !== undefined) continue
      dropped.push(send)
      count--
      held -= send.bytes
    }
    if (count >= maxCount || held > maxBytes) return this.#full(added)
    for (const send of dropped) this.#settle(send, this.#full(send))
    // Whoever heard of the drops may have closed the client, or filled the place.
    if (this.#isClosed) return new SyncError('closed', 'The client is closed')
    return this.sends.size >= maxCount || this.#bytes + bytes > maxBytes ? this.#full(added) : undefined
  }

  #full({ promise }: Send): SyncError {
    const { maxCount, maxBytes, whenFull } = this.#settings
    // Where dropping is the policy, a drop is no failure that the app must handle.
    if (whenFull !== 'reject') promise!.catch(() => {})
    return new SyncError('queue_full', `More than ${maxCount} sends or ${maxBytes} bytes are not settled`)
  }

  #transmit(send: Send): void {
    // Whoever heard of the one before may have let go of the connection.
    if (!this.#link.isOnline) return
    const { clock, maxBytes } = this.#link
    // A machine that slept has not run its timers.
    if (clock.now() >= send.endsAt!) {
      this.giveUp(send, ['timeout', 'its time was over'])
      return
    }
    const { kind, channel, name, data, bytes } = send
    // Names are ASCII; the rest of a frame takes less than 100 bytes.
    if (bytes + channel.length + name.length + 100 > maxBytes) {
      // An earlier hub may have taken it.
      const code = send.sentAt === undefined ? 'too_large' : 'indeterminate'
      this.#settle(send, new SyncError(code, `${bytes} bytes: the hub takes messages of ${maxBytes}`))
      return
    }
    const isResend = send.sentAt !== undefined
    send.sentAt ??= clock.now()
    const elapsed = clock.elapsed?.() ?? 0
    // Of one that was sent before a reload, only the wall clock tells.
    send.sentElapsed ??= isResend ? Number.POSITIVE_INFINITY : elapsed
    send.isAstray = false
    // One clock may have been set back, and the other may have stood still while the machine slept.
    const ageMs = Math.ceil(Math.max(0, clock.now() - send.sentAt, elapsed - send.sentElapsed))
    if (kind === 'publication') {
      const numbering = this.#numbering(channel)
      // Given when it is first sent.
      send.number ??= ++numbering.last
      const n = send.number
      numbering.open.set(n, send)
      const base = numbering.open.keys().next().value!
      const frame: PubFrame = ['pub', n, base, channel, name, data]
      if (isResend) frame.push(ageMs)
      // First, as what hears of the sending may settle it.
      if (!isResend && send.timeoutMs === undefined) this.#limit(send, this.#settings.giveUpMs)
      send.sent?.(n, isResend)
      this.#link.send(frame)
    } else {
      send.number ??= this.#link.nextRef()
      this.#requests.set(send.number, send)
      const leftMs = Math.ceil(send.endsAt! - clock.now())
      const options: ReqOptions = isResend ? { ageMs } : {}
      if (leftMs < Number.MAX_SAFE_INTEGER) options.timeoutMs = leftMs
      send.sent?.(send.number, isResend)
      this.#link.send(send.frame?.(send.number) ?? ['req', send.number, channel, name, data, options])
    }
    this.#link.note('sent', { kind, channel, name, isResend })
  }

  #numbering(channel: string): Numbering {
    const numbering = this.#numberings.get(channel) ?? { last: 0, open: new Map() }
    this.#numberings.set(channel, numbering)
    return numbering
  }

  /** Sends again what the hub could not take before, once nothing lower is under way. */
  #mend({ open }: Numbering): void {
    const [lowest] = open.values()
    if (!lowest?.isAstray || !this.#link.isOnline || this.#isClosed) return
    for (const send of open.values()) if (send.isAstray) this.#transmit(send)
  }

  #limit(send: Send, ms: number): void {
    send.stopTimer?.()
    const after = `${ms} ms`
    send.endsAt = this.#link.clock.now() + ms
    send.stopTimer = this.#link.clock.after(ms, () => this.giveUp(send, ['timeout', after]))
  }

  /** Ends it from this side. */
  giveUp(send: Send, [code, why]: GivenUp, cause?: unknown): void {
    const { kind, number, sentAt } = send
    if (sentAt === undefined) this.#settle(send, new SyncError(code, `Never sent: ${why}`, { cause }))
    else {
      const name = code === 'aborted' ? code : 'indeterminate'
      if (kind === 'request' && this.#link.isOnline) this.#link.send(['cancel', number!])
      this.#settle(send, new SyncError(name, `Sent, and not answered: ${why}`, { cause }))
    }
  }

  #settle(send: Send, outcome: Answer | SyncError): void {
    const { kind, channel, name, number, sentAt, createdAt } = send
    // Whoever heard of its last frame may have settled it.
    if (send.isSettled) return
    send.isSettled = true
    send.stopTimer?.()
    send.undos.dispose()
    if (this.sends.delete(send)) this.#bytes -= send.bytes
    if (kind === 'request') this.#requests.delete(number!)
    const numbering = this.#numberings.get(channel)
    const isOpen = kind === 'publication' && numbering?.open.delete(number!)
    if (isSyncError(outcome)) {
      send.reject(outcome)
      const isKnown = sentAt === undefined || !['aborted', 'indeterminate'].includes(outcome.code)
      this.#link.note(isKnown ? 'refused' : 'indeterminate', { kind, channel, name, error: outcome })
    } else {
      try {
        send.resolve(send.read(outcome))
      } catch (error) {
        send.reject(error)
      }
      this.#link.note('acknowledged', { kind, channel, name, ms: this.#link.clock.now() - createdAt })
    }
    if (isOpen) this.#mend(numbering!)
  }
}

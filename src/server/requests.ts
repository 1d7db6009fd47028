import type { Broadcaster, Claim } from '../broadcasters/broadcaster.ts'
import type { ReqFrame } from '../protocol/frames.ts'
import { toWire } from '../registry/to-wire.ts'
import { validate } from '../registry/validate.ts'
import type { Undo } from '../shared/disposer.ts'
import { isSyncError, SyncError, type SyncErrorCode, toSyncError } from '../shared/errors.ts'
import { ownEntry } from '../shared/own-entry.ts'
import type { Diagnostics } from './diagnostics.ts'
import { isPromise } from './in-time.ts'
import type { HubSettings, HubUser } from './options.ts'
import { type Report, toAnswer } from './refusals.ts'
import type { Served, ServedChannel } from './served.ts'
import { detailsOf, type Session } from './session.ts'

export interface RequestParts {
  readonly served: Served
  readonly broadcaster: Broadcaster
  readonly settings: HubSettings
  readonly diagnostics: Diagnostics
  readonly report: Report
  /** Names this incarnation of the hub among all that share the broadcaster. */
  readonly owner: string
}

/** One request whose handler has not ended yet. A class, as there are many: what few handlers ask for is made when they do. */
class Run {
  readonly key: string
  readonly ref: number
  readonly channel: ServedChannel
  readonly name: string
  readonly input: unknown
  /** Whether it may run twice. */
  readonly isRepeatable: boolean
  /** Who asked first. */
  readonly asker: Session
  /** Who gets the answer: the newest connection of the session that has asked; nobody after `cancel` or the deadline. */
  session: Session | undefined
  /** Whether it was cancelled or is overdue, and why. */
  endedBy: SyncError | undefined
  #abort: AbortController | undefined

  constructor(session: Session, ref: number, { channel, name, input, isRepeatable }: Checked) {
    this.key = keyOf(session, ref)
    this.ref = ref
    this.channel = channel
    this.name = name
    this.input = input
    this.isRepeatable = isRepeatable
    this.asker = session
    this.session = session
  }

  get signal(): AbortSignal {
    if (!this.#abort) {
      this.#abort = new AbortController()
      if (this.endedBy) this.#abort.abort(this.endedBy)
    }
    return this.#abort.signal
  }

  /** Nobody waits any more. */
  end(reason: SyncError): void {
    this.session = undefined
    this.endedBy = reason
    this.#abort?.abort(reason)
  }
}

/** What a handler gets. A class, so that the signal is made for those who ask for it. */
class Asked {
  readonly input: unknown
  readonly user: HubUser
  readonly client: string
  readonly params: Readonly<Record<string, string>>
  readonly key: string
  readonly #run: Run

  constructor(run: Run) {
    this.input = run.input
    this.user = run.asker.user!
    this.client = run.asker.id
    this.params = run.channel.params
    this.key = run.key
    this.#run = run
  }

  get signal(): AbortSignal {
    return this.#run.signal
  }
}

/** What a request asks for: valid, and allowed. */
interface Checked {
  readonly channel: ServedChannel
  readonly name: string
  readonly input: unknown
  readonly allowed: void | Promise<void>
  readonly isRepeatable: boolean
}

/** What is kept of an answer to be given again: the type of its frame, and what comes after the reference, as JSON. */
type Answer = `${'res' | 'err'} ${string}`

/** What clients ask: each request runs once, within its deadline, and is answered. */
export class Requests {
  readonly #parts: RequestParts
  readonly #running = new Map<string, Run>()

  constructor(parts: RequestParts) {
    this.#parts = parts
  }

  /** Answers a `req` frame with `res` or `err`. Never rejects. */
  async ask(session: Session, frame: ReqFrame): Promise<void> {
    const [, ref, channel, name, , options] = frame
    if (session.pending >= this.#parts.settings.maxPending) {
      session.refuse(ref, new SyncError('overloaded', 'Too much of this session is being worked on'))
      return
    }
    session.pending++
    try {
      const ageMs = options?.ageMs
      if (ageMs !== undefined && !this.#mayRepeat(frame)) await this.#askAgain(session, frame, ageMs)
      else {
        const checked = this.#check(session, frame)
        if (checked.allowed) await checked.allowed
        const run = new Run(session, ref, checked)
        if (run.isRepeatable || this.#isToRun(session, ref, await this.#claim(run.key))) {
          await this.#run(run, options?.timeoutMs)
        }
      }
    } catch (cause) {
      const error = toAnswer(cause)
      session.refuse(ref, error)
      this.#parts.report(error, { session, action: 'request', channel, name })
    } finally {
      session.pending--
    }
  }

  /** The client does not want the answer any more. */
  cancel(session: Session, ref: number): void {
    this.#running
      .get(keyOf(session, ref))
      ?.end(new SyncError('aborted', 'The client has cancelled the request'))
  }

  /** Of a request that has run, nobody may say that it may not: one that is sent again is looked up before all checks. */
  async #askAgain(session: Session, frame: ReqFrame, ageMs: number): Promise<void> {
    const [, ref, , , , options] = frame
    const key = keyOf(session, ref)
    if (!this.#isToRun(session, ref, await this.#claim(key, ageMs))) return
    let checked: Checked
    try {
      checked = this.#check(session, frame)
      if (checked.allowed) await checked.allowed
    } catch (error) {
      // Nothing was done, so it may be tried again.
      await this.#parts.broadcaster.release(key, this.#parts.owner)
      throw error
    }
    await this.#run(new Run(session, ref, checked), options?.timeoutMs)
  }

  /** Whether the app has said that it may run twice: then nothing is kept of it. */
  #mayRepeat([, , channel, name]: ReqFrame): boolean {
    const { spec } = this.#parts.served.find(channel).definition
    return ownEntry(spec.requests, name)?.idempotent === true
  }

  /** What it asks for, if it is valid, and whether that is allowed: at once, or in a while. */
  #check(session: Session, [, , channelName, name, data]: ReqFrame): Checked {
    const { served } = this.#parts
    const channel = served.find(channelName)
    const spec = ownEntry(channel.definition.spec.requests, name)
    if (!spec) throw new SyncError('unknown_request', `This channel has no request "${name.slice(0, 100)}"`)
    if (!ownEntry(channel.handlers.requests, name)) {
      throw new SyncError('unsupported', `This hub has no handler for "${name}"`)
    }
    const input: unknown = validate(spec.input, data)
    const allowed = served.authorize({ session, channel, action: 'request', name })
    return { channel, name, input, allowed, isRepeatable: spec.idempotent === true }
  }

  #claim(key: string, ageMs?: number): Promise<Claim> {
    const { broadcaster, owner } = this.#parts
    return broadcaster.claim({ key, owner, ageMs })
  }

  /** Whether the request is to run now. If not, it has been answered, or will be by whoever runs it. */
  #isToRun(session: Session, ref: number, claim: Claim): boolean {
    if (claim.state === 'granted') return true
    const run = this.#running.get(keyOf(session, ref))
    if (claim.state === 'settled') answer(session, ref, claim.result as Answer)
    // Asked again over a new connection, while the handler runs.
    else if (run) run.session = session
    else
      throw new SyncError('indeterminate', 'The request was begun elsewhere: its outcome is not known here')
    return false
  }

  /** Runs the handler to its end, keeps the answer for whoever asks again, and gives it; at the deadline, says so. */
  async #run(run: Run, timeoutMs: number | undefined): Promise<void> {
    const { broadcaster, diagnostics, owner, settings } = this.#parts
    const startedAt = diagnostics.isHeard ? settings.clock.now() : 0
    this.#running.set(run.key, run)
    let code: SyncErrorCode | undefined
    let result: Answer
    try {
      result = await this.#handle(run, timeoutMs)
    } catch (cause) {
      const error = toAnswer(cause)
      code = error.code
      result = refusal(error)
      // Nobody waits any more for one that was cancelled; of one that is overdue, it has been said.
      if (!run.endedBy) this.#report(error, run)
    }
    try {
      // Kept before it is given: who does not get it, asks again.
      if (!run.isRepeatable) await broadcaster.settle(run.key, owner, result)
    } catch (error) {
      this.#report(toSyncError(error, 'unavailable'), run)
    }
    // Of one that may run twice, a newer run may have come.
    if (this.#running.get(run.key) === run) this.#running.delete(run.key)
    if (run.session) answer(run.session, run.ref, result)
    if (diagnostics.isHeard) this.#note(run, { code, ms: settings.clock.now() - startedAt })
  }

  /** The answer of the handler, waited for no longer than may be. Rejects with what failed. */
  async #handle(run: Run, timeoutMs: number | undefined): Promise<Answer> {
    const { channel, name } = run
    let reply = this.#call(run)
    if (isPromise(reply)) {
      const cancel = this.#limit(run, timeoutMs)
      try {
        reply = await reply
      } catch (cause) {
        throw failureOf(cause, name)
      } finally {
        cancel()
      }
    }
    let data: string
    try {
      data = JSON.stringify(toWire(channel.definition.spec.requests![name]!.output, reply))
    } catch (cause) {
      throw new SyncError('internal', `The reply to "${name}" does not fit its schema`, { cause })
    }
    const { maxBufferedBytes } = this.#parts.settings
    // It would cut the client off, and would do so again whenever the client comes back and asks for it.
    if (data.length > maxBufferedBytes) {
      const cause = new SyncError(
        'too_large',
        `It has ${data.length} characters, and ${maxBufferedBytes} bytes may wait unsent`,
      )
      throw new SyncError('internal', `The reply to "${name}" is too large`, { cause })
    }
    try {
      // After the handler, so that it is not before what the handler has published.
      const { top } = await this.#parts.broadcaster.read(channel.name)
      return `res ${data},["${top.epoch}",${top.offset},"${top.tag}"]]`
    } catch {
      // The answer matters more than the position.
      return `res ${data}]`
    }
  }

  #call(run: Run): unknown {
    const { channel, name } = run
    try {
      return channel.handlers.requests![name]!(new Asked(run))
    } catch (cause) {
      throw failureOf(cause, name)
    }
  }

  /** Ends the waiting at the deadline. The handler may go on; who asks again gets its answer. */
  #limit(run: Run, timeoutMs: number | undefined): Undo {
    const { clock, handlerTimeoutMs } = this.#parts.settings
    const ms = Math.max(1, Math.min(handlerTimeoutMs, timeoutMs ?? handlerTimeoutMs))
    return clock.after(ms, () => {
      const error = new SyncError('timeout', `The handler of "${run.name}" has not answered in ${ms} ms`)
      const { session } = run
      run.end(error)
      if (!session) return
      session.refuse(run.ref, error)
      this.#report(error, run)
    })
  }

  #report(error: SyncError, { channel, name, asker }: Run): void {
    this.#parts.report(error, { session: asker, action: 'request', channel: channel.name, name })
  }

  #note({ channel, name, asker }: Run, rest: { code: SyncErrorCode | undefined; ms: number }): void {
    const actor = { client: asker.id, user: asker.user!.id }
    this.#parts.diagnostics.note('request', { ...actor, channel: channel.name, name, ...rest })
  }
}

function failureOf(cause: unknown, name: string): SyncError {
  return isSyncError(cause) ? cause : new SyncError('internal', `The handler of "${name}" failed`, { cause })
}

/** By its public id: the key reaches handlers and databases, the secret must not. */
function keyOf({ id }: Session, ref: number): string {
  return `${id}:${ref}`
}

function answer(session: Session, ref: number, kept: Answer): void {
  session.sendText(`["${kept.slice(0, 3)}",${ref},${kept.slice(4)}`)
}

function refusal(error: SyncError): Answer {
  const details = detailsOf(error)
  const elements = [error.code, error.message, ...(details ? [details] : [])]
  return `err ${JSON.stringify(elements).slice(1)}`
}

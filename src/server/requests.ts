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
import { actorOf, type Report, toAnswer } from './refusals.ts'
import type { Served, ServedChannel } from './served.ts'
import { detailsOf, type Session } from './session.ts'
import { isLarger } from './size.ts'

export interface RequestParts {
  readonly served: Served
  readonly broadcaster: Broadcaster
  readonly settings: HubSettings
  readonly diagnostics: Diagnostics
  readonly report: Report
  /** Names this incarnation of the hub among all that share the broadcaster. */
  readonly owner: string
}

/**
 * One request, from its arrival to the end of its handler. A class, as there are many: what few handlers ask for is made when they
 * do.
 */
class Run {
  readonly key: string
  readonly ref: number
  /** Who asked first. */
  readonly asker: Session
  /** Who gets the answer: the newest connection of the session that has asked; nobody after `cancel` or the deadline. */
  session: Session | undefined
  /** Whether it was cancelled or is overdue, and why. */
  endedBy: SyncError | undefined
  #abort: AbortController | undefined

  constructor(session: Session, ref: number, key: string) {
    this.key = key
    this.ref = ref
    this.asker = session
    this.session = session
  }

  /** Whether anybody is there to be answered: who has gone asks again, if it comes back. */
  get isWanted(): boolean {
    return this.session !== undefined && this.session.machine.state !== 'closed'
  }

  /** Answers another connection of the same session, which has asked again. */
  attach(session: Session): void {
    if (this.endedBy) session.refuse(this.ref, this.endedBy)
    else this.session = session
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

/** What a request asks for, valid, and whether it is allowed: at once, or in a while. */
interface Checked {
  readonly channel: ServedChannel
  readonly name: string
  readonly input: unknown
  readonly allowed: void | Promise<void>
  /** Whether it must not run twice. */
  readonly isOnce: boolean
}

/** What a handler gets. A class, so that the signal is made for those who ask for it. */
class Asked {
  readonly input: unknown
  readonly user: HubUser
  readonly client: string
  readonly params: Readonly<Record<string, string>>
  readonly key: string
  readonly #run: Run

  constructor(run: Run, { input, channel }: Checked) {
    this.input = input
    this.user = run.asker.user!
    this.client = run.asker.id
    this.params = channel.params
    this.key = run.key
    this.#run = run
  }

  get signal(): AbortSignal {
    return this.#run.signal
  }
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

  /** Answers a `req` frame with `res` or `err`; not at all when its session has ended before. Never rejects. */
  async ask(session: Session, frame: ReqFrame): Promise<void> {
    const [, ref, channel, name] = frame
    const key = keyOf(session, ref)
    const known = this.#running.get(key)
    if (known) {
      // Asked again over a new connection, while it is decided or the handler runs.
      known.attach(session)
      return
    }
    const run = new Run(session, ref, key)
    const isAgain = this.#isAgain(frame)
    this.#running.set(run.key, run)
    session.pending++
    try {
      this.#requireRoom(session, isAgain)
      await this.#serve(run, frame, isAgain)
    } catch (cause) {
      const error = toAnswer(cause)
      run.session?.refuse(ref, error)
      this.#parts.report(error, { session, action: 'request', channel, name })
    } finally {
      session.pending--
      this.#running.delete(run.key)
    }
  }

  /** The client does not want the answer any more. */
  cancel(session: Session, ref: number): void {
    this.#running
      .get(keyOf(session, ref))
      ?.end(new SyncError('aborted', 'The client has cancelled the request'))
  }

  /** Whether it may have run before: it was sent before, and may not simply be run again. */
  #isAgain([, , channel, name, , options]: ReqFrame): boolean {
    return options?.ageMs !== undefined && !this.#parts.served.mayRepeat(channel, name)
  }

  #requireRoom(session: Session, isAgain: boolean): void {
    if (session.pending <= this.#parts.settings.maxPending) return
    // Of one that may have run, nobody may say that it has not.
    if (isAgain)
      throw new SyncError('indeterminate', 'Too much of this session is being worked on to find out')
    throw new SyncError('overloaded', 'Too much of this session is being worked on')
  }

  async #serve(run: Run, frame: ReqFrame, isAgain: boolean): Promise<void> {
    const [, , , , , options] = frame
    // Of a request that has run, nobody may say that it may not: one that is sent again is looked up before all checks.
    if (isAgain && !(await this.#claimAgain(run, this.#mostAgeMs(run, options!.ageMs!)))) return
    let checked: Checked
    try {
      checked = this.#check(run.asker, frame)
      if (checked.allowed) await checked.allowed
    } catch (error) {
      // What was sent over the connection before may still be on its way: it must not run after this refusal.
      if (isAgain) await this.#parts.broadcaster.settle(run.key, this.#parts.owner, refusal(toAnswer(error)))
      throw error
    }
    const { isOnce } = checked
    if (isOnce && !isAgain && !this.#isToRun(run, await this.#claim(run.key))) return
    if (run.isWanted) await this.#run(run, checked, options?.timeoutMs)
    else if (isOnce) await this.#release(run)
  }

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
    return { channel, name, input, allowed, isOnce: spec.idempotent !== true }
  }

  #claim(key: string, ageMs?: number): Promise<Claim> {
    const { broadcaster, owner } = this.#parts
    return broadcaster.claim({ key, owner, ageMs })
  }

  /**
   * How old it is at most. It may have been on its way for long, as to a hub that stood still, but left after its connection was made: taken for
   * younger than the hub, one that the process before has run would run again.
   */
  #mostAgeMs({ asker }: Run, ageMs: number): number {
    return ageMs + Math.max(0, this.#parts.settings.clock.now() - asker.since)
  }

  /** What cannot be looked up is not known. */
  async #claimAgain(run: Run, ageMs: number): Promise<boolean> {
    let claim: Claim
    try {
      claim = await this.#claim(run.key, ageMs)
    } catch (cause) {
      if (isSyncError(cause) && cause.code === 'indeterminate') throw cause
      throw new SyncError('indeterminate', 'Whether the request has run is not known', { cause })
    }
    return this.#isToRun(run, claim)
  }

  #release({ key }: Run): Promise<void> {
    return this.#parts.broadcaster.release(key, this.#parts.owner)
  }

  /** Whether the request is to run now. If not, it has been answered. */
  #isToRun(run: Run, claim: Claim): boolean {
    if (claim.state === 'granted') return true
    if (claim.state === 'held') {
      throw new SyncError('indeterminate', 'The request was begun elsewhere: its outcome is not known here')
    }
    if (run.session) answer(run.session, run.ref, claim.result as Answer)
    return false
  }

  /** Runs the handler to its end, keeps the answer for whoever asks again, and gives it; at the deadline, says so. */
  async #run(run: Run, checked: Checked, timeoutMs: number | undefined): Promise<void> {
    const { broadcaster, diagnostics, owner, settings } = this.#parts
    const startedAt = diagnostics.isHeard ? settings.clock.now() : 0
    let code: SyncErrorCode | undefined
    let result: Answer
    try {
      result = await this.#handle(run, checked, timeoutMs)
    } catch (cause) {
      const error = toAnswer(cause)
      code = error.code
      result = refusal(error)
      // Nobody waits any more for one that was cancelled; of one that is overdue, it has been said.
      if (!run.endedBy) this.#report(error, run, checked)
    }
    try {
      // Kept before it is given: who does not get it, asks again.
      if (checked.isOnce) await broadcaster.settle(run.key, owner, result)
    } catch (error) {
      this.#report(toSyncError(error, 'unavailable'), run, checked)
    }
    if (run.session) answer(run.session, run.ref, result)
    if (diagnostics.isHeard) this.#note(run, checked, { code, ms: settings.clock.now() - startedAt })
  }

  /** The answer of the handler, waited for no longer than may be. Rejects with what failed. */
  async #handle(run: Run, checked: Checked, timeoutMs: number | undefined): Promise<Answer> {
    const { channel, name } = checked
    let reply = call(run, checked)
    if (isPromise(reply)) {
      const cancel = this.#limit(run, checked, timeoutMs)
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
    if (isLarger(data, maxBufferedBytes)) {
      const cause = new SyncError('too_large', `More than ${maxBufferedBytes} bytes may not wait unsent`)
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

  /** Ends the waiting at the deadline. The handler may go on; who asks again gets its answer. */
  #limit(run: Run, checked: Checked, timeoutMs: number | undefined): Undo {
    const { clock, handlerTimeoutMs } = this.#parts.settings
    const ms = Math.max(1, Math.min(handlerTimeoutMs, timeoutMs ?? handlerTimeoutMs))
    return clock.after(ms, () => {
      const error = new SyncError('timeout', `The handler of "${checked.name}" has not answered in ${ms} ms`)
      const { session } = run
      run.end(error)
      if (!session) return
      session.refuse(run.ref, error)
      this.#report(error, run, checked)
    })
  }

  #report(error: SyncError, { asker }: Run, { channel, name }: Checked): void {
    this.#parts.report(error, { session: asker, action: 'request', channel: channel.name, name })
  }

  #note(
    { asker }: Run,
    { channel, name }: Checked,
    rest: { code: SyncErrorCode | undefined; ms: number },
  ): void {
    this.#parts.diagnostics.note('request', { ...actorOf(asker), channel: channel.name, name, ...rest })
  }
}

function call(run: Run, checked: Checked): unknown {
  const { channel, name } = checked
  try {
    return channel.handlers.requests![name]!(new Asked(run, checked))
  } catch (cause) {
    throw failureOf(cause, name)
  }
}

function failureOf(cause: unknown, name: string): SyncError {
  return isSyncError(cause) ? cause : new SyncError('internal', `The handler of "${name}" failed`, { cause })
}

function keyOf({ sender }: Session, ref: number): string {
  return `${sender}:${ref}`
}

function answer(session: Session, ref: number, kept: Answer): void {
  session.sendText(`["${kept.slice(0, 3)}",${ref},${kept.slice(4)}`)
}

function refusal(error: SyncError): Answer {
  const details = detailsOf(error)
  const elements = [error.code, error.message, ...(details ? [details] : [])]
  return `err ${JSON.stringify(elements).slice(1)}`
}

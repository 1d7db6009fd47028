import type { Broadcaster } from '../broadcasters/broadcaster.ts'
import type { ReqFrame, WirePosition } from '../protocol/frames.ts'
import { toWire } from '../registry/to-wire.ts'
import { validate } from '../registry/validate.ts'
import { isSyncError, SyncError, type SyncErrorCode, toSyncError } from '../shared/errors.ts'
import { ownEntry } from '../shared/own-entry.ts'
import type { Diagnostics } from './diagnostics.ts'
import type { HubSettings } from './options.ts'
import { type Report, toAnswer, toPosition } from './refusals.ts'
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

/** One request whose handler has not ended yet. */
interface Run {
  readonly key: string
  readonly ref: number
  readonly channel: ServedChannel
  readonly name: string
  readonly abort: AbortController
  /** Who gets the answer: the newest connection of the session that has asked; nobody after `cancel` or the deadline. */
  session: Session | undefined
  isOverdue: boolean
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
    const [, ref, channel, name] = frame
    if (session.pending >= this.#parts.settings.maxPending) {
      session.refuse(ref, new SyncError('overloaded', 'Too much of this session is being worked on'))
      return
    }
    session.pending++
    try {
      await this.#serve(session, frame)
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
    const run = this.#running.get(keyOf(session, ref))
    if (!run) return
    run.session = undefined
    run.abort.abort(new SyncError('aborted', 'The client has cancelled the request'))
  }

  async #serve(session: Session, frame: ReqFrame): Promise<void> {
    const [, ref, , , , options] = frame
    const key = keyOf(session, ref)
    // Of one that has run, nobody may say that it may not: a resend is looked up before all checks.
    const isResend = options?.ageMs !== undefined
    if (isResend && !(await this.#claim(session, ref, options.ageMs))) return
    let run: Run
    let input: unknown
    try {
      const checked = await this.#check(session, frame)
      if (!isResend && !(await this.#claim(session, ref))) return
      input = checked.input
      run = { ...checked, key, ref, abort: new AbortController(), session, isOverdue: false }
    } catch (error) {
      // Nothing was done, so it may be tried again.
      if (isResend) await this.#parts.broadcaster.release(key, this.#parts.owner)
      throw error
    }
    await this.#run(run, { input, timeoutMs: options?.timeoutMs })
  }

  /** What it asks for, valid and allowed. */
  async #check(session: Session, [, , channelName, name, data]: ReqFrame) {
    const { served } = this.#parts
    const channel = served.find(channelName)
    const spec = ownEntry(channel.definition.spec.requests ?? {}, name)
    if (!spec) throw new SyncError('unknown_request', `This channel has no request "${name.slice(0, 100)}"`)
    if (!ownEntry(channel.handlers.requests ?? {}, name)) {
      throw new SyncError('unsupported', `This hub has no handler for "${name}"`)
    }
    const input: unknown = validate(spec.input, data)
    const check = served.authorize({ session, channel, action: 'request', name })
    if (check) await check
    return { channel, name, input }
  }

  /** Whether the request is to run now. If not, it has been answered, or will be by whoever runs it. */
  async #claim(session: Session, ref: number, ageMs?: number): Promise<boolean> {
    const { broadcaster, owner } = this.#parts
    const key = keyOf(session, ref)
    const claim = await broadcaster.claim({ key, owner, ageMs })
    if (claim.state === 'granted') return true
    const run = this.#running.get(key)
    if (claim.state === 'settled') answer(session, ref, claim.result as Answer)
    // Asked again over a new connection, while the handler runs.
    else if (run) run.session = session
    else
      throw new SyncError('indeterminate', 'The request was begun elsewhere: its outcome is not known here')
    return false
  }

  /** Runs the handler to its end, keeps the answer for whoever asks again, and gives it; at the deadline, says so. */
  async #run(
    run: Run,
    { input, timeoutMs }: { input: unknown; timeoutMs: number | undefined },
  ): Promise<void> {
    const { broadcaster, owner, settings } = this.#parts
    const ms = Math.max(1, Math.min(settings.handlerTimeoutMs, timeoutMs ?? settings.handlerTimeoutMs))
    const startedAt = settings.clock.now()
    const asker = run.session!
    this.#running.set(run.key, run)
    const cancel = settings.clock.after(ms, () => this.#overdue(run, ms))
    let code: SyncErrorCode | undefined
    let result: Answer
    try {
      result = await this.#handle(run, { asker, input })
    } catch (cause) {
      const error = toAnswer(cause)
      code = error.code
      result = refusal(error)
      if (!run.isOverdue) this.#report(error, run, asker)
    }
    cancel()
    // Kept before it is given: who does not get it, asks again.
    await broadcaster.settle(run.key, owner, result).catch((error) => this.#report(error, run, asker))
    this.#running.delete(run.key)
    if (run.session) answer(run.session, run.ref, result)
    this.#note(run, asker, { code, ms: settings.clock.now() - startedAt })
  }

  /** The answer of the handler. Rejects with a `SyncError`. */
  async #handle(run: Run, { asker, input }: { asker: Session; input: unknown }): Promise<Answer> {
    const { channel, name, key, abort } = run
    const { handlers, params, definition } = channel
    const request = { input, user: asker.user!, client: asker.id, params, key, signal: abort.signal }
    let reply: unknown
    try {
      reply = await handlers.requests![name]!(request)
    } catch (cause) {
      if (isSyncError(cause)) throw cause
      throw new SyncError('internal', `The handler of "${name}" failed`, { cause })
    }
    let data: string
    try {
      data = JSON.stringify(toWire(definition.spec.requests![name]!.output, reply))
    } catch (cause) {
      throw new SyncError('internal', `The reply to "${name}" does not fit its schema`, { cause })
    }
    const top = await this.#topOf(channel.name)
    return `res ${data}${top ? `,${JSON.stringify(top)}` : ''}]`
  }

  /** Read after the handler, so that it is not before what the handler has published. The answer matters more than it. */
  #topOf(channel: string): Promise<WirePosition | undefined> {
    return this.#parts.broadcaster.read(channel).then(
      ({ top }) => toPosition(top),
      () => undefined,
    )
  }

  /** Nobody is kept waiting. The handler may go on; who asks again gets its answer. */
  #overdue(run: Run, ms: number): void {
    const error = new SyncError('timeout', `The handler of "${run.name}" has not answered in ${ms} ms`)
    run.isOverdue = true
    const { session } = run
    run.session = undefined
    run.abort.abort(error)
    if (!session) return
    session.refuse(run.ref, error)
    this.#report(error, run, session)
  }

  #report(cause: unknown, { channel, name }: Run, session: Session): void {
    const error = toSyncError(cause, 'unavailable')
    this.#parts.report(error, { session, action: 'request', channel: channel.name, name })
  }

  #note(
    { channel, name }: Run,
    { id: client, user }: Session,
    rest: { code: SyncErrorCode | undefined; ms: number },
  ) {
    const { diagnostics } = this.#parts
    if (!diagnostics.isHeard) return
    diagnostics.note('request', { client, user: user!.id, channel: channel.name, name, ...rest })
  }
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

import type { ChannelDefinition } from '../registry/channel.ts'
import { type AnyRegistry, resolveName } from '../registry/registry.ts'
import { isSyncError, SyncError } from '../shared/errors.ts'
import { ownEntry } from '../shared/own-entry.ts'
import type { Action, AnyHandlers } from './handlers.ts'
import { inTime, isPromise, undecided } from './in-time.ts'
import type { HubSettings } from './options.ts'
import type { Session } from './session.ts'

/** One channel that the app serves: what its name stands for, and who decides. */
export interface ServedChannel {
  readonly name: string
  readonly definition: ChannelDefinition
  readonly params: Readonly<Record<string, string>>
  readonly handlers: AnyHandlers
}

interface Attempt {
  readonly session: Session
  readonly channel: ServedChannel
  readonly action: Action
  /** Of the event, message or request. */
  readonly name?: string | undefined
}

/** How many names are remembered with what they stand for: to find that out again takes a while. */
const maxKnownNames = 10_000

/** The channels that the app serves, and what it says of who may do what there. One that it does not serve is refused. */
export class Served {
  readonly #registry: AnyRegistry
  readonly #settings: HubSettings
  readonly #handlers = new Map<string, AnyHandlers>()
  readonly #known = new Map<string, ServedChannel>()

  constructor(registry: AnyRegistry, settings: HubSettings) {
    this.#registry = registry
    this.#settings = settings
  }

  add(key: string, handlers: AnyHandlers): void {
    if (this.#handlers.has(key)) {
      throw new SyncError(
        'bad_options',
        `Channel "${key}" is served already; give all its handlers in one call`,
      )
    }
    this.#handlers.set(key, handlers)
  }

  /** What a name that a client sent stands for. Throws `unknown_channel`, or `forbidden` for one that is not served. */
  find(name: string): ServedChannel {
    const known = this.#known.get(name)
    if (known) return known
    const found = resolveName(this.#registry, name)
    if (!found) {
      throw new SyncError('unknown_channel', `No channel of this registry is named "${name.slice(0, 100)}"`)
    }
    const { key, definition, params } = found
    const handlers = this.#handlers.get(key)
    if (!handlers) {
      throw new SyncError('forbidden', `Channel "${key}" is not served; call hub.serve("${key}", …)`)
    }
    const served = { name, definition, params: Object.freeze(params), handlers }
    if (this.#known.size >= maxKnownNames) this.#known.clear()
    this.#known.set(name, served)
    return served
  }

  /** Whether the app has said that a request may run twice. `false` for what is none. */
  mayRepeat(channel: string, request: string): boolean {
    try {
      return ownEntry(this.find(channel).definition.spec.requests, request)?.idempotent === true
    } catch {
      return false
    }
  }

  /**
   * Asks the app. Throws, or rejects with, `forbidden`, what the app refused with, or `internal` with the failure of its check as the
   * cause. Waits only for an app that makes it wait: a promise costs more than most checks.
   */
  authorize(attempt: Attempt): void | Promise<void> {
    const { clock, decisionTimeoutMs } = this.#settings
    const { session, channel, action, name } = attempt
    const { handlers, params } = channel
    let answer: boolean | PromiseLike<boolean>
    try {
      if (!handlers.authorize) answer = params.user === undefined || params.user === session.user!.id
      else {
        const ask = { user: session.user!, client: session.id, params, action, name }
        answer = inTime(handlers.authorize(ask), { clock, ms: decisionTimeoutMs, late: undecided })
      }
    } catch (cause) {
      throw failureOf(cause, attempt)
    }
    if (!isPromise(answer)) {
      requireAllowed(answer, attempt)
      return
    }
    return (answer as Promise<boolean>).then(
      (isAllowed) => requireAllowed(isAllowed, attempt),
      (cause) => {
        throw failureOf(cause, attempt)
      },
    )
  }
}

const verbs: Readonly<Record<Action, string>> = {
  subscribe: 'subscribe to this channel',
  publish: 'publish this',
  tell: 'send this',
  request: 'ask this',
  presence: 'be present here',
}

function requireAllowed(isAllowed: boolean, { action }: Attempt): void {
  // Not only what is falsy: a check that forgot to return must not let anyone in.
  if (isAllowed !== true) throw new SyncError('forbidden', `The user may not ${verbs[action]}`)
}

function failureOf(cause: unknown, { action }: Attempt): SyncError {
  if (isSyncError(cause)) return cause
  // The cause's own words stay on this side: they may tell a stranger what they should not know.
  return new SyncError('internal', `The check whether the user may ${verbs[action]} failed`, { cause })
}

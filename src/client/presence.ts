import type { ClientFrame, DiffFrame, MembersFrame, WireMember } from '../protocol/frames.ts'
import type { ChannelKey, PresenceInput, PresenceOutput } from '../registry/infer.ts'
import type { AnyRegistry } from '../registry/registry.ts'
import { toSend } from '../registry/to-send.ts'
import { validate } from '../registry/validate.ts'
import type { Undo } from '../shared/disposer.ts'
import { isSyncError, SyncError, toSyncError } from '../shared/errors.ts'
import { Listeners } from '../shared/listeners.ts'
import type { ErrorStage } from '../shared/report.ts'
import type { Channel, ChannelLink, UntypedChannel } from './channel.ts'
import { type ClientLink, presenceEvent } from './subscription.ts'

/** Someone present on a channel: one client of a user, such as a tab. */
export interface PresenceMember<State = unknown> {
  /** Marks this presence: whoever leaves and comes back has another one. */
  readonly mark: string
  /** The public id of the client. */
  readonly client: string
  /** The id of its user. */
  readonly user: string
  /** What it shows: the output of the channel's presence schema. */
  readonly state: State
  /** Whether it is this client. */
  readonly own: boolean
}

/** How many are present: two devices of one user are two members and one user. */
export interface PresenceCount {
  readonly members: number
  readonly users: number
}

/** What a listener hears, by event. */
export interface PresenceEvents<State = unknown> {
  /** All members, after someone has come, gone or changed. */
  readonly change: readonly PresenceMember<State>[]
  /** Someone who has come since the hub first told who is there. Told before `change`. */
  readonly join: PresenceMember<State>
  /** Someone who has gone, as last seen. Told before `change`. */
  readonly leave: PresenceMember<State>
}

/** Who is present on a channel. Made by {@link presence}; light, and all of one channel and client are the same. */
export interface Presence<R extends AnyRegistry, K extends ChannelKey<R>> {
  /**
   * Those present, as last told: the same array until that changes. Empty before the hub has told, and while nobody
   * listens here and this client is not present. A member whose state does not fit the schema is left out and goes to `onError` with the
   * stage `payload`.
   */
  readonly members: readonly PresenceMember<PresenceOutput<R, K>>[]
  readonly count: PresenceCount
  /**
   * Makes this client present, or changes what it shows. It stays so over reconnects until `leave`. Waits for a connection as long as
   * it takes, and resolves when the hub has accepted this state or a newer one: of those that come while one is under way, only the
   * newest is sent. Rejects with `unsupported` for a channel without presence, `bad_payload`, `async_schema`, `queue_full`, `too_large`,
   * `closed` (or, if it was sent, `indeterminate`) when the client is closed, or the hub's code. This client is not present then; after a
   * retryable code, it enters with the next subscription.
   */
  enter(state: PresenceInput<R, K>): Promise<void>
  /** Ends the presence of this client at once. Resolves when the hub has heard of it; at once where there is none. */
  leave(): Promise<void>
  /** Listens, and keeps the channel subscribed, until the undo is called. */
  on<E extends keyof PresenceEvents>(
    event: E,
    listener: (heard: PresenceEvents<PresenceOutput<R, K>>[E]) => void,
  ): Undo
}

/** Who is present on `channel`, and the way to be. Costs its bytes only in apps that import it. */
export function presence<R extends AnyRegistry, K extends ChannelKey<R>>(
  channel: Channel<R, K>,
): Presence<R, K> {
  const untyped = channel as unknown as UntypedChannel
  const { name, link, definition } = untyped
  const all = attended.get(link) ?? new Map<string, Attended>()
  attended.set(link, all)
  const open = () => {
    const one = all.get(name) ?? new Attended(untyped, () => all.delete(name))
    all.set(name, one)
    return one
  }
  const handle: UntypedPresence = {
    get members() {
      return all.get(name)?.members ?? nobody
    },
    get count() {
      const { members } = handle
      return { members: members.length, users: new Set(members.map(({ user }) => user)).size }
    },
    async enter(state) {
      const schema = definition.spec.presence
      if (!schema) throw new SyncError('unsupported', 'This channel has no presence')
      const data = toSend(schema, state)
      await open().enter(data)
    },
    async leave() {
      await all.get(name)?.leave()
    },
    on: (event, listener) => open().listen(event, listener),
  }
  return handle as unknown as Presence<R, K>
}

/** The same as {@link Presence}, without the types of one registry. */
interface UntypedPresence {
  readonly members: readonly PresenceMember[]
  readonly count: PresenceCount
  enter(state: unknown): Promise<void>
  leave(): Promise<void>
  on(event: string, listener: () => void): Undo
}

/** What is known of each channel of each client, while anyone there wants to know, or is present. */
const attended = new WeakMap<ChannelLink, Map<string, Attended>>()

const nobody: readonly never[] = Object.freeze([])

/** What this client shows, wrapped so that each call is told from the others. */
type Wanted = readonly [state: unknown]

/** One channel: follows who is present, and keeps this client present where it wants to be. */
class Attended {
  members: readonly PresenceMember[] = nobody
  readonly #channel: UntypedChannel
  readonly #onUnused: () => void
  readonly #listeners = new Listeners((error) =>
    this.#report(toSyncError(error, 'listener_failed'), 'listener'),
  )
  #link: ClientLink | undefined
  #holders = 0
  #unfollow: Undo | undefined
  #version: number | undefined
  /** The mark of this client, while the hub says that it is present. */
  #ownMark: string | undefined
  #wanted: Wanted | undefined
  /** Held while this client wants to be present, or the hub has not heard that it does not. */
  #stay: Undo | undefined
  /** What is under way, and what goes after it. */
  #sending: Promise<void> | undefined
  #next: Promise<void> | undefined

  constructor(channel: UntypedChannel, onUnused: () => void) {
    this.#channel = channel
    this.#onUnused = onUnused
  }

  listen(event: string, listener: () => void): Undo {
    const undo = this.#listeners.on(event, listener)
    const release = this.#hold()
    return () => {
      undo()
      release()
    }
  }

  enter(state: unknown): Promise<void> {
    this.#wanted = [state]
    this.#stay ??= this.#hold()
    return this.#sync()
  }

  leave(): Promise<void> | undefined {
    this.#wanted = undefined
    return this.#stay && this.#sync()
  }

  #hold(): Undo {
    if (this.#holders++ === 0) this.#follow()
    let isHeld = true
    return () => {
      if (!isHeld) return
      isHeld = false
      if (--this.#holders > 0) return
      this.#unfollow!()
      this.#onUnused()
    }
  }

  /** Has the hub tell who is present, and then of each change. */
  #follow(): void {
    const before = this.#unfollow
    this.#unfollow = this.#channel.on(presenceEvent, (frame: MembersFrame | DiffFrame, link: ClientLink) => {
      this.#link = link
      this.#read(frame)
    })
    // Afterwards, or the channel would be let go of.
    before?.()
  }

  #read([type, , version, entered, left]: MembersFrame | DiffFrame): void {
    const isDiff = type === 'diff'
    if (isDiff && version !== this.#version! + 1) {
      this.#follow()
      return
    }
    const isFirst = this.#version === undefined
    const wasPresent = this.#ownMark
    this.#version = version
    const before = this.members
    this.members = this.#apply(entered, isDiff ? left! : before.map(({ mark }) => mark))
    if (!isFirst) {
      this.#tell('leave', before, this.members)
      this.#tell('join', this.members, before)
    }
    this.#listeners.emit('change', this.members)
    // The hub does not know of it: it is another one, or the time to come back was over.
    const isForgotten = !this.#ownMark && (wasPresent || !isDiff)
    if (isForgotten && this.#wanted && !this.#sending) {
      this.#sync().catch((error) => this.#report(error, 'subscribe'))
    }
  }

  /** The members without those who left, and with those who entered. */
  #apply(entered: readonly WireMember[], left: readonly string[]): readonly PresenceMember[] {
    const gone = new Set(left)
    const members = new Map<string, PresenceMember>()
    for (const member of this.members) if (!gone.has(member.mark)) members.set(member.client, member)
    if (gone.has(this.#ownMark!)) this.#ownMark = undefined
    for (const [mark, client, user, data] of entered) {
      const own = client === this.#link!.id
      if (own) this.#ownMark = mark
      try {
        const state: unknown = validate(this.#channel.definition.spec.presence!, data)
        members.set(client, { mark, client, user, state, own })
      } catch (error) {
        members.delete(client)
        this.#report(error, 'payload')
      }
    }
    return [...members.values()]
  }

  /** Tells of those who are in the one list and not, as clients, in the other. */
  #tell(event: string, of: readonly PresenceMember[], others: readonly PresenceMember[]): void {
    const clients = new Set(others.map(({ client }) => client))
    for (const member of of) if (!clients.has(member.client)) this.#listeners.emit(event, member)
  }

  /** Sends what is wanted now, after what is under way. */
  #sync(): Promise<void> {
    const start = () => {
      this.#next = undefined
      this.#sending = this.#send()
      return this.#sending
    }
    if (this.#next) return this.#next
    if (!this.#sending) return start()
    this.#next = this.#sending.then(start, start)
    return this.#next
  }

  async #send(): Promise<void> {
    const { name, link } = this.#channel
    const wanted = this.#wanted
    const draft = {
      kind: 'request',
      channel: name,
      name: wanted ? 'enter' : 'leave',
      data: wanted?.[0] ?? null,
      frame: (ref: number) =>
        (wanted ? ['enter', ref, name, wanted[0]] : ['leave', ref, name]) as ClientFrame,
      read: () => {},
    } as const
    try {
      await link.send(draft, { timeoutMs: Number.POSITIVE_INFINITY })
    } catch (error) {
      const isFinal = !isSyncError(error) || !error.retryable
      if (isFinal && wanted && wanted === this.#wanted) {
        this.#wanted = undefined
        // What it showed before would stand there for good otherwise.
        if (this.#ownMark) this.#sync().catch((failure) => this.#report(failure, 'subscribe'))
      }
      throw error
    } finally {
      this.#sending = undefined
      if (!this.#wanted && !this.#next) {
        this.#stay?.()
        this.#stay = undefined
      }
    }
  }

  #report(error: unknown, stage: ErrorStage): void {
    this.#link?.report(toSyncError(error, 'bad_payload'), { stage, channel: this.#channel.name })
  }
}

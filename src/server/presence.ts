import type { DiffFrame, WireMember } from '../protocol/frames.ts'
import type { Undo } from '../shared/disposer.ts'
import { SyncError } from '../shared/errors.ts'
import { randomMark } from '../shared/random.ts'
import type { Diagnostics } from './diagnostics.ts'
import type { HubSettings } from './options.ts'
import type { Room } from './rooms.ts'
import type { Session } from './session.ts'
import type { SharedMessage } from './shared-message.ts'

/** Someone present. */
export interface PresentMember<State = unknown> {
  /** The public id of the client. */
  readonly client: string
  /** The id of its user. */
  readonly user: string
  /** What it shows, as it travels: the input of the schema, reduced to what that lets through. */
  readonly state: State
  /** Since when, in milliseconds since 1970. */
  readonly since: number
}

/** Who is present on a channel, oldest first. */
export type PresenceList<State = unknown> = readonly PresentMember<State>[]

/** How many are present: two devices of one user are two members and one user. */
export interface PresenceCount {
  readonly members: number
  readonly users: number
}

/** One client on one channel. */
interface Member {
  readonly mark: string
  readonly client: string
  readonly user: string
  readonly since: number
  state: unknown
  /** What it shows, as JSON. */
  text: string
  /** What it adds to a frame, in bytes: all of it where it is told of, and its mark alone where it has left. */
  bytes: number
  /** Whose connection keeps it there. */
  session: Session
}

/** One channel that someone is, or was, present on. */
interface Attended {
  readonly name: string
  /** Who is present, by client. */
  readonly members: Map<string, Member>
  /** What all of them add to a frame, in bytes. */
  bytes: number
  /** Who was present as of `version`, which is all that anybody has been told. By mark. */
  readonly told: Map<string, WireMember>
  /** What nobody has been told yet. */
  readonly entered: Map<string, Member>
  readonly left: Set<string>
  version: number
  /** `told` as it travels, for the channel number that it was encoded for. */
  greeting: { readonly cid: number; readonly message: SharedMessage } | undefined
  cancelTelling: Undo | undefined
}

export interface PresenceParts {
  readonly settings: HubSettings
  readonly diagnostics: Diagnostics
  /** The channel's room on this node, while anyone holds it. */
  readonly roomOf: (name: string) => Room | undefined
}

/** What a frame of presence holds besides the members, in bytes, generously. */
const frameBytes = 64

/** Who is present, on this node: a member for each client and channel, until it leaves or its connection has been gone for the grace. */
export class Presence {
  readonly #parts: PresenceParts
  readonly #channels = new Map<string, Attended>()
  /** Where each client is present. */
  readonly #places = new Map<string, Set<Attended>>()
  /** The ends of the grace of those whose connection is gone. */
  readonly #graces = new Map<string, Undo>()

  constructor(parts: PresenceParts) {
    this.#parts = parts
  }

  /**
   * Makes a client present with a state that is valid, or changes what it shows. Throws `limit_exceeded` for one place too many,
   * `too_large` for the state, `overloaded` where the channel is full; what the client showed before then stays.
   */
  enter(session: Session, name: string, state: unknown): void {
    const known = this.#known(session, name)
    this.#requirePlace(session, name)
    const text = JSON.stringify(state)
    if (known) known.session = session
    if (known?.text === text) return
    const member = known ?? this.#member(session)
    const bytes = this.#requireBytes(name, member, text)
    const channel = this.#channels.get(name) ?? this.#open(name)
    if (!known) this.#join(channel, member)
    channel.bytes += bytes - member.bytes
    Object.assign(member, { state, text, bytes })
    channel.entered.set(member.mark, member)
    this.#tellSoon(channel)
    if (!known) this.#note(member, name, 'enter')
  }

  /** The client's presence so far. That of another user ends: with the session comes no right to appear as somebody else. */
  #known(session: Session, name: string): Member | undefined {
    const channel = this.#channels.get(name)
    const member = channel?.members.get(session.id)
    if (!channel || member?.user === session.user!.id) return member
    if (member) this.#remove(channel, member)
    return undefined
  }

  /**
   * What a member with this state adds to a frame, in bytes. All who are present share half of what may wait for one client: a
   * greeting and the diff after it must not cut off whoever subscribes.
   */
  #requireBytes(name: string, { mark, client, user, bytes }: Member, text: string): number {
    const { maxPresenceBytes, maxBufferedBytes } = this.#parts.settings
    const stateBytes = Buffer.byteLength(text)
    if (stateBytes > maxPresenceBytes)
      throw new SyncError('too_large', `The state has ${stateBytes} bytes, the hub takes ${maxPresenceBytes}`)
    // `[mark,client,user,state],` and, in a later diff, `mark,`.
    const needed = Buffer.byteLength(JSON.stringify([mark, client, user, mark])) + stateBytes + 2
    const others = (this.#channels.get(name)?.bytes ?? 0) - bytes
    if (others + needed > maxBufferedBytes / 2 - frameBytes)
      throw new SyncError('overloaded', 'Those who are present show as much as the channel can hold')
    return needed
  }

  /** Each place is kept for as long as the client is there: one client must not fill the process with them. */
  #requirePlace({ id }: Session, name: string): void {
    const { maxChannels } = this.#parts.settings
    const count = this.#places.get(id)?.size ?? 0
    if (count < maxChannels || this.#channels.get(name)?.members.has(id)) return
    throw new SyncError('limit_exceeded', `The client is present on ${maxChannels} channels already`)
  }

  leave(session: Session, name: string): void {
    const channel = this.#channels.get(name)
    const member = channel?.members.get(session.id)
    if (channel && member) this.#remove(channel, member)
  }

  /** A connection is gone. Whoever will not come back leaves at once, everyone else after the grace. */
  lost(session: Session, isSentAway: boolean): void {
    // Where a newer connection of the same session has taken over, the end of this one means nothing.
    if (!this.#keeps(session)) return
    const { clock, presenceGraceMs } = this.#parts.settings
    const end = () => this.#end(session.id)
    this.#graces.get(session.id)?.()
    if (isSentAway) end()
    else this.#graces.set(session.id, clock.after(presenceGraceMs, end))
  }

  /** A user is sent away: whoever of them has lost the connection leaves at once. Those that are connected leave by `lost`. */
  sentAway(user: string): void {
    for (const client of [...this.#graces.keys()]) {
      const [channel] = this.#places.get(client) ?? []
      if (channel?.members.get(client)?.user === user) this.#end(client)
    }
  }

  /** Where a client is present, it leaves, and there is no grace any more. */
  #end(client: string): void {
    this.#endGrace(client)
    for (const channel of [...(this.#places.get(client) ?? [])]) {
      this.#remove(channel, channel.members.get(client)!)
    }
  }

  #endGrace(client: string): void {
    this.#graces.get(client)?.()
    this.#graces.delete(client)
  }

  /** A session is ready: where its older connection was present as the same user, it stays so. */
  resumed(session: Session): void {
    const channels = this.#places.get(session.id)
    if (!channels) return
    this.#endGrace(session.id)
    for (const { name } of [...channels]) {
      const member = this.#known(session, name)
      if (member) member.session = session
    }
  }

  /**
   * Tells a session that begins to hear the channel who is there, as the others know it: what has changed since comes with the
   * next diff. So a crowd that subscribes and enters is told of together, and greeted with one encoding.
   */
  greet(session: Session, { name, cid }: Room): void {
    const channel = this.#channels.get(name)
    if (!channel) {
      session.send(['members', cid, 0, []])
      return
    }
    if (channel.greeting?.cid !== cid) {
      const text = JSON.stringify(['members', cid, channel.version, [...channel.told.values()]])
      channel.greeting = { cid, message: { text } }
    }
    session.sendShared(channel.greeting.message)
  }

  list(name: string): PresenceList {
    const members = this.#channels.get(name)?.members.values() ?? []
    return [...members].map(({ client, user, state, since }) => ({ client, user, state, since }))
  }

  count(name: string): PresenceCount {
    const members = [...(this.#channels.get(name)?.members.values() ?? [])]
    return { members: members.length, users: new Set(members.map(({ user }) => user)).size }
  }

  /** Nobody holds the channel any more: without members, there is nobody to whom its version means anything. */
  unheld(name: string): void {
    const channel = this.#channels.get(name)
    if (channel?.members.size === 0) this.#drop(channel)
  }

  /** Cancels all timers. */
  close(): void {
    for (const cancel of this.#graces.values()) cancel()
    for (const { cancelTelling } of this.#channels.values()) cancelTelling?.()
    this.#graces.clear()
    this.#channels.clear()
    this.#places.clear()
  }

  #open(name: string): Attended {
    const channel: Attended = {
      name,
      members: new Map(),
      bytes: 0,
      told: new Map(),
      entered: new Map(),
      left: new Set(),
      version: 0,
      greeting: undefined,
      cancelTelling: undefined,
    }
    this.#channels.set(name, channel)
    return channel
  }

  #drop(channel: Attended): void {
    channel.cancelTelling?.()
    this.#channels.delete(channel.name)
  }

  /** Someone who is not present yet. */
  #member(session: Session): Member {
    const { clock, random } = this.#parts.settings
    return {
      mark: randomMark(random, 8),
      client: session.id,
      user: session.user!.id,
      since: clock.now(),
      state: null,
      text: '',
      bytes: 0,
      session,
    }
  }

  #join(channel: Attended, member: Member): void {
    channel.members.set(member.client, member)
    const places = this.#places.get(member.client) ?? new Set()
    this.#places.set(member.client, places.add(channel))
  }

  #remove(channel: Attended, member: Member): void {
    const { name, members, told, entered, left } = channel
    members.delete(member.client)
    channel.bytes -= member.bytes
    const places = this.#places.get(member.client)
    places?.delete(channel)
    if (places?.size === 0) this.#places.delete(member.client)
    entered.delete(member.mark)
    // Of who came and went before anyone heard of it, nobody hears.
    if (told.has(member.mark)) left.add(member.mark)
    this.#note(member, name, 'leave')
    this.#tellSoon(channel)
  }

  /** Whether anyone is present by this very connection: whoever comes back takes over everywhere at once. */
  #keeps(session: Session): boolean {
    const [channel] = this.#places.get(session.id) ?? []
    return channel?.members.get(session.id)?.session === session
  }

  /** Gathers what changes within a moment: a thousand who come together are not told to a thousand others one by one. */
  #tellSoon(channel: Attended): void {
    const { clock, presenceDiffMs } = this.#parts.settings
    channel.cancelTelling ??= clock.after(presenceDiffMs, () => this.#tell(channel))
  }

  /** Tells the room of what has changed, when its moment is over. */
  #tell(channel: Attended): void {
    channel.cancelTelling = undefined
    const { name, members, told, entered, left } = channel
    const room = this.#parts.roomOf(name)
    if (entered.size > 0 || left.size > 0) {
      const news = [...entered.values()].map(toWire)
      const gone = [...left]
      for (const member of news) told.set(member[0], member)
      for (const mark of gone) told.delete(mark)
      entered.clear()
      left.clear()
      channel.version++
      channel.greeting = undefined
      if (room) this.#send(room, ['diff', room.cid, channel.version, news, gone])
    }
    if (members.size === 0 && !room) this.#drop(channel)
  }

  #send({ sessions }: Room, diff: DiffFrame): void {
    const message: SharedMessage = { text: JSON.stringify(diff) }
    for (const session of sessions) session.sendShared(message)
  }

  #note({ client, user }: Member, channel: string, change: 'enter' | 'leave'): void {
    const { diagnostics } = this.#parts
    if (diagnostics.isHeard) diagnostics.note('presence', { client, user, channel, change })
  }
}

function toWire({ mark, client, user, state }: Member): WireMember {
  return [mark, client, user, state]
}

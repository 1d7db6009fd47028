import { memory } from 'syncline/server'
import type { DiffFrame, MembersFrame, WireMember } from '../../src/protocol/frames.ts'
import { Diagnostics } from '../../src/server/diagnostics.ts'
import type { HubSettings } from '../../src/server/options.ts'
import { Presence } from '../../src/server/presence.ts'
import type { Room } from '../../src/server/rooms.ts'
import { Session } from '../../src/server/session.ts'
import { seededRandom } from '../../src/testing/seeded-random.ts'
import { FakeSessionSocket, fakeSettings } from './fake-sessions.ts'
import { roomsOver } from './rooms-over.ts'

/** One connection of a client, and what it can do. */
export type PresentSession = ReturnType<ReturnType<typeof presenceOnTest>['connect']>

/** Presence over real rooms, whose sessions are the test's. */
export function presenceOnTest(options: Partial<HubSettings> = {}) {
  const { clock, errors, settings } = fakeSettings({ random: seededRandom(1), ...options })
  const diagnostics = new Diagnostics(clock.now, () => {})
  const rooms = roomsOver(memory(settings), { settings, unheld: (name) => presence.unheld(name) })
  const presence: Presence = new Presence({ settings, diagnostics, roomOf: (name) => rooms.get(name) })
  /** A connection of the client `id`, by default a user of the same name. */
  const connect = (id: string, user = id) => {
    const socket = new FakeSessionSocket()
    const session = new Session(socket, settings)
    session.machine.send('hello')
    session.machine.send('admitted')
    session.id = id
    session.user = { id: user }
    const held = new Map<string, Room>()
    const unsub = (name = 'lobby') => {
      const room = held.get(name)
      if (!room) return
      held.delete(name)
      room.sessions.delete(session)
      rooms.release(room)
    }
    return {
      id,
      session,
      socket,
      enter: (state: unknown, name = 'lobby') => presence.enter(session, name, state),
      leave: (name = 'lobby') => presence.leave(session, name),
      resumed: () => presence.resumed(session),
      unsub,
      /** As a hub that has granted the channel. */
      sub: (name = 'lobby') => {
        unsub(name)
        const room = rooms.hold(name)
        held.set(name, room)
        presence.greet(session, room)
        room.sessions.add(session)
      },
      /** The connection is gone. */
      lose: (isSentAway = false) => {
        session.lost()
        for (const name of [...held.keys()]) unsub(name)
        presence.lost(session, isSentAway)
      },
      /** What it was told of presence, in short: the type, the version, who, and the marks of who left. */
      told: () =>
        presenceFrames(socket).map(([type, , version, members, left = []]) =>
          [type, version, ...members.map(shown), ...left.map(() => '-')].join(' '),
        ),
    }
  }
  return { clock, errors, settings, diagnostics, presence, rooms, connect }
}

export function presenceFrames(socket: FakeSessionSocket) {
  return socket.frames.filter(
    (frame): frame is MembersFrame | DiffFrame => frame[0] === 'members' || frame[0] === 'diff',
  )
}

const shown = ([, client, , state]: WireMember) => `${client}=${JSON.stringify(state)}`

/** Reads presence frames as the protocol says, and complains of what it forbids. */
export class PresenceReader {
  readonly members = new Map<string, WireMember>()
  readonly complaints: string[] = []
  /** Marks that have left: none comes again, and none leaves twice. */
  readonly #gone = new Set<string>()
  #version = Number.NaN

  read(frame: MembersFrame | DiffFrame): void {
    const [type, , version] = frame
    if (type === 'members') this.members.clear()
    else if (version !== this.#version + 1) this.complaints.push(`${version} after ${this.#version}`)
    this.#version = version
    for (const mark of frame[4] ?? []) {
      if (!this.members.delete(mark)) this.complaints.push(`${mark} left and was not there`)
      this.#gone.add(mark)
    }
    for (const member of frame[3]) {
      if (this.#gone.has(member[0])) this.complaints.push(`${member[0]} came again`)
      this.members.set(member[0], member)
    }
    const clients = [...this.members.values()].map(([, client]) => client)
    if (new Set(clients).size < clients.length) this.complaints.push(`twice: ${clients}`)
  }
}

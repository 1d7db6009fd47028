import type { Broadcaster, LogEntry, LogQuery, LogRead } from '../broadcasters/broadcaster.ts'
import type { Position } from '../shared/position.ts'
import type { Session } from './session.ts'

/** One channel on this node, while anyone here holds it. */
export interface Room {
  readonly name: string
  /** Stands for the name on the wire, for all sessions of this node. */
  readonly cid: number
  readonly sessions: Set<Session>
  /** The last entry that was handed to `sessions`. Anchored before `ready` resolves. */
  position: Position
  /** Resolves when delivery is in force. Rejects when the broadcaster could not be followed. */
  readonly ready: Promise<void>
  isReady: boolean
  /** How many sessions hold or await it. */
  holders: number
}

/** What a room is handed while somebody reads its log. */
export interface Overheard {
  readonly entries: readonly (LogEntry & { readonly epoch: string })[]
  /** What has been gathered, which is then no longer among `entries`. */
  take(): readonly LogEntry[]
  stop(): void
}

type Fanout = (room: Room, entry: LogEntry) => void

/** Follows each channel that is held here once, however many sessions hold it. */
export class Rooms {
  readonly #rooms = new Map<string, Room>()
  readonly #broadcaster: Broadcaster
  readonly #fanout: Fanout
  readonly #onUnheld: (name: string) => void
  readonly #undos = new Map<Room, () => void>()
  readonly #overhearing = new Map<Room, Set<(LogEntry & { readonly epoch: string })[]>>()
  #lastCid = 0

  /** `onUnheld` hears of each channel that nobody holds any more. */
  constructor(broadcaster: Broadcaster, fanout: Fanout, onUnheld: (name: string) => void = () => {}) {
    this.#onUnheld = onUnheld
    this.#broadcaster = broadcaster
    this.#fanout = fanout
  }

  /** The channel's room, if anyone here holds it. */
  get(name: string): Room | undefined {
    return this.#rooms.get(name)
  }

  /** The channel's room, held once more; give it back with `release`. Await its `ready` before use. */
  hold(name: string): Room {
    let room = this.#rooms.get(name)
    if (!room) {
      room = this.#open(name)
      this.#rooms.set(name, room)
    }
    room.holders++
    return room
  }

  /** Gives a hold back; the last one ends the delivery. */
  release(room: Room): void {
    room.holders--
    if (room.holders > 0) return
    if (this.#rooms.get(room.name) === room) this.#rooms.delete(room.name)
    this.#undos.get(room)?.()
    this.#undos.delete(room)
    if (!this.#rooms.has(room.name)) this.#onUnheld(room.name)
  }

  read(room: Room, query: LogQuery): Promise<LogRead> {
    return this.#broadcaster.read(room.name, query)
  }

  /** Gathers what the room is handed from now on, until it is stopped. */
  overhear(room: Room): Overheard {
    const entries: (LogEntry & { readonly epoch: string })[] = []
    const all = this.#overhearing.get(room) ?? new Set()
    this.#overhearing.set(room, all.add(entries))
    const stop = () => {
      all.delete(entries)
      // Stopped twice, it leaves alone who came in between.
      if (all.size === 0 && this.#overhearing.get(room) === all) this.#overhearing.delete(room)
    }
    return { entries, take: () => entries.splice(0), stop }
  }

  #open(name: string): Room {
    const early: [LogEntry, string][] = []
    const deliver = (entry: LogEntry, epoch: string) => {
      if (room.isReady) this.#advance(room, entry, epoch)
      else early.push([entry, epoch])
    }
    const follow = async () => {
      const undo = await this.#broadcaster.subscribe(name, deliver)
      if (room.holders === 0) return undo()
      this.#undos.set(room, undo)
      // Read after the subscription is in force, so that nothing falls between the two.
      const { top } = await this.#broadcaster.read(name)
      room.position = top
      room.isReady = true
      for (const [entry, epoch] of early) this.#advance(room, entry, epoch)
    }
    const room: Room = {
      name,
      cid: ++this.#lastCid,
      sessions: new Set(),
      position: { epoch: '', offset: 0, tag: '' },
      // Begun in a later microtask: `room` is not there yet.
      ready: Promise.resolve().then(follow),
      isReady: false,
      holders: 0,
    }
    // Whoever holds the room awaits it; this keeps a room that was given up from being an unhandled rejection.
    room.ready.catch(() => {
      if (this.#rooms.get(name) === room) this.#rooms.delete(name)
    })
    return room
  }

  #advance(room: Room, entry: LogEntry, epoch: string): void {
    if (epoch === room.position.epoch && entry.offset <= room.position.offset) return
    room.position = { epoch, offset: entry.offset, tag: entry.tag }
    const overhearing = this.#overhearing.get(room)
    if (overhearing) for (const entries of overhearing) entries.push({ ...entry, epoch })
    this.#fanout(room, entry)
  }
}

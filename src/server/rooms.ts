import type { Broadcaster, LogEntry } from '../broadcasters/broadcaster.ts'
import type { GapReason } from '../protocol/frames.ts'
import type { Undo } from '../shared/disposer.ts'
import { SyncError } from '../shared/errors.ts'
import type { Position } from '../shared/position.ts'
import type { HubSettings } from './options.ts'
import { RoomLog } from './room-log.ts'
import type { Session } from './session.ts'
import { TimerWheel, type WheelItem } from './wheel.ts'

/** One channel on this node, while anyone here holds it. */
export interface Room extends WheelItem {
  readonly name: string
  /** Stands for the name on the wire, for all sessions of this node. */
  readonly cid: number
  readonly sessions: Set<Session>
  /** The log as it was followed. There before `ready` resolves. */
  log: RoomLog | undefined
  /** The last entry that was handed to `sessions`. */
  readonly position: Position
  /** Resolves when delivery is in force. Rejects when the broadcaster could not be followed. */
  readonly ready: Promise<void>
  isReady: boolean
  /** How many sessions hold or await it. */
  holders: number
}

/** What a room is handed while somebody is sent its past. */
export interface Overheard {
  readonly entries: readonly LogEntry[]
  /** Whether continuity was lost since the last `take`: `entries` came after that. */
  readonly gap: { readonly reason: GapReason; readonly position: Position } | undefined
  /** What has been gathered, which is then no longer there. */
  take(): Pick<Overheard, 'entries' | 'gap'>
  stop(): void
}

export interface RoomsParts {
  readonly broadcaster: Pick<Broadcaster, 'subscribe' | 'read' | 'onReconnect'>
  readonly settings: Pick<HubSettings, 'clock' | 'random' | 'tailCheckMs' | 'maxBufferedBytes'>
  /** Hands an entry to the sessions of a room. */
  readonly deliver: (room: Room, entry: LogEntry) => void
  /** Tells the sessions of a room that continuity was lost; its position is where it goes on from. */
  readonly lost: (room: Room, reason: GapReason) => void
  /** Hears of each channel that nobody holds any more. */
  readonly unheld: (name: string) => void
  /** Hears of each look into a log that failed, and is made again. */
  readonly failed: (room: Room, error: SyncError) => void
}

interface Gathering {
  entries: LogEntry[]
  gap: Overheard['gap']
}

const nowhere: Position = { epoch: '', offset: 0, tag: '' }

/** How many rooms are looked after at a time when the engine is back. */
const mostAtOnce = 64

/** Follows each channel that is held here once, however many sessions hold it, and looks from time to time whether it missed the end. */
export class Rooms {
  readonly #rooms = new Map<string, Room>()
  readonly #parts: RoomsParts
  readonly #undos = new Map<Room, () => void>()
  readonly #overhearing = new Map<Room, Set<Gathering>>()
  readonly #wheel: TimerWheel<Room>
  readonly #unlisten: Undo | undefined
  #lastCid = 0

  constructor(parts: RoomsParts) {
    this.#parts = parts
    const { clock, tailCheckMs } = parts.settings
    const tickMs = Math.max(1, Math.floor(Math.min(tailCheckMs, 25_000) / 100))
    this.#wheel = new TimerWheel({ clock, tickMs, expired: (room) => void this.#check(room) })
    this.#unlisten = parts.broadcaster.onReconnect?.(() => void this.checkAll())
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
    this.#wheel.cancel(room)
    room.log?.close()
    if (!this.#rooms.has(room.name)) this.#parts.unheld(room.name)
  }

  /** Gathers what the room is handed from now on, until it is stopped. */
  overhear(room: Room): Overheard {
    const gathered: Gathering = { entries: [], gap: undefined }
    const all = this.#overhearing.get(room) ?? new Set()
    this.#overhearing.set(room, all.add(gathered))
    return {
      get entries() {
        return gathered.entries
      },
      get gap() {
        return gathered.gap
      },
      take: () => {
        const taken = { ...gathered }
        gathered.entries = []
        gathered.gap = undefined
        return taken
      },
      stop: () => {
        all.delete(gathered)
        // Stopped twice, it leaves alone who came in between.
        if (all.size === 0 && this.#overhearing.get(room) === all) this.#overhearing.delete(room)
      },
    }
  }

  /** Looks whether anything was missed on any channel: the engine was away. */
  async checkAll(): Promise<void> {
    const waiting = [...this.#rooms.values()]
    const work = async () => {
      for (let room = waiting.pop(); room; room = waiting.pop()) await room.log?.check()
    }
    await Promise.all(Array.from({ length: mostAtOnce }, work))
  }

  /** Hears of the broadcaster no longer. */
  close(): void {
    this.#unlisten?.()
  }

  async #check(room: Room): Promise<void> {
    await room.log?.check()
    if (room.holders > 0) this.#plan(room)
  }

  /** Drawn for each, so that channels that were opened together are not looked after together. */
  #plan(room: Room): void {
    const { tailCheckMs, random } = this.#parts.settings
    if (Number.isFinite(tailCheckMs)) this.#wheel.schedule(room, tailCheckMs * (0.75 + random() * 0.24))
  }

  #open(name: string): Room {
    const { broadcaster } = this.#parts
    const early: [LogEntry, string][] = []
    const deliver = (entry: LogEntry, epoch: string) => {
      if (room.log) room.log.take(entry, epoch)
      else early.push([entry, epoch])
    }
    const follow = async () => {
      const undo = await broadcaster.subscribe(name, deliver)
      if (room.holders === 0) return undo()
      this.#undos.set(room, undo)
      // Read after the subscription is in force, so that nothing falls between the two.
      const { top } = await broadcaster.read(name)
      // Given back in the meantime.
      if (room.holders === 0) return
      room.log = this.#logOf(room, top)
      room.isReady = true
      this.#plan(room)
      for (const [entry, epoch] of early) {
        // What was appended before is delivered, too, where an engine likes.
        if (epoch !== top.epoch || entry.offset > top.offset) room.log.take(entry, epoch)
      }
    }
    const room: Room = {
      name,
      cid: ++this.#lastCid,
      sessions: new Set(),
      log: undefined,
      get position() {
        return room.log?.position ?? nowhere
      },
      // Begun in a later microtask: `room` is not there yet.
      ready: Promise.resolve().then(follow),
      isReady: false,
      holders: 0,
      slot: undefined,
    }
    // Whoever holds the room awaits it; this keeps a room that was given up from being an unhandled rejection.
    room.ready.catch(() => {
      if (this.#rooms.get(name) === room) this.#rooms.delete(name)
    })
    return room
  }

  #logOf(room: Room, top: Position): RoomLog {
    const { broadcaster, settings, deliver, lost, failed } = this.#parts
    const { name } = room
    return new RoomLog(top, {
      clock: settings.clock,
      maxKept: settings.maxBufferedBytes,
      read: (query) => broadcaster.read(name, query),
      deliver: (entry) => {
        for (const { entries } of this.#overhearing.get(room) ?? []) entries.push(entry)
        deliver(room, entry)
      },
      lost: (reason) => {
        for (const gathered of this.#overhearing.get(room) ?? []) {
          gathered.entries = []
          gathered.gap = { reason, position: room.position }
        }
        lost(room, reason)
      },
      failed: (cause) => {
        const error = new SyncError('unavailable', 'The log of this channel cannot be read now', { cause })
        failed(room, error)
      },
    })
  }
}

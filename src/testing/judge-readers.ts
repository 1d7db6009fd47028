import type { Position } from '../shared/position.ts'
import type { Blame, ClientFact, ReaderFact } from './facts.ts'
import type { TrueEntry, TrueLogs } from './true-logs.ts'

interface Reader {
  readonly name: string
  readonly client: string
  readonly channel: string
  position: Position | undefined
  /** The entries that it has heard, by their order, and the messages, by id. */
  readonly heard: Set<number>
  readonly told: Set<number>
  lastOrder: number
  hasSubscribed: boolean
  /** What the last acceptance said, while nothing has come since. */
  joined: boolean | null | undefined
  /** Whether a subscription is in force. */
  isLive: boolean
  hasLeft: boolean
}

type FactOf<Kind extends ReaderFact['kind']> = Extract<ReaderFact, { kind: Kind }>

/**
 * For how long after its log was set back or lost a listener may get one gap too many, in milliseconds: a node that has not
 * noticed yet says what it knows.
 */
const confusionMs = 90_000

/** Judges what listeners hear: invariants 1 to 7 and 12. */
export class ReadersJudge {
  readonly #logs: TrueLogs
  readonly #blame: Blame
  readonly #readers = new Map<string, Reader>()
  /** The last entry that any listener of a client on a channel has got. */
  readonly #handed = new Map<string, number>()

  constructor(logs: TrueLogs, blame: Blame) {
    this.#logs = logs
    this.#blame = blame
  }

  hear(fact: ReaderFact): void {
    if (fact.kind === 'listening') {
      this.#readers.set(fact.listener, newReader(fact))
      return
    }
    const reader = this.#readers.get(fact.listener)!
    if (fact.kind === 'left') {
      reader.hasLeft = true
      return
    }
    if (reader.hasLeft) this.#blame(12, reader.name, `${fact.kind} after it had left`)
    else if (fact.kind === 'subscribed') this.#subscribed(reader, fact)
    else if (fact.kind === 'gap') this.#gap(reader, fact)
    else if (fact.kind === 'delivered') this.#delivered(reader, fact)
    else this.#told(reader, fact.id)
  }

  hearClient(fact: ClientFact): void {
    for (const reader of this.#readers.values()) {
      if (reader.client !== fact.client) continue
      if (fact.kind === 'gone') reader.hasLeft = true
      const isEnd = fact.kind === 'offline' || (fact.kind === 'refused' && fact.channel === reader.channel)
      if (isEnd) reader.isLive = false
    }
  }

  /** Everyone who still listens must be at the top of the log that has survived. */
  quiet(): void {
    for (const { name, channel, position, hasLeft } of this.#readers.values()) {
      if (hasLeft) continue
      if (!position) this.#blame(5, name, 'never subscribed')
      else if (!this.#logs.isSurviving(channel, position)) {
        this.#blame(4, name, `still holds ${show(position)}, which the log has lost`)
      } else if (!this.#logs.isTop(channel, position)) this.#blame(5, name, `stays at ${show(position)}`)
    }
  }

  #subscribed(reader: Reader, { position, recovered }: FactOf<'subscribed'>): void {
    const before = reader.position
    if ((recovered === null) === reader.hasSubscribed) {
      this.#blame(
        6,
        reader.name,
        `told recovered ${recovered} where it is ${reader.hasSubscribed ? 'not ' : ''}new`,
      )
    } else if (before && !isSame(before, position)) {
      this.#blame(6, reader.name, `moved from ${show(before)} to ${show(position)} without a gap`)
    } else if (!before) this.#checkPlace(reader, position)
    reader.hasSubscribed = true
    reader.isLive = true
    reader.joined = recovered
    reader.position = position
  }

  #gap(reader: Reader, { position, at, reason }: FactOf<'gap'>): void {
    const { channel, name, position: before } = reader
    const isConfused = at - this.#logs.disturbedAt(channel) < confusionMs
    const isExcused = isConfused || reason === 'overflow' || reason === 'unauthorized'
    if (before && !isExcused && this.#logs.isRecoverable(channel, before)) {
      this.#blame(7, name, `gap (${reason}) from ${show(before)} to ${show(position)}, which can be read`)
    } else this.#checkPlace(reader, position)
    reader.lastOrder = Math.max(reader.lastOrder, this.#logs.at(channel, position)?.order ?? 0)
    reader.position = position
    reader.joined = undefined
  }

  #delivered(reader: Reader, { position, id, replayed, at }: FactOf<'delivered'>): void {
    const entry = this.#logs.at(reader.channel, position)
    const why = `got ${id} at ${show(position)}`
    if (entry?.id === id) this.#checkEntry(reader, entry, { replayed, at })
    else this.#blame(4, reader.name, `${why}, which the log never held`)
    if (entry) {
      reader.heard.add(entry.order)
      reader.lastOrder = Math.max(reader.lastOrder, entry.order)
      this.#handed.set(lineOf(reader), entry.order)
    }
    reader.joined = undefined
    reader.position = position
  }

  /** One entry breaks one rule: the first of these that it does not keep. */
  #checkEntry(reader: Reader, entry: TrueEntry, { replayed, at }: { replayed: boolean; at: number }): void {
    const { name, channel, position: last, joined } = reader
    const { id, position, order } = entry
    const why = `got ${id} at ${show(position)}`
    // What one listener did on hearing an entry keeps no other one from it.
    const isEnded = !reader.isLive && this.#handed.get(lineOf(reader)) !== order
    const isPast = reader.heard.has(order) || order < reader.lastOrder
    if (isEnded) this.#blame(12, name, `${why} without a subscription`)
    else if (isPast && this.#isConfused(channel, position, at)) return
    else if (reader.heard.has(order)) this.#blame(2, name, `${why} twice`)
    else if (order < reader.lastOrder) this.#blame(3, name, `${why} after what was appended later`)
    else if (joined === false && replayed) this.#blame(6, name, `${why} replayed after a failed recovery`)
    else if (last && !follows(entry, last)) {
      const isFork = !this.#logs.isSurviving(channel, last)
      const invariant = isFork ? 4 : joined === true ? 6 : 1
      this.#blame(invariant, name, `${why} after ${show(last)} without a gap`)
    }
  }

  /** A node that has not noticed yet that the log was set back replays what it knows, until it has. */
  #isConfused(channel: string, position: Position, at: number): boolean {
    return !this.#logs.isSurviving(channel, position) && at - this.#logs.disturbedAt(channel) < confusionMs
  }

  #told(reader: Reader, id: number): void {
    if (!reader.isLive) this.#blame(12, reader.name, `was told ${id} without a subscription`)
    else if (reader.told.has(id)) this.#blame(2, reader.name, `was told ${id} twice`)
    reader.told.add(id)
  }

  /** A signal must point at a place that the log has had, or at the beginning of one. */
  #checkPlace({ name, channel }: Reader, position: Position): void {
    if (position.offset === 0 && position.tag === '') return
    if (!this.#logs.at(channel, position)) {
      this.#blame(4, name, `was sent to ${show(position)}, which the log never held`)
    }
  }
}

function newReader({ listener, client, channel }: FactOf<'listening'>): Reader {
  return {
    name: listener,
    client,
    channel,
    position: undefined,
    heard: new Set(),
    told: new Set(),
    lastOrder: 0,
    hasSubscribed: false,
    joined: undefined,
    isLive: false,
    hasLeft: false,
  }
}

function follows({ position, previous }: TrueEntry, { epoch, offset, tag }: Position): boolean {
  return position.epoch === epoch && position.offset === offset + 1 && previous === tag
}

function lineOf({ client, channel }: Reader): string {
  return `${client} ${channel}`
}

function isSame(a: Position, b: Position): boolean {
  return a.epoch === b.epoch && a.offset === b.offset && a.tag === b.tag
}

function show({ epoch, offset, tag }: Position): string {
  return `${epoch}/${offset}/${tag}`
}

import type { Position } from '../shared/position.ts'
import type { LogFact } from './facts.ts'

/** An entry, and its place among all that were ever appended to the channel. */
export interface TrueEntry {
  readonly id: number
  readonly position: Position
  readonly previous: string
  readonly order: number
}

interface TrueLog {
  /** Unknown after the log was lost, until something is appended. */
  epoch: string | undefined
  /** What has survived, by offset from 1. */
  surviving: TrueEntry[]
  /** Everything that was ever appended, by place and by id. */
  readonly byPlace: Map<string, TrueEntry>
  readonly byId: Map<number, TrueEntry>
  readonly deadEpochs: Set<string>
  firstRetained: number
  /** When it was last set back or lost, in milliseconds. */
  disturbedAt: number
}

/** The logs as their engine tells of them: what there is, what there was, and what could still be read. */
export class TrueLogs {
  readonly #logs = new Map<string, TrueLog>()
  #order = 0

  hear(fact: LogFact): void {
    const log = this.#log(fact.channel)
    if (fact.kind === 'appended') this.#append(log, fact)
    else if (fact.kind === 'trimmed') log.firstRetained = Math.max(log.firstRetained, fact.first)
    else {
      log.disturbedAt = fact.at
      if (fact.kind === 'rolled back') log.surviving.length = fact.position.offset
      else startOver(log)
    }
  }

  /** What was appended at a position, whether or not it has survived. */
  at(channel: string, position: Position): TrueEntry | undefined {
    return this.#log(channel).byPlace.get(placeOf(position))
  }

  /** The entry that a send has led to, if there ever was one. */
  of(channel: string, id: number): TrueEntry | undefined {
    return this.#log(channel).byId.get(id)
  }

  isSurviving(channel: string, { epoch, offset, tag }: Position): boolean {
    const log = this.#log(channel)
    if (offset === 0) return tag === '' && !log.deadEpochs.has(epoch) && (log.epoch ?? epoch) === epoch
    return log.epoch === epoch && log.surviving[offset - 1]?.position.tag === tag
  }

  surviving(channel: string): readonly TrueEntry[] {
    return this.#log(channel).surviving
  }

  isTop(channel: string, position: Position): boolean {
    return this.isSurviving(channel, position) && position.offset === this.#log(channel).surviving.length
  }

  /** Whether all that came after the position can still be read. */
  isRecoverable(channel: string, position: Position): boolean {
    const { epoch, firstRetained } = this.#log(channel)
    if (epoch === undefined || !this.isSurviving(channel, position)) return false
    return this.isTop(channel, position) || position.offset + 1 >= firstRetained
  }

  disturbedAt(channel: string): number {
    return this.#log(channel).disturbedAt
  }

  #append(log: TrueLog, { position, previous, id }: Extract<LogFact, { kind: 'appended' }>): void {
    if (log.epoch !== position.epoch) {
      if (log.epoch !== undefined) startOver(log)
      log.epoch = position.epoch
    }
    const entry = { id, position, previous, order: ++this.#order }
    log.surviving[position.offset - 1] = entry
    log.byPlace.set(placeOf(position), entry)
    log.byId.set(id, entry)
  }

  #log(channel: string): TrueLog {
    let log = this.#logs.get(channel)
    if (!log) {
      log = {
        epoch: undefined,
        surviving: [],
        byPlace: new Map(),
        byId: new Map(),
        deadEpochs: new Set(),
        firstRetained: 1,
        disturbedAt: Number.NEGATIVE_INFINITY,
      }
      this.#logs.set(channel, log)
    }
    return log
  }
}

function startOver(log: TrueLog): void {
  if (log.epoch !== undefined) log.deadEpochs.add(log.epoch)
  log.epoch = undefined
  log.surviving = []
  log.firstRetained = 1
}

function placeOf({ epoch, offset, tag }: Position): string {
  return `${epoch} ${offset} ${tag}`
}

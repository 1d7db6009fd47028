import type { Position } from 'syncline'
import type { ProcessFact } from './facts.ts'
import type { Condition } from './scenario.ts'

interface Reader {
  readonly client: string
  readonly channel: string
  position: Position | undefined
}

/** What all the processes have written down so far, as far as somebody waits for it. Judges nothing. */
export class Ledger {
  /** How often a hub has begun to listen, and where. */
  listens = 0
  port = 0
  /** Where a log in a process of its own listens. */
  logPort: number | undefined
  /** What was ordered and has not come about yet: sends, listeners, what a hub is to say. */
  readonly #open = new Map<number, string>()
  readonly #readers = new Map<string, Reader>()
  /** Requests whose handler has begun. */
  readonly #ran = new Set<number>()
  readonly #toSay = new Set<number>()
  readonly #tops = new Map<string, Position>()
  readonly #states = new Map<string, string>()

  hear(fact: ProcessFact): void {
    if (fact.kind === 'listens') {
      this.listens++
      this.port = fact.port
    } else if (fact.kind === 'log listens') this.logPort = fact.port
    else if (fact.kind === 'status') this.#states.set(fact.client, fact.state)
    else if (fact.kind === 'ran') this.#ran.add(fact.send)
    else if (fact.kind === 'answered') this.#open.delete(fact.send)
    else if (fact.kind === 'appended') {
      this.#tops.set(fact.channel, fact.position)
      this.#toSay.delete(fact.id)
    } else if (fact.kind === 'lost') this.#tops.delete(fact.channel)
    else if (fact.kind === 'left') this.#readers.delete(fact.listener)
    else if (fact.kind === 'subscribed' || fact.kind === 'gap' || fact.kind === 'delivered') {
      const reader = this.#readers.get(fact.listener)
      if (reader) reader.position = fact.position
    }
  }

  /** A client was told to send. */
  toSend(client: string, ids: readonly number[]): void {
    for (const id of ids) this.#open.set(id, client)
  }

  /** A client was told to listen. */
  toListen(listener: string, client: string, channel: string): void {
    this.#readers.set(listener, { client, channel, position: undefined })
  }

  /** The hub was told to say something. */
  toSay(ids: readonly number[]): void {
    for (const id of ids) this.#toSay.add(id)
  }

  /** The hub has ended: what it has not said it will never say. */
  hubEnded(): void {
    this.#toSay.clear()
  }

  stateOf(client: string): string | undefined {
    return this.#states.get(client)
  }

  /** What is still missing of a condition, in words; empty where it holds. */
  missing(what: Exclude<Condition, 'sprung'>, clients: readonly string[]): string {
    const of = (client: string) => clients.includes(client)
    const lines: Record<typeof what, () => string[]> = {
      settled: () => [...this.#open].filter(([, client]) => of(client)).map(([send]) => `send ${send}`),
      heard: () => [
        ...[...this.#toSay].map((id) => `entry ${id}`),
        ...[...this.#readers]
          .filter(([, reader]) => of(reader.client) && !this.#isAtTop(reader))
          .map(([name]) => name),
      ],
      running: () => ([...this.#open].some(([id]) => this.#ran.has(id)) ? [] : ['a request']),
      connected: () => clients.filter((client) => this.#states.get(client) !== 'connected'),
      offline: () => clients.filter((client) => this.#states.get(client) === 'connected'),
    }
    return lines[what]().join(', ')
  }

  #isAtTop({ channel, position }: Reader): boolean {
    const top = this.#tops.get(channel)
    if (!top || !position) return position !== undefined
    return position.epoch === top.epoch && position.offset === top.offset && position.tag === top.tag
  }
}

import type { ClientFrame, PubFrame, ReqFrame } from '../../src/protocol/frames.ts'

/** One thing that happened between an app, an outbox and its connection. */
export type JournalFact =
  | {
      readonly is: 'made'
      readonly name: string
      readonly channel: string
      readonly endsAt?: number | undefined
    }
  | { readonly is: 'frame'; readonly frame: ClientFrame }
  | { readonly is: 'note'; readonly type: string; readonly name: string }
  /** The hub has missed a number before this one. */
  | { readonly is: 'astray'; readonly name: string }
  /** A connection is there, and: what waited for it was sent. */
  | { readonly is: 'online' | 'flushed' | 'offline' }

interface Sent {
  readonly name: string
  readonly channel: string
  /** When it was made, as a number that grows. */
  readonly order: number
  readonly endsAt: number | undefined
  number?: number
  sentAt?: number
  isAstray?: boolean
  isSettled?: boolean
}

const settling = ['acknowledged', 'refused', 'indeterminate']

/**
 * Reads what an outbox did, against `docs/protocol.md` and what `Channel` promises, and says what is wrong with it. Names are
 * unique to each send. Knows nothing of the outbox.
 */
export class SendJournal {
  readonly #sends = new Map<string, Sent>()
  readonly #last = new Map<string, number>()
  readonly #refs = new Map<number, Sent>()
  readonly wrong: string[] = []
  /** What must be sent again first, in this order, once there is a connection. */
  #due: Sent[] | undefined
  #isOnline = false
  #resent: Sent | undefined

  /** Takes down what happened at a time, in milliseconds. */
  read(entry: JournalFact, at: number): void {
    if (entry.is === 'made') {
      const { name, channel, endsAt } = entry
      this.#sends.set(name, { name, channel, endsAt, order: this.#sends.size })
    } else if (entry.is === 'frame') this.#frame(entry.frame, at)
    else if (entry.is === 'note') this.#note(entry.type, this.#sends.get(entry.name)!)
    else if (entry.is === 'astray') this.#sends.get(entry.name)!.isAstray = true
    else this.#connection(entry.is)
    if (entry.is !== 'frame' && !(entry.is === 'note' && entry.type === 'sent')) this.#resent = undefined
  }

  /** What is wrong once everything must be settled. */
  end(): readonly string[] {
    for (const send of this.#sends.values()) this.#expect(!!send.isSettled, `${send.name} was never settled`)
    return this.wrong
  }

  #expect(isRight: boolean, what: string): void {
    if (!isRight) this.wrong.push(what)
  }

  /** What was sent and is not settled, oldest first. */
  #open(channel?: string): Sent[] {
    const open = [...this.#sends.values()].filter(
      ({ number, isSettled }) => number !== undefined && !isSettled,
    )
    return channel === undefined ? open : open.filter((send) => send.channel === channel)
  }

  #connection(is: 'online' | 'flushed' | 'offline'): void {
    if (is === 'online') this.#due = this.#open()
    if (is === 'flushed') {
      const left = (this.#due ?? []).filter(({ isSettled }) => !isSettled)
      this.#expect(left.length === 0, `not sent again: ${left.map(({ name }) => name).join()}`)
      const waiting = [...this.#sends.values()].filter((send) => send.number === undefined && !send.isSettled)
      this.#expect(waiting.length === 0, `not sent: ${waiting.map(({ name }) => name).join()}`)
      this.#due = undefined
    }
    this.#isOnline = is !== 'offline'
  }

  #frame(frame: ClientFrame, at: number): void {
    this.#expect(this.#isOnline, `${frame[0]} without a connection`)
    if (frame[0] === 'pub') this.#publication(frame, at)
    else if (frame[0] === 'req') this.#request(frame, at)
    else if (frame[0] === 'cancel') {
      const send = this.#refs.get(frame[1])
      this.#expect(!!send && !send.isSettled, `cancel ${frame[1]} of nothing that is open`)
    } else this.wrong.push(`unexpected ${frame[0]}`)
  }

  #publication([, n, base, channel, name, , ageMs]: PubFrame, at: number): void {
    const send = this.#sends.get(name)!
    this.#expect(send.channel === channel, `${name} on ${channel}`)
    if (send.number === undefined) {
      const last = this.#last.get(channel) ?? 0
      this.#expect(n === last + 1, `${name} has number ${n} after ${last}`)
      this.#last.set(channel, n)
      const later = this.#open(channel).filter(({ order }) => order > send.order)
      this.#expect(later.length === 0, `${name} was overtaken by ${later.map((each) => each.name).join()}`)
    }
    this.#transmission(send, { number: n, ageMs, at })
    const open = this.#open(channel).flatMap((each) =>
      each.number === undefined || !this.#isPub(each) ? [] : [each.number],
    )
    this.#expect(base === Math.min(...open), `${name} has base ${base} where ${open.join()} are open`)
  }

  #request([, ref, channel, name, , options]: ReqFrame, at: number): void {
    const send = this.#sends.get(name)!
    this.#expect(send.channel === channel, `${name} on ${channel}`)
    const { ageMs, timeoutMs } = options ?? {}
    this.#expect(timeoutMs === send.endsAt! - at, `${name} says that it waits for ${timeoutMs} ms`)
    if (send.number === undefined) this.#expect(!this.#refs.has(ref), `reference ${ref} was used before`)
    this.#refs.set(ref, send)
    this.#transmission(send, { number: ref, ageMs, at })
  }

  #isPub(send: Sent): boolean {
    return this.#refs.get(send.number!) !== send
  }

  #transmission(
    send: Sent,
    { number, ageMs, at }: { number: number; ageMs: number | undefined; at: number },
  ): void {
    const { name } = send
    this.#expect(!send.isSettled, `${name} was sent after it was settled`)
    if (send.number === undefined) {
      this.#expect(ageMs === undefined, `${name} has an age though it is new`)
      this.#expect(!this.#due?.length, `${name} is new, and left before ${this.#due?.[0]?.name}`)
      Object.assign(send, { number, sentAt: at })
      return
    }
    this.#expect(number === send.number, `${name} was ${send.number} and is ${number}`)
    this.#expect(ageMs === at - send.sentAt!, `${name} is ${at - send.sentAt!} ms old and says ${ageMs}`)
    if (this.#due) {
      this.#due = this.#due.filter(({ isSettled }) => !isSettled)
      const next = this.#due.shift()
      this.#expect(next === send, `${name} was sent again in place of ${next?.name}`)
    } else {
      const isNext = this.#open(send.channel).filter((each) => this.#isPub(each))[0] === send
      const follows = this.#resent?.channel === send.channel && this.#resent.number! < number
      this.#expect(!!send.isAstray && (isNext || follows), `${name} was sent again for nothing`)
      this.#resent = send
    }
    send.isAstray = false
  }

  #note(type: string, send: Sent): void {
    if (!settling.includes(type)) return
    this.#expect(!send.isSettled, `${send.name} was settled twice`)
    const isSent = send.number !== undefined
    this.#expect(isSent || type === 'refused', `${send.name} is ${type} and was never sent`)
    send.isSettled = true
  }
}

import type { Blame, ClientFact, LogFact, SendFact } from './facts.ts'
import type { TrueLogs } from './true-logs.ts'

type FactOf<Kind extends SendFact['kind']> = Extract<SendFact, { kind: Kind }>

interface Send extends FactOf<'sent'> {
  outcome: FactOf<'answered'>['outcome'] | undefined
  code: string | undefined
  answeredAt: number | undefined
  runs: number
  /** How often its claim may have been lost: as often it may run again. */
  losses: number
  /** How long its client had stood still when it was sent, in milliseconds. */
  readonly stoodStillMs: number
  /** Whether its client has lost its connection since: then it may have been sent again. */
  mayBeAgain: boolean
}

interface Sender {
  stoodStillMs: number
  frozeAt: number | undefined
  isGone: boolean
}

/** How late an answer may be told, in milliseconds: timers count whole ones. */
const slackMs = 1_000

/** For how long what a client has learnt may not be written down, in milliseconds: writes are gathered for 250. */
const unwrittenMs = 300

/** What a handler itself answers with, after it has run. */
const answersOfHandlers = ['not_found', 'internal', 'bad_payload']

/** Judges what becomes of sends: invariants 8 to 11. */
export class SendsJudge {
  readonly #logs: TrueLogs
  readonly #blame: Blame
  readonly #sends = new Map<number, Send>()
  readonly #senders = new Map<string, Sender>()

  constructor(logs: TrueLogs, blame: Blame) {
    this.#logs = logs
    this.#blame = blame
  }

  hear(fact: SendFact): void {
    if (fact.kind === 'sent') {
      const { stoodStillMs } = this.#sender(fact.client)
      const unknown = { outcome: undefined, code: undefined, answeredAt: undefined }
      this.#sends.set(fact.send, {
        ...fact,
        ...unknown,
        runs: 0,
        losses: 0,
        stoodStillMs,
        mayBeAgain: false,
      })
      return
    }
    const send = this.#sends.get(fact.send)!
    if (fact.kind === 'ran') this.#ran(send)
    else this.#answered(send, fact)
  }

  hearClient(fact: ClientFact): void {
    const sender = this.#sender(fact.client)
    if (fact.kind === 'froze') sender.frozeAt ??= fact.at
    else if (fact.kind === 'thawed' && sender.frozeAt !== undefined) {
      sender.stoodStillMs += fact.at - sender.frozeAt
      sender.frozeAt = undefined
    } else if (fact.kind === 'gone') this.#gone(fact, sender)
    else if (fact.kind === 'offline') {
      for (const send of this.#sends.values()) if (send.client === fact.client) send.mayBeAgain = true
    }
  }

  /** What a process has learnt just before its end, it may not have written down: who comes after it goes by what was written. */
  #gone({ at, client }: ClientFact, sender: Sender): void {
    sender.isGone = true
    for (const send of this.#sends.values()) {
      const isRecent = send.answeredAt !== undefined && at - send.answeredAt < unwrittenMs
      if (send.client === client && isRecent && send.outcome === 'refused') send.outcome = 'unknown'
    }
  }

  /** Called before the logs take the entry in. */
  appended({ channel, id, position }: Extract<LogFact, { kind: 'appended' }>): void {
    const send = this.#sends.get(id)
    if (!send) return
    const who = nameOf(send)
    for (const earlier of this.#logs.surviving(channel)) {
      // Another epoch is another log.
      if (earlier.position.epoch !== position.epoch) continue
      if (earlier.id === id) this.#blame(9, who, 'is in the log twice')
      const other = this.#sends.get(earlier.id)
      if (other?.client === send.client && other.send > send.send) {
        this.#blame(11, who, `was applied after ${nameOf(other)}`)
      }
    }
    if (send.outcome === 'refused') this.#blame(10, who, `was refused (${send.code}) and then applied`)
  }

  /** What has run may run again, or be refused as if it had not. */
  claimsLost(): void {
    for (const send of this.#sends.values()) send.losses++
  }

  quiet(): void {
    for (const send of this.#sends.values()) {
      if (send.outcome === undefined && !this.#sender(send.client).isGone) {
        this.#blame(10, nameOf(send), 'was never answered')
      }
    }
  }

  #ran(send: Send): void {
    send.runs++
    if (send.runs > 1 + send.losses && !send.idempotent)
      this.#blame(9, nameOf(send), `ran ${send.runs} times`)
    if (send.outcome === 'refused' && !send.idempotent && !answersOfHandlers.includes(send.code!)) {
      this.#blame(10, nameOf(send), `was refused (${send.code}) and then ran`)
    }
  }

  #answered(send: Send, fact: FactOf<'answered'>): void {
    const who = nameOf(send)
    if (send.outcome !== undefined) this.#blame(10, who, 'was answered twice')
    const { stoodStillMs } = this.#sender(send.client)
    const lateMs = fact.at - send.endsBy - (stoodStillMs - send.stoodStillMs)
    if (lateMs > slackMs) this.#blame(10, who, `was answered ${lateMs} ms late`)
    send.outcome = fact.outcome
    send.code = fact.code
    send.answeredAt = fact.at
    if (fact.outcome === 'refused') this.#refused(send)
    else if (fact.outcome === 'applied' && send.what === 'request') {
      if (send.runs === 0) this.#blame(8, who, 'was answered and never ran')
    } else if (fact.outcome === 'applied') this.#acknowledged(send, fact)
  }

  #refused(send: Send): void {
    const { channel, code, idempotent, losses, runs, what } = send
    // It may be asked for again: what is said of the last time says nothing of the times before.
    if (idempotent) return
    const isApplied =
      what === 'publication'
        ? this.#logs.of(channel, send.send) !== undefined
        : runs > losses && !answersOfHandlers.includes(code!)
    if (isApplied) this.#blame(10, nameOf(send), `was refused (${code}) and had been applied`)
  }

  #acknowledged(send: Send, { position }: FactOf<'answered'>): void {
    const entry = this.#logs.of(send.channel, send.send)
    if (!entry || !position) {
      this.#blame(8, nameOf(send), 'was acknowledged and is not in the log')
      return
    }
    // It may have been lost, and applied again, while its acknowledgement was on its way.
    if (this.#logs.at(send.channel, position)?.id === send.send) return
    const { epoch, offset } = entry.position
    // Of one that was sent again, the top is told, an upper bound; of what the log has lost since, anything.
    const isBound = send.mayBeAgain && position.epoch === epoch && position.offset > offset
    if (isBound || !this.#logs.isSurviving(send.channel, entry.position)) return
    this.#blame(8, nameOf(send), `is at ${offset}, and was acknowledged at ${position.offset}`)
  }

  #sender(client: string): Sender {
    let sender = this.#senders.get(client)
    if (!sender) {
      sender = { stoodStillMs: 0, frozeAt: undefined, isGone: false }
      this.#senders.set(client, sender)
    }
    return sender
  }
}

function nameOf({ what, send, client }: Send): string {
  return `${what} ${send} of ${client}`
}

import { getEventListeners } from 'node:events'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { OutboxSettings } from '../../../src/client/outbox.ts'
import type { ClientFrame } from '../../../src/protocol/frames.ts'
import { SyncError, type SyncErrorCode } from '../../../src/shared/errors.ts'
import { outboxOnTest, positionAt, type Watched } from '../../support/outbox-on-test.ts'
import { type JournalFact, SendJournal } from '../../support/send-journal.ts'

type Step =
  | {
      readonly do: 'publish' | 'request'
      readonly room: number
      readonly size: number
      readonly timeoutMs: number | undefined
      readonly isAbortable: boolean
    }
  /** `at` chooses among what was sent, by its place modulo their number. */
  | { readonly do: 'ack' | 'res' | 'abort'; readonly at: number }
  | { readonly do: 'nak'; readonly at: number; readonly code: SyncErrorCode }
  | { readonly do: 'stray'; readonly number: number }
  | { readonly do: 'cut' | 'online' }
  | { readonly do: 'advance'; readonly ms: number }

const at = fc.nat({ max: 30 })
const sending = {
  room: fc.nat({ max: 1 }),
  size: fc.integer({ min: 1, max: 9 }),
  timeoutMs: fc.option(fc.nat({ max: 120 }), { nil: undefined }),
  isAbortable: fc.boolean(),
}
const codes: SyncErrorCode[] = ['out_of_order', 'out_of_order', 'rate_limited', 'forbidden', 'indeterminate']
const steps = fc.array(
  fc.oneof(
    { weight: 6, arbitrary: fc.record({ do: fc.constant('publish' as const), ...sending }) },
    { weight: 2, arbitrary: fc.record({ do: fc.constant('request' as const), ...sending }) },
    { weight: 4, arbitrary: fc.record({ do: fc.constantFrom('ack', 'res', 'abort'), at }) },
    {
      weight: 4,
      arbitrary: fc.record({ do: fc.constant('nak' as const), at, code: fc.constantFrom(...codes) }),
    },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('stray' as const), number: fc.nat({ max: 99 }) }) },
    { weight: 3, arbitrary: fc.record({ do: fc.constantFrom('cut', 'online', 'online') }) },
    { weight: 2, arbitrary: fc.record({ do: fc.constant('advance' as const), ms: fc.nat({ max: 60 }) }) },
  ),
  { minLength: 1, maxLength: 60 },
) as fc.Arbitrary<Step[]>

const settings: fc.Arbitrary<OutboxSettings> = fc.record({
  maxCount: fc.integer({ min: 1, max: 12 }),
  maxBytes: fc.integer({ min: 5, max: 60 }),
  ttlMs: fc.integer({ min: 1, max: 100 }),
  giveUpMs: fc.integer({ min: 1, max: 200 }),
  requestTimeoutMs: fc.integer({ min: 1, max: 100 }),
  whenFull: fc.constantFrom('reject', 'drop-oldest', 'drop-newest'),
})

/** An outbox with a hub that answers what the steps say, and what went on between them. */
class Trial {
  readonly journal = new SendJournal()
  readonly sends: Watched[] = []
  readonly signals: AbortController[] = []
  readonly #requestTimeoutMs: number
  readonly box
  /** Frames that are not answered yet. */
  #pubs = new Map<string, { channel: string; n: number }>()
  #reqs = new Map<string, number>()

  constructor(given: OutboxSettings, isOnline: boolean) {
    this.#requestTimeoutMs = given.requestTimeoutMs
    this.box = outboxOnTest({ ...given, isOnline: false }, (clock) => ({
      frame: (frame) => this.#sent(frame, clock.now()),
      note: ({ type, name }) => this.#settled(type, name, clock.now()),
    }))
    if (isOnline) this.take({ do: 'online' })
  }

  #read(fact: JournalFact): void {
    this.journal.read(fact, this.box.clock.now())
  }

  #sent(frame: ClientFrame, now: number): void {
    if (frame[0] === 'pub') this.#pubs.set(frame[4], { channel: frame[3], n: frame[1] })
    if (frame[0] === 'req') this.#reqs.set(frame[3], frame[1])
    this.journal.read({ is: 'frame', frame }, now)
  }

  #settled(type: string, name: string, now: number): void {
    this.journal.read({ is: 'note', type, name }, now)
    if (type === 'sent') return
    this.#pubs.delete(name)
    this.#reqs.delete(name)
  }

  /** How many are open by the app's own count, and their bytes. */
  get open(): { count: number; bytes: number } {
    const open = this.sends.filter(({ outcome }) => outcome === undefined)
    return { count: open.length, bytes: open.reduce((sum, send) => sum + this.sizes.get(send)!, 0) }
  }

  readonly sizes = new Map<Watched, number>()

  take(step: Step): Promise<void> | void {
    const { box } = this
    if (step.do === 'publish' || step.do === 'request') this.#add(step)
    else if (step.do === 'ack') {
      const [, pub] = pick(this.#pubs, step.at)
      if (pub) box.outbox.acknowledged(pub.channel, pub.n, positionAt(pub.n))
    } else if (step.do === 'nak') this.#refuse(step)
    else if (step.do === 'res') {
      const [, ref] = pick(this.#reqs, step.at)
      if (ref !== undefined)
        box.outbox.answered(
          ref,
          step.at % 2 ? new SyncError('internal', 'No') : { data: 1, position: undefined },
        )
    } else if (step.do === 'abort') this.signals[step.at]?.abort()
    else if (step.do === 'stray') this.#stray(1_000 + step.number)
    else if (step.do === 'advance') return box.clock.advance(step.ms)
    else if (step.do === 'cut') {
      box.cut()
      this.#read({ is: 'offline' })
    } else if (!box.link.isOnline) {
      this.#read({ is: 'online' })
      box.online()
      this.#read({ is: 'flushed' })
    }
  }

  #add({ do: kind, room, size, timeoutMs, isAbortable }: Extract<Step, { isAbortable: boolean }>): void {
    const { box, sends, signals } = this
    const name = `s${sends.length}`
    const channel = `room/${room}`
    const abort = new AbortController()
    signals.push(abort)
    const waitMs = timeoutMs ?? (kind === 'request' ? this.#requestTimeoutMs : undefined)
    this.#read({
      is: 'made',
      name,
      channel,
      endsAt: waitMs === undefined ? undefined : box.clock.now() + waitMs,
    })
    const data = 10 ** (size - 1)
    const send = box[kind](data, {
      name,
      channel,
      ...(isAbortable && { signal: abort.signal }),
      ...(timeoutMs !== undefined && { timeoutMs }),
    })
    sends.push(send)
    this.sizes.set(send, size)
  }

  #refuse(step: Extract<Step, { do: 'nak' }>): void {
    const [name, pub] = pick(this.#pubs, step.at)
    if (!pub) return
    if (step.code === 'out_of_order') this.#read({ is: 'astray', name: name! })
    this.box.refuse(pub.n, step.code, pub.channel)
  }

  #stray(number: number): void {
    this.box.acknowledge(number)
    this.box.refuse(number, 'out_of_order')
    this.box.refuse(number, 'forbidden', 'room/9')
    expect(this.box.outbox.answered(number, { data: 1, position: undefined })).toBe(false)
  }

  /** Answers everything, with a connection. */
  answerAll(): void {
    this.take({ do: 'online' })
    while (this.#pubs.size + this.#reqs.size > 0) {
      this.take({ do: 'ack', at: 0 })
      this.take({ do: 'res', at: 0 })
    }
  }
}

function pick<V>(from: ReadonlyMap<string, V>, place: number): [string, V] | [undefined, undefined] {
  return [...from][place % Math.max(1, from.size)] ?? [undefined, undefined]
}

const trials = fc.record({
  given: settings,
  isOnline: fc.boolean(),
  todo: steps,
  ending: fc.constantFrom('close', 'answers', 'time'),
})

describe('whatever is sent, answered, refused, cut, given up, and however time passes', () => {
  it('every send is settled once, numbers are dense, resends are in order, and nothing is left', async () => {
    const seen = new Map<string, number>()
    const outcomes = [
      'done',
      'queue_full',
      'timeout',
      'indeterminate',
      'aborted',
      'closed',
      'rate_limited',
      'forbidden',
      'internal',
      'too_large',
    ]
    const property = fc.asyncProperty(trials, async ({ given, isOnline, todo, ending }) => {
      const trial = new Trial(given, isOnline)
      const { clock, outbox } = trial.box
      for (const step of todo) {
        await trial.take(step)
        await clock.settle()
        expect(trial.journal.wrong).toEqual([])
        expect(outbox.pending).toEqual(trial.open)
        expect(clock.pending, 'one timer for each open send').toBe(trial.open.count)
      }
      if (ending === 'close') outbox.close()
      else if (ending === 'time') await clock.advance(1_000)
      else trial.answerAll()
      await clock.settle()
      expect(trial.journal.end()).toEqual([])
      expect(trial.sends.filter(({ times }) => times !== 1)).toEqual([])
      expect([outbox.pending, clock.pending]).toEqual([{ count: 0, bytes: 0 }, 0])
      expect(trial.signals.flatMap(({ signal }) => getEventListeners(signal, 'abort'))).toEqual([])
      for (const { outcome } of trial.sends) seen.set(outcome!, (seen.get(outcome!) ?? 0) + 1)
    })
    // Some are rare, and chance has no memory: it goes on until it has led to each of them.
    for (let round = 0; round < 6 && seen.size < outcomes.length; round++)
      await fc.assert(property, { numRuns: 500 })
    expect([...seen.keys()].sort(), 'the steps lead to every outcome').toEqual(outcomes.sort())
  }, 60_000)
})

describe('the journal that this is held to', () => {
  const made = (name: string, endsAt?: number): JournalFact => ({ is: 'made', name, channel: 'a', endsAt })
  const frame = (...given: ClientFrame): JournalFact => ({ is: 'frame', frame: given })
  const pub = ([n, base]: [number, number], name: string, ...age: number[]) =>
    frame(...(['pub', n, base, 'a', name, 0, ...age] as unknown as ClientFrame))
  const req = (ref: number, name: string, options: object) => frame('req', ref, 'a', name, 0, options)
  const note = (type: string, name: string): JournalFact => ({ is: 'note', type, name })
  const astray = (name: string): JournalFact => ({ is: 'astray', name })
  const [online, flushed, offline] = [{ is: 'online' }, { is: 'flushed' }, { is: 'offline' }] as const
  const two = [made('x'), made('y'), online, flushed]
  const both = [...two.slice(0, 3), pub([1, 1], 'x'), pub([2, 1], 'y'), flushed]

  const read = (facts: readonly JournalFact[], at = 0) => {
    const journal = new SendJournal()
    for (const fact of facts) journal.read(fact, at)
    return journal
  }

  it('passes what is right', () => {
    expect(read(both).wrong).toEqual([])
    expect(read([...both, astray('y'), note('acknowledged', 'x'), pub([2, 2], 'y', 0)]).wrong).toEqual([])
    expect(read([...both, offline, online, pub([1, 1], 'x', 0), pub([2, 1], 'y', 0), flushed]).wrong).toEqual(
      [],
    )
    expect(
      read([made('x', 9), online, req(1, 'x', { timeoutMs: 9 }), flushed, frame('cancel', 1)]).wrong,
    ).toEqual([])
  })

  it.each<[string, readonly JournalFact[]]>([
    ['x has number 2 after 0', [...two, pub([2, 2], 'x')]],
    ['x was overtaken by y', [...two, pub([1, 1], 'y'), pub([2, 1], 'x')]],
    ['y has base 2 where 1,2 are open', [...two, pub([1, 1], 'x'), pub([2, 2], 'y')]],
    ['x has an age though it is new', [...two, pub([1, 1], 'x', 0)]],
    ['x is 0 ms old and says 5', [...both, astray('x'), pub([1, 1], 'x', 5)]],
    ['x is 0 ms old and says undefined', [...both, astray('x'), pub([1, 1], 'x')]],
    ['x was 1 and is 3', [...both, astray('x'), pub([3, 1], 'x', 0)]],
    ['x was sent again for nothing', [...both, pub([1, 1], 'x', 0)]],
    ['y was sent again for nothing', [...both, astray('y'), pub([2, 1], 'y', 0)]],
    ['x was sent after it was settled', [...two, note('refused', 'x'), pub([1, 1], 'x')]],
    ['x was settled twice', [...both, note('refused', 'x'), note('refused', 'x')]],
    ['x is acknowledged and was never sent', [...two, note('acknowledged', 'x')]],
    ['pub without a connection', [made('x'), pub([1, 1], 'x')]],
    ['not sent: x', [made('x'), online, flushed]],
    ['not sent again: y', [...both, offline, online, pub([1, 1], 'x', 0), flushed]],
    ['y was sent again in place of x', [...both, offline, online, pub([2, 1], 'y', 0)]],
    ['z is new, and left before x', [...both, offline, made('z'), online, pub([3, 1], 'z')]],
    ['cancel 1 of nothing that is open', [online, frame('cancel', 1)]],
    ['x says that it waits for 5 ms', [made('x', 9), online, req(1, 'x', { timeoutMs: 5 })]],
    [
      'reference 1 was used before',
      [made('x', 9), made('y', 9), online, req(1, 'x', { timeoutMs: 9 }), req(1, 'y', { timeoutMs: 9 })],
    ],
  ])('finds that %s', (found, facts) => {
    expect(read(facts).wrong).toContain(found)
  })

  it('finds in the end what was never settled', () => {
    expect(read([...both, note('acknowledged', 'x')]).end()).toEqual(['y was never settled'])
  })
})

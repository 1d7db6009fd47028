import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { ClientFrame } from '../../../src/protocol/frames.ts'
import { SyncError } from '../../../src/shared/errors.ts'
import { outboxOnTest, pubs, type Watched } from '../../support/outbox-on-test.ts'
import { ruledLog } from '../../support/publication-rules.ts'

/** What the hub or the network does next. `refuse`: the hub has no time for the next publication that it could apply. */
type Step =
  | { readonly do: 'publish'; readonly room: number }
  | { readonly do: 'read' | 'answer' | 'cut'; readonly count: number }
  | { readonly do: 'online' | 'refuse' }
  | { readonly do: 'abort'; readonly at: number }

const steps = fc.array(
  fc.oneof(
    { weight: 6, arbitrary: fc.record({ do: fc.constant('publish'), room: fc.nat({ max: 1 }) }) },
    { weight: 5, arbitrary: fc.record({ do: fc.constantFrom('read', 'answer'), count: fc.nat({ max: 6 }) }) },
    { weight: 2, arbitrary: fc.record({ do: fc.constant('cut'), count: fc.nat({ max: 6 }) }) },
    { weight: 3, arbitrary: fc.record({ do: fc.constantFrom('online', 'online', 'refuse') }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('abort'), at: fc.nat({ max: 20 }) }) },
  ),
  { maxLength: 60 },
) as fc.Arbitrary<Step[]>

/** An outbox and a hub that keeps the rules, with a link between them that loses what is under way when it is cut. */
class Line {
  readonly box
  readonly log
  readonly sends: { readonly watched: Watched; readonly room: string; readonly abort: AbortController }[] = []
  #toHub: ClientFrame[] = []
  #toClient: ReturnType<ReturnType<typeof ruledLog>['publish']>[] = []

  constructor(remembers: boolean) {
    this.log = ruledLog({ remembers })
    this.box = outboxOnTest({}, () => ({ frame: (frame) => this.#toHub.push(frame), note: () => {} }))
  }

  take(step: Step): void {
    const { box } = this
    if (step.do === 'publish') this.#publish(`room/${step.room}`)
    else if (step.do === 'refuse') this.log.refusals.push('rate_limited')
    else if (step.do === 'read') this.#read(step.count)
    else if (step.do === 'answer') this.#answer(step.count)
    else if (step.do === 'abort') this.sends[step.at]?.abort.abort()
    else if (step.do === 'cut') {
      // Some of what was under way still arrives; its answers do not.
      this.#read(step.count)
      box.cut()
      this.#toHub = []
      this.#toClient = []
    } else if (!box.link.isOnline) box.online()
  }

  /** Lets the line work until nothing is under way. */
  calm(): void {
    this.take({ do: 'online' })
    for (let rounds = 0; this.#toHub.length + this.#toClient.length > 0; rounds++) {
      if (rounds > 1_000) throw new Error('it never ends')
      this.#read(Number.POSITIVE_INFINITY)
      this.#answer(Number.POSITIVE_INFINITY)
    }
  }

  #publish(room: string): void {
    const abort = new AbortController()
    const watched = this.box.publish(this.sends.length, { channel: room, signal: abort.signal })
    this.sends.push({ watched, room, abort })
  }

  #read(count: number): void {
    for (const frame of pubs(this.#toHub.splice(0, count))) this.#toClient.push(this.log.publish('me', frame))
  }

  #answer(count: number): void {
    for (const answer of this.#toClient.splice(0, count)) {
      if (answer[0] === 'ack') this.box.outbox.acknowledged(answer[1], answer[2], answer[3])
      else this.box.outbox.refused(answer[1], answer[2], new SyncError(answer[3] as 'internal', answer[4]))
    }
  }
}

/** What is wrong with what a hub has applied, given what the app was told. */
function faults({ log, sends }: Line): string[] {
  const times = (i: number) => log.applied.filter(({ data }) => data === i).length
  const wrong = sends.flatMap(({ watched: { outcome } }, i) => {
    if (outcome === 'done' && times(i) === 1) return []
    if (outcome === 'rate_limited' && times(i) === 0) return []
    if (outcome === 'aborted' && times(i) <= 1) return []
    return [`${i} is ${outcome} and was applied ${times(i)} times`]
  })
  for (const room of new Set(sends.map((send) => send.room))) {
    const order = log.applied.filter(({ channel }) => channel === room).map(({ data }) => data as number)
    if (order.some((i, place) => place > 0 && i < order[place - 1]!))
      wrong.push(`out of order: ${order.join()}`)
  }
  return wrong
}

async function faultsAfter(todo: readonly Step[], remembers = true): Promise<string[]> {
  const line = new Line(remembers)
  for (const step of todo) line.take(step)
  line.calm()
  await line.box.clock.settle()
  return faults(line)
}

describe('over a link that is cut anywhere, to a hub that keeps the rules', () => {
  it('what is acknowledged was applied once and in order, and what is refused was not applied', async () => {
    await fc.assert(
      fc.asyncProperty(steps, async (todo) => {
        expect(await faultsAfter(todo)).toEqual([])
      }),
      { numRuns: 1_000 },
    )
  }, 60_000)

  it('is found to be applied twice where the hub does not remember', async () => {
    const lostAnswer: Step[] = [
      { do: 'publish', room: 0 },
      { do: 'cut', count: 1 },
    ]
    expect(await faultsAfter(lostAnswer)).toEqual([])
    expect(await faultsAfter(lostAnswer, false)).toEqual(['0 is done and was applied 2 times'])
  })
})

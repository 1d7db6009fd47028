import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { SharedMessage } from '../../../src/server/shared-message.ts'
import { Outgoing, Outlet } from '../../../src/server/transports/outgoing.ts'
import { openOver, RecordingStream, textsIn } from '../../support/recording-stream.ts'

/** Sockets of the real library over streams that take everything down. */
function openSockets(count: number) {
  const outgoing = new Outgoing()
  return Array.from({ length: count }, () => {
    const stream = new RecordingStream()
    const socket = openOver(stream)
    return { stream, socket, outlet: new Outlet(outgoing, socket, stream) }
  })
}

const openSocket = () => openSockets(1)[0]!

/** What was asked of sockets in this turn is written at its end; a later `setImmediate` comes after it. */
const endOfTick = () => new Promise((resolve) => setImmediate(resolve))

const frame = (n: number, filling = '') => JSON.stringify(['ev', n, filling])

/** The frames in a text message: one, or a batch of them. */
function framesIn(text: string): string[] {
  const value = JSON.parse(text)
  return Array.isArray(value[0]) ? value.map((one: unknown) => JSON.stringify(one)) : [JSON.stringify(value)]
}

/** What is wrong with what a socket wrote, whose app sent `sent`. */
function faultsOf(writes: readonly Buffer[], sent: readonly string[]): string[] {
  const messages = textsIn(writes)
  const batches = messages.map(framesIn).filter(({ length }) => length > 1)
  const heard = messages.flatMap(framesIn)
  const tooMany = batches
    .filter((frames) => frames.length > 64 || frames.join('').length > 65_536)
    .map((frames) => `a batch of ${frames.length} with ${frames.join('').length} characters`)
  const first = sent.findIndex((text, index) => heard[index] !== text)
  if (first >= 0) return [...tooMany, `number ${first} is not what was sent`]
  return heard.length > sent.length ? [...tooMany, `${heard.length - sent.length} too many`] : tooMany
}

const filling = fc.oneof(
  { weight: 12, arbitrary: fc.nat(40).map((length) => 'x'.repeat(length)) },
  { weight: 3, arbitrary: fc.string({ unit: 'grapheme', maxLength: 80 }) },
  { weight: 1, arbitrary: fc.integer({ min: 3_000, max: 70_000 }).map((length) => 'é'.repeat(length)) },
)
const which = fc.nat(3)
const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ kind: fc.constant('send' as const), which, filling, times: fc.nat(3) }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('share' as const),
      among: fc.subarray([0, 1, 2, 3], { minLength: 1 }),
      filling,
      times: fc.integer({ min: 1, max: 100 }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('flush' as const), which }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('tick' as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('close' as const), which }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('terminate' as const), which }) },
)
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never

/** What must have been written of one socket. */
interface Expected {
  sent: string[]
  /** How many of them have been seen written; how many characters wait. */
  written: number
  waiting: number
  isOver: boolean
  /** Whether what waited was dropped. */
  isCut: boolean
  writesBefore: number
}

class Run {
  readonly sockets = openSockets(4)
  readonly expected: Expected[] = this.sockets.map(() => ({
    sent: [],
    written: 0,
    waiting: 0,
    isOver: false,
    isCut: false,
    writesBefore: 0,
  }))
  #made = 0

  async take(one: Step): Promise<void> {
    if (one.kind === 'tick') return this.#tick()
    if (one.kind === 'share') {
      for (let i = 0; i < one.times; i += 1) {
        const message: SharedMessage = { text: frame(this.#made++, one.filling) }
        for (const index of one.among) this.#give(index, message.text, message)
      }
      return
    }
    const { outlet } = this.sockets[one.which]!
    const expected = this.expected[one.which]!
    if (one.kind === 'send') {
      for (let i = 0; i <= one.times; i += 1) this.#give(one.which, frame(this.#made++, one.filling))
    } else if (one.kind === 'flush') {
      outlet.flush()
      expected.waiting = Number.POSITIVE_INFINITY
    } else if (one.kind === 'close') {
      outlet.close(4000, 'over')
      expected.isOver = true
    } else {
      outlet.terminate()
      expected.isOver = true
      expected.isCut ||= expected.waiting > 0
    }
  }

  #give(index: number, text: string, message?: SharedMessage): void {
    const { outlet } = this.sockets[index]!
    const expected = this.expected[index]!
    if (message) outlet.sendShared(message)
    else outlet.send(text)
    // Whoever sends after the end is not heard.
    if (expected.isOver) return
    expected.sent.push(text)
    expected.waiting += text.length
  }

  async #tick(): Promise<void> {
    await endOfTick()
    this.sockets.forEach(({ stream, outlet }, index) => {
      const expected = this.expected[index]!
      const writes = stream.writes.length - expected.writesBefore
      // Whoever flushed by hand, or had 64 KB, may have written more often.
      if (expected.waiting < 65_536 && !expected.isOver) expect(writes).toBe(expected.waiting > 0 ? 1 : 0)
      if (!expected.isCut) expect(faultsOf(stream.writes, expected.sent)).toEqual([])
      expect(outlet.last).toBeUndefined()
      expected.writesBefore = stream.writes.length
      expected.waiting = 0
    })
  }

  async end(): Promise<void> {
    await this.#tick()
    for (const [index, { stream }] of this.sockets.entries()) {
      const { sent, isCut } = this.expected[index]!
      const heard = textsIn(stream.writes).flatMap(framesIn)
      if (isCut) expect(heard).toEqual(sent.slice(0, heard.length))
    }
  }
}

describe('what sockets are sent, in any order and at any size', () => {
  it('reaches each socket whole and in order, in one write a tick, in batches of at most 64', async () => {
    const steps = fc.array(step, { minLength: 1, maxLength: 30 })
    await fc.assert(
      fc.asyncProperty(steps, async (all) => {
        const run = new Run()
        for (const one of all) await run.take(one)
        await run.end()
      }),
      { numRuns: 60 },
    )
  })

  it.each([
    ['one that is missing', [frame(1)], [frame(1), frame(2)], ['number 1 is not what was sent']],
    ['one that came twice', [frame(1), frame(1)], [frame(1)], ['1 too many']],
    [
      'two that changed places',
      [frame(2), frame(1)],
      [frame(1), frame(2)],
      ['number 0 is not what was sent'],
    ],
  ])('is judged by what finds %s', async (...[, written, sent, faults]) => {
    const { outlet, stream } = openSocket()
    for (const text of written) outlet.send(text)
    await endOfTick()
    expect(faultsOf(stream.writes, sent)).toEqual(faults)
  })

  it.each([
    ['of too many', Array.from({ length: 65 }, () => frame(1)), 'a batch of 65 with 715 characters'],
    ['that is too long', [frame(1), frame(2, 'x'.repeat(65_526))], 'a batch of 2 with 65548 characters'],
  ])('is judged by what finds a batch %s', async (...[, frames, fault]) => {
    const { outlet, stream } = openSocket()
    outlet.send(`[${frames}]`)
    await endOfTick()
    expect(faultsOf(stream.writes, frames)).toEqual([fault])
  })

  it.each([0, 1, 125, 126, 65_535, 65_536, 70_000])(
    'is framed as RFC 6455 has it at %i bytes',
    async (length) => {
      const { outlet, stream } = openSocket()
      outlet.send('x'.repeat(length))
      await endOfTick()
      expect(textsIn(stream.writes)).toEqual(['x'.repeat(length)])
    },
  )
})

describe('what many sockets are given in one tick', () => {
  const buffersOf = (sockets: ReturnType<typeof openSockets>) =>
    new Set(sockets.flatMap(({ stream }) => stream.writes))
  const burst = (from: number, count: number): SharedMessage[] =>
    Array.from({ length: count }, (_, n) => ({ text: frame(from + n) }))
  const share = (messages: readonly SharedMessage[], sockets: ReturnType<typeof openSockets>) => {
    for (const message of messages) for (const { outlet } of sockets) outlet.sendShared(message)
  }

  it.each([
    ['one message', 1],
    ['a burst', 50],
    ['a burst of several batches', 200],
  ])('is joined and framed once: %s', async (_name, count) => {
    const sockets = openSockets(100)
    share(burst(0, count), sockets)
    await endOfTick()
    expect(sockets.map(({ stream }) => stream.writes.length)).toEqual(Array(100).fill(1))
    expect(buffersOf(sockets).size).toBe(1)
  })

  it('is joined once for each group of sockets that hears the same channels', async () => {
    const [some, more, both] = [openSockets(30), openSockets(30), openSockets(30)]
    for (let n = 0; n < 20; n += 1) {
      share(burst(n * 2, 1), [...some, ...both])
      share(burst(n * 2 + 1, 1), [...more, ...both])
    }
    await endOfTick()
    expect([some, more, both].map((sockets) => buffersOf(sockets).size)).toEqual([1, 1, 1])
  })

  it('is framed once for all who get it alone, in whatever tick', async () => {
    const message: SharedMessage = { text: frame(1) }
    const sockets = openSockets(3)
    for (const { outlet } of sockets) {
      outlet.sendShared(message)
      await endOfTick()
    }
    expect([...buffersOf(sockets)]).toEqual([message.encoded])
    expect([...buffersOf(sockets)][0]).toBe(message.encoded)
  })

  it('is not mixed with what one of them is sent beside it', async () => {
    const sockets = openSockets(3)
    const [first, second] = burst(1, 2) as [SharedMessage, SharedMessage]
    share([first], sockets)
    sockets[1]!.outlet.send(frame(9))
    share([second], sockets)
    await endOfTick()
    const heard = sockets.map(({ stream }) => textsIn(stream.writes).flatMap(framesIn))
    const shared = [first.text, second.text]
    expect(heard).toEqual([shared, [first.text, frame(9), second.text], shared])
    expect(buffersOf(sockets).size).toBe(2)
  })
})

describe('what waits for the end of the tick', () => {
  it('counts as buffered until it is written, and what the stream holds counts after', async () => {
    const { outlet, stream } = openSocket()
    outlet.send(frame(1))
    expect(outlet.bufferedBytes).toBe(frame(1).length)
    await endOfTick()
    expect(outlet.bufferedBytes).toBe(0)
    stream.cork()
    outlet.send(frame(2))
    await endOfTick()
    expect(outlet.bufferedBytes).toBe(frame(2).length + 2)
  })

  it('is written at once when it reaches 65,536 characters', () => {
    const { outlet, stream } = openSocket()
    outlet.send('x'.repeat(65_535))
    expect(stream.writes).toEqual([])
    outlet.send('x')
    expect(textsIn(stream.writes).join('').length).toBe(65_536 + '[,]'.length)
  })

  it('leaves before a closing frame, and not at all after the end', async () => {
    const [closed, cut] = openSockets(2) as [ReturnType<typeof openSocket>, ReturnType<typeof openSocket>]
    for (const { outlet } of [closed, cut]) outlet.send(frame(1))
    closed.outlet.close(4000, 'draining')
    cut.outlet.terminate()
    expect(cut.outlet.bufferedBytes).toBe(0)
    for (const { outlet } of [closed, cut]) outlet.send(frame(2))
    await endOfTick()
    expect(textsIn(closed.stream.writes)).toEqual([frame(1)])
    expect(closed.stream.writes.at(-1)!.subarray(-8).toString()).toBe('draining')
    expect(cut.stream.writes).toEqual([])
    expect([cut.stream.destroyed, cut.outlet.bufferedBytes]).toEqual([true, 0])
  })
})

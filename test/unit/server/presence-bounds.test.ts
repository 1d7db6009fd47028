import { describe, expect, test } from 'vitest'
import { presenceFrames, presenceOnTest } from '../../support/presence-on-test.ts'

describe('a state', () => {
  test('is taken up to as many bytes of JSON as the hub takes, and no more', () => {
    const { presence, connect } = presenceOnTest({ maxPresenceBytes: 10 })
    const [a, b] = [connect('a'), connect('b')]
    a.enter('é'.repeat(4))
    expect(() => b.enter(`${'é'.repeat(4)}x`)).toThrow(expect.objectContaining({ code: 'too_large' }))
    expect(presence.list('lobby')).toMatchObject([{ client: 'a' }])
  })

  test('that is too large leaves what the client showed before, and costs nothing where nobody is', () => {
    const { presence, clock, connect } = presenceOnTest({ maxPresenceBytes: 10 })
    const a = connect('a')
    expect(() => a.enter('x'.repeat(9))).toThrow(expect.objectContaining({ code: 'too_large' }))
    expect(clock.pending).toBe(0)
    a.enter(1)
    expect(() => a.enter('x'.repeat(9))).toThrow(expect.objectContaining({ code: 'too_large' }))
    expect(presence.list('lobby')).toMatchObject([{ state: 1 }])
  })

  test('has 4,096 bytes by default', () => {
    const { connect } = presenceOnTest()
    connect('a').enter('x'.repeat(4_094))
    expect(() => connect('b').enter('x'.repeat(4_095))).toThrow(
      expect.objectContaining({ code: 'too_large' }),
    )
  })
})

describe('a channel', () => {
  const most = 10_000
  const overloaded = expect.objectContaining({ code: 'overloaded', retryable: true })

  /** A channel that takes no more: who is there, and how many. */
  function full(state: unknown = 'é'.repeat(100)) {
    const all = presenceOnTest({ maxBufferedBytes: most })
    const crowd: ReturnType<typeof all.connect>[] = []
    const next = () => all.connect(`client "${String(crowd.length).padStart(3, '0')}"`, 'Zoë')
    const fill = () => {
      for (;;) {
        const one = next()
        one.enter(state)
        crowd.push(one)
      }
    }
    expect(fill).toThrow(overloaded)
    return { ...all, crowd, next }
  }

  const sizes = ({ socket }: ReturnType<ReturnType<typeof full>['next']>) =>
    presenceFrames(socket).map((frame) => Buffer.byteLength(JSON.stringify(frame)))

  test.each([
    ['small', null],
    ['large', 'é'.repeat(500)],
  ])('of %s states is full before its greeting is half of what may wait for a client', async (_, state) => {
    const { clock, crowd, next } = full(state)
    await clock.advance(50)
    const reader = next()
    reader.sub()
    expect(crowd.length).toBeGreaterThan(3)
    expect(sizes(reader)[0]).toBeLessThan(most / 2)
    expect(sizes(reader)[0]).toBeGreaterThan(most / 3)
  })

  test('that changes altogether cuts off nobody by its greeting and the diff after it', async () => {
    const { clock, crowd, connect, presence } = full(null)
    await clock.advance(50)
    const reader = connect('reader')
    reader.sub()
    for (const one of crowd) one.leave()
    for (const [i] of crowd.entries()) connect(`client "${String(i).padStart(3, '0')}"`, 'Zoë').enter(null)
    await clock.advance(50)
    expect(presence.count('lobby').members).toBe(crowd.length)
    const both = sizes(reader)
    expect(both).toHaveLength(2)
    expect(both[0]! + both[1]!).toBeLessThan(most)
  })

  test('that is full takes one more when one has left, or shows less', () => {
    const { crowd, next, presence } = full()
    crowd[0]!.leave()
    next().enter('é'.repeat(100))
    expect(() => crowd[0]!.enter('é'.repeat(100))).toThrow(overloaded)
    crowd[1]!.enter(null)
    crowd[2]!.enter(null)
    crowd[0]!.enter('é'.repeat(100))
    expect(presence.count('lobby').members).toBe(crowd.length + 1)
  })

  test('that is full lets those who are there show something else of the same size', () => {
    const { crowd, presence } = full()
    for (const one of crowd) one.enter('ü'.repeat(100))
    expect(presence.list('lobby').map(({ state }) => state)).toEqual(crowd.map(() => 'ü'.repeat(100)))
  })

  test('that is full leaves those who would show more as they are, and the other channels open', () => {
    const { crowd, next, presence } = full()
    expect(() => crowd[0]!.enter('é'.repeat(400))).toThrow(overloaded)
    expect(presence.list('lobby')[0]).toMatchObject({ state: 'é'.repeat(100) })
    next().enter(1, 'other')
    expect(presence.count('other').members).toBe(1)
  })
})

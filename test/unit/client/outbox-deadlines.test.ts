import { getEventListeners } from 'node:events'
import { describe, expect, test } from 'vitest'
import { SyncError } from '../../../src/shared/errors.ts'
import { outboxOnTest as setUp } from '../../support/outbox-on-test.ts'

const listenersOf = (signal: AbortSignal) => getEventListeners(signal, 'abort').length

describe('a publication', () => {
  test('that was never sent ends with timeout after its time to live, and is not sent then', async () => {
    const { publish, online, clock, outbox } = setUp({ isOnline: false, ttlMs: 5_000 })
    const sent = publish('a')
    await clock.advance(4_999)
    expect(sent.outcome).toBeUndefined()
    await clock.advance(1)
    expect(sent).toMatchObject({ outcome: 'timeout', times: 1 })
    expect(online()).toEqual([])
    expect([outbox.pending, clock.pending]).toEqual([{ count: 0, bytes: 0 }, 0])
  })

  test('that was sent is not ended by its time to live', async () => {
    const { publish, acknowledge, online, clock } = setUp({ isOnline: false, ttlMs: 5_000 })
    const sent = publish('a')
    await clock.advance(4_999)
    online()
    await clock.advance(60_000)
    expect(sent.outcome).toBeUndefined()
    acknowledge(1)
    await clock.settle()
    expect([sent.outcome, clock.pending]).toEqual(['done', 0])
  })

  test('that was sent is given up as indeterminate, counted from its first sending, over reconnects', async () => {
    const { publish, cut, online, clock, sent: frames } = setUp({ isOnline: false, giveUpMs: 8_000 })
    const sent = publish('a')
    await clock.advance(3_000)
    online()
    await clock.advance(3_000)
    cut()
    await clock.advance(3_000)
    expect(online()).toHaveLength(1)
    await clock.advance(1_999)
    expect(sent.outcome).toBeUndefined()
    await clock.advance(1)
    expect([sent.outcome, clock.pending]).toEqual(['indeterminate', 0])
    cut()
    expect(online()).toEqual([])
    expect(frames).toHaveLength(2)
  })

  test('that was given up leaves the next one as the lowest', async () => {
    const { publish, clock, sent } = setUp({ giveUpMs: 100 })
    publish('a')
    await clock.advance(50)
    publish('b')
    await clock.advance(50)
    publish('c')
    expect(sent.map(([, n, base]) => [n, base])).toEqual([
      [1, 1],
      [2, 1],
      [3, 2],
    ])
  })

  test('with a timeout of its own ends with timeout then if it was never sent, whatever the time to live', async () => {
    const { publish, clock } = setUp({ isOnline: false, ttlMs: 500 })
    const [short, long] = [publish('a', { timeoutMs: 200 }), publish('b', { timeoutMs: 900 })]
    await clock.advance(199)
    expect(short.outcome).toBeUndefined()
    await clock.advance(1)
    expect(short.outcome).toBe('timeout')
    await clock.advance(699)
    expect(long.outcome).toBeUndefined()
    await clock.advance(1)
    expect(long.outcome).toBe('timeout')
  })

  test('with a timeout of its own ends as indeterminate then if it was sent, counted from the call', async () => {
    const { publish, online, clock, sent: frames } = setUp({ isOnline: false, giveUpMs: 100 })
    const sent = publish('a', { timeoutMs: 900 })
    await clock.advance(300)
    online()
    await clock.advance(599)
    expect(sent.outcome).toBeUndefined()
    await clock.advance(1)
    expect(sent.outcome).toBe('indeterminate')
    expect(frames, 'no frame takes a publication back').toHaveLength(1)
  })
})

describe('a request', () => {
  test('that was sent ends as indeterminate after its time, and is cancelled', async () => {
    const { request, outbox, clock, sent } = setUp({ requestTimeoutMs: 4_000 })
    const [usual, own] = [request('a'), request('b', { timeoutMs: 100 })]
    expect(sent.map((frame) => frame[5])).toEqual([{ timeoutMs: 4_000 }, { timeoutMs: 100 }])
    await clock.advance(99)
    expect(own.outcome).toBeUndefined()
    await clock.advance(1)
    expect(own.outcome).toBe('indeterminate')
    expect(sent.slice(2)).toEqual([['cancel', 2]])
    await clock.advance(3_900)
    expect(usual.outcome).toBe('indeterminate')
    expect(sent.slice(3)).toEqual([['cancel', 1]])
    expect(outbox.answered(1, { data: 'late', position: undefined })).toBe(false)
    expect([outbox.pending.count, clock.pending]).toEqual([0, 0])
  })

  test('that was never sent ends with timeout, and no hub hears of it', async () => {
    const { request, online, clock } = setUp({ isOnline: false })
    const asked = request('a')
    await clock.advance(14_999)
    expect(asked.outcome).toBeUndefined()
    await clock.advance(1)
    expect(asked.outcome).toBe('timeout')
    expect(online()).toEqual([])
  })

  test('tells the hub how much of its time is left, and uses it up while it waits for a connection', async () => {
    const { request, cut, online, clock } = setUp({ isOnline: false })
    request('a', { timeoutMs: 1_000 })
    await clock.advance(400)
    expect(online()).toEqual([['req', 1, 'room/1', 'ask', 'a', { timeoutMs: 600 }]])
    cut()
    await clock.advance(500)
    expect(online()).toEqual([['req', 1, 'room/1', 'ask', 'a', { timeoutMs: 100, ageMs: 500 }]])
  })

  test('that ends while there is no connection is not cancelled, and not sent again', async () => {
    const { request, cut, online, clock, sent } = setUp()
    const asked = request('a', { timeoutMs: 50 })
    cut()
    await clock.advance(50)
    expect(asked.outcome).toBe('indeterminate')
    expect(online()).toEqual([])
    expect(sent).toHaveLength(1)
  })

  test.each([
    ['without end', Number.POSITIVE_INFINITY],
    ['for a part of a millisecond', 2.5],
  ])('that waits %s is told to the hub in a shape that hubs take', (_what, timeoutMs) => {
    const { request, sent } = setUp()
    request('a', { timeoutMs })
    expect(sent).toMatchObject([['req', 1, 'room/1', 'ask', 'a', expect.anything()]])
  })

  test('that waits without end because all of them do is told to the hub in a shape that hubs take', () => {
    const { request, sent } = setUp({ requestTimeoutMs: Number.POSITIVE_INFINITY })
    request('a')
    expect(sent).toHaveLength(1)
  })
})

describe('a timeout that is no number from 0', () => {
  test.each([-1, Number.NaN])('(%s) is refused with bad_options, and nothing is sent', async (timeoutMs) => {
    const { publish, request, clock, sent, outbox } = setUp()
    const sends = [publish('a', { timeoutMs }), request('b', { timeoutMs })]
    await clock.settle()
    expect(sends.map(({ outcome }) => outcome)).toEqual(['bad_options', 'bad_options'])
    expect([sent, clock.pending, outbox.pending.count]).toEqual([[], 0, 0])
  })
})

describe('a signal', () => {
  test('that was aborted before refuses with aborted and its reason, and nothing waits or is sent', async () => {
    const { publish, request, clock, sent, outbox } = setUp()
    const signal = AbortSignal.abort('mind changed')
    const sends = [publish('a', { signal }), request('b', { signal })]
    await clock.settle()
    expect(sends).toMatchObject([
      { outcome: 'aborted', value: { cause: 'mind changed' } },
      { outcome: 'aborted', value: { cause: 'mind changed' } },
    ])
    expect([sent, clock.pending, outbox.pending, listenersOf(signal)]).toEqual([
      [],
      0,
      { count: 0, bytes: 0 },
      0,
    ])
  })

  test('that is aborted while it waits ends it at once, and it is never sent', async () => {
    const { publish, request, online, clock, outbox } = setUp({ isOnline: false })
    const abort = new AbortController()
    const { signal } = abort
    const sends = [publish('a', { signal }), request('b', { signal })]
    abort.abort()
    await clock.settle()
    expect(sends.map(({ outcome }) => outcome)).toEqual(['aborted', 'aborted'])
    expect(online()).toEqual([])
    expect([clock.pending, outbox.pending.count, listenersOf(signal)]).toEqual([0, 0, 0])
  })

  test('that is aborted after the sending ends it at once, and cancels requests', async () => {
    const { publish, request, acknowledge, clock, sent, told } = setUp()
    const abort = new AbortController()
    const { signal } = abort
    const sends = [publish('a', { signal }), request('b', { signal })]
    abort.abort()
    acknowledge(1)
    await clock.settle()
    expect(sends.map(({ outcome, times }) => [outcome, times])).toEqual([
      ['aborted', 1],
      ['aborted', 1],
    ])
    expect(sent.slice(2)).toEqual([['cancel', 1]])
    expect(told().slice(2), 'it may have been applied').toEqual([
      ['indeterminate', 'said'],
      ['indeterminate', 'ask'],
    ])
    expect([clock.pending, listenersOf(signal)]).toEqual([0, 0])
  })

  test('that is aborted later gives its reason as the cause, too', async () => {
    const { publish, cut, clock } = setUp()
    const abort = new AbortController()
    const { signal } = abort
    const sent = publish('a', { signal })
    cut()
    const queued = publish('b', { signal })
    abort.abort('mind changed')
    await clock.settle()
    expect([sent.value, queued.value]).toMatchObject([{ cause: 'mind changed' }, { cause: 'mind changed' }])
  })

  test('hears nothing more of a send that is settled, however it was settled', async () => {
    const { publish, request, acknowledge, outbox, clock } = setUp({ maxCount: 6 })
    const { signal } = new AbortController()
    const timed = publish('acknowledged', { signal })
    publish('refused', { signal })
    publish('late', { signal, timeoutMs: 10 })
    request('answered', { signal })
    request('late', { signal, timeoutMs: 10 })
    request('closed', { signal })
    publish('full', { signal })
    expect(listenersOf(signal)).toBe(6)
    acknowledge(1)
    outbox.refused('room/1', 2, new SyncError('forbidden', 'No'))
    outbox.answered(1, { data: 1, position: undefined })
    expect(listenersOf(signal)).toBe(3)
    await clock.advance(10)
    expect(listenersOf(signal)).toBe(1)
    outbox.close()
    expect(listenersOf(signal)).toBe(0)
    await clock.settle()
    expect(timed.outcome).toBe('done')
  })
})

describe('close', () => {
  test('settles everything: what was never sent with closed, what was sent as indeterminate', async () => {
    const { publish, request, cut, outbox, clock, told } = setUp()
    const sent = [publish('a'), request('b')]
    cut()
    const queued = [publish('c'), request('d')]
    outbox.close()
    outbox.close()
    await clock.settle()
    expect(sent.map(({ outcome, times }) => [outcome, times])).toEqual([
      ['indeterminate', 1],
      ['indeterminate', 1],
    ])
    expect(queued.map(({ outcome, times }) => [outcome, times])).toEqual([
      ['closed', 1],
      ['closed', 1],
    ])
    expect(told().slice(2)).toEqual([
      ['indeterminate', 'said'],
      ['indeterminate', 'ask'],
      ['refused', 'said'],
      ['refused', 'ask'],
    ])
    expect([outbox.pending, clock.pending]).toEqual([{ count: 0, bytes: 0 }, 0])
  })

  test('cancels what was asked while there is a connection', () => {
    const { publish, request, outbox, sent } = setUp()
    publish('a')
    request('b')
    outbox.close()
    expect(sent.slice(2)).toEqual([['cancel', 1]])
  })

  test('sends nothing again that was astray', () => {
    const { publish, refuse, outbox, sent } = setUp()
    for (const data of ['a', 'b', 'c']) publish(data)
    refuse(2, 'out_of_order')
    refuse(3, 'out_of_order')
    outbox.close()
    expect(sent).toHaveLength(3)
  })

  test('refuses everything that comes later with closed, and sends nothing', async () => {
    const { publish, request, outbox, online, clock, sent } = setUp()
    outbox.close()
    const sends = [publish('a'), request('b')]
    await clock.settle()
    expect(sends.map(({ outcome }) => outcome)).toEqual(['closed', 'closed'])
    expect(online()).toEqual([])
    expect([sent, clock.pending, outbox.pending]).toEqual([[], 0, { count: 0, bytes: 0 }])
  })
})

test('each open send has one timer, and a settled one has none', async () => {
  const { publish, request, acknowledge, outbox, cut, online, clock } = setUp({ isOnline: false })
  publish('a')
  publish('b', { timeoutMs: 90 })
  request('c')
  expect(clock.pending).toBe(3)
  online()
  cut()
  online()
  expect(clock.pending).toBe(3)
  acknowledge(1)
  expect(clock.pending).toBe(2)
  outbox.answered(1, { data: 1, position: undefined })
  expect(clock.pending).toBe(1)
  await clock.advance(90)
  expect(clock.pending).toBe(0)
})

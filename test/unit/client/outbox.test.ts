import { describe, expect, test } from 'vitest'
import { SyncError } from '../../../src/shared/errors.ts'
import { positionAt, outboxOnTest as setUp } from '../../support/outbox-on-test.ts'

describe('publications', () => {
  test('are numbered from 1 without holes, on each channel apart', () => {
    const { publish, sent } = setUp()
    for (const data of ['a', 'b']) publish(data)
    publish('c', { channel: 'room/2' })
    publish('d')
    expect(sent).toEqual([
      ['pub', 1, 1, 'room/1', 'said', 'a'],
      ['pub', 2, 1, 'room/1', 'said', 'b'],
      ['pub', 1, 1, 'room/2', 'said', 'c'],
      ['pub', 3, 1, 'room/1', 'said', 'd'],
    ])
  })

  test('name the lowest number that is not settled as their base', () => {
    const { publish, acknowledge, refuse, sent } = setUp()
    for (const data of ['a', 'b', 'c']) publish(data)
    acknowledge(2)
    publish('d')
    acknowledge(1)
    publish('e')
    refuse(3, 'forbidden')
    acknowledge(4)
    publish('f')
    acknowledge(5)
    acknowledge(6)
    publish('g')
    expect(sent.slice(3).map(([, n, base]) => [n, base])).toEqual([
      [4, 1],
      [5, 3],
      [6, 5],
      [7, 7],
    ])
  })

  test('wait while there is no connection, and leave in the order in which they were made', () => {
    const { publish, online, sent } = setUp({ isOnline: false })
    publish('a')
    publish('b', { channel: 'room/2' })
    publish('c')
    expect(sent).toEqual([])
    expect(online()).toEqual([
      ['pub', 1, 1, 'room/1', 'said', 'a'],
      ['pub', 1, 1, 'room/2', 'said', 'b'],
      ['pub', 2, 1, 'room/1', 'said', 'c'],
    ])
  })

  test('that were given up before they were sent leave no hole in the numbers', async () => {
    const { publish, online, clock } = setUp({ isOnline: false })
    const abort = new AbortController()
    publish('a')
    publish('b', { signal: abort.signal })
    publish('c', { timeoutMs: 10 })
    publish('d')
    abort.abort()
    await clock.advance(10)
    expect(online().map(([, n, , , , data]) => [n, data])).toEqual([
      [1, 'a'],
      [2, 'd'],
    ])
  })
})

describe('after a reconnect', () => {
  test('what is not settled is sent again in order, with its number and age, and then what was never sent', async () => {
    const { publish, acknowledge, cut, online, clock } = setUp()
    publish('a')
    publish('b')
    await clock.advance(400)
    publish('c')
    acknowledge(2)
    cut()
    publish('d')
    await clock.advance(1_100)
    expect(online()).toEqual([
      ['pub', 1, 1, 'room/1', 'said', 'a', 1_500],
      ['pub', 3, 1, 'room/1', 'said', 'c', 1_100],
      ['pub', 4, 1, 'room/1', 'said', 'd'],
    ])
  })

  test('the age is counted from the first sending, and a waiting time before it does not count', async () => {
    const { publish, cut, online, clock } = setUp({ isOnline: false })
    publish('a')
    await clock.advance(5_000)
    expect(online()).toEqual([['pub', 1, 1, 'room/1', 'said', 'a']])
    for (const age of [2_000, 4_000]) {
      cut()
      await clock.advance(2_000)
      expect(online()).toEqual([['pub', 1, 1, 'room/1', 'said', 'a', age]])
    }
  })

  test('the age is there even when it is 0, also when the wall clock was set back', async () => {
    const { publish, cut, online, clock, link } = setUp()
    publish('a')
    cut()
    expect(online()).toEqual([['pub', 1, 1, 'room/1', 'said', 'a', 0]])
    cut()
    link.clock = { ...clock, now: () => clock.now() - 60_000 }
    expect(online()).toEqual([['pub', 1, 1, 'room/1', 'said', 'a', 0]])
  })

  test('requests keep their references and their place among the publications', async () => {
    const { publish, request, cut, online, clock, sent } = setUp()
    publish('a')
    request('first')
    publish('b')
    request('second')
    expect(sent[1]).toEqual(['req', 1, 'room/1', 'ask', 'first', { timeoutMs: 15_000 }])
    cut()
    request('third')
    await clock.advance(250)
    expect(online()).toEqual([
      ['pub', 1, 1, 'room/1', 'said', 'a', 250],
      ['req', 1, 'room/1', 'ask', 'first', { timeoutMs: 14_750, ageMs: 250 }],
      ['pub', 2, 1, 'room/1', 'said', 'b', 250],
      ['req', 2, 'room/1', 'ask', 'second', { timeoutMs: 14_750, ageMs: 250 }],
      ['req', 3, 'room/1', 'ask', 'third', { timeoutMs: 14_750 }],
    ])
  })

  test('what is made before the outbox has heard of the connection waits for its turn', () => {
    const { publish, cut, online, link, sent } = setUp()
    publish('a')
    cut()
    publish('b')
    link.isOnline = true
    publish('c')
    expect(sent).toHaveLength(1)
    expect(online().map(([, n, , , , data]) => [n, data])).toEqual([
      [1, 'a'],
      [2, 'b'],
      [3, 'c'],
    ])
  })

  test('nothing that was settled in between is sent again', async () => {
    const { publish, request, acknowledge, outbox, cut, online } = setUp()
    publish('a')
    request('ask')
    acknowledge(1)
    outbox.answered(1, { data: null, position: undefined })
    cut()
    expect(online()).toEqual([])
  })
})

describe('an answer', () => {
  test('of ack resolves its publication to the position of the entry, and no other', async () => {
    const { publish, acknowledge, clock } = setUp()
    const [a, b] = [publish('a'), publish('b')]
    const other = publish('c', { channel: 'room/2' })
    acknowledge(2)
    await clock.settle()
    expect(b).toMatchObject({ outcome: 'done', value: { epoch: 'epoch', offset: 2, tag: 'tag 2' } })
    expect([a.outcome, other.outcome]).toEqual([undefined, undefined])
  })

  test('of nak rejects its publication with the error, and no other', async () => {
    const { publish, outbox, clock } = setUp()
    const [a, b] = [publish('a'), publish('b')]
    const error = new SyncError('rate_limited', 'Slow down', { retryAfterMs: 500 })
    outbox.refused('room/1', 1, error)
    await clock.settle()
    expect(a.value).toBe(error)
    expect([a.outcome, b.outcome]).toEqual(['rate_limited', undefined])
  })

  test('of res resolves its request with what is read from it, and the position as apps see it', async () => {
    const { request, outbox, clock } = setUp()
    const [a, b] = [request('a'), request('b')]
    expect(outbox.answered(2, { data: 'two', position: positionAt(9) })).toBe(true)
    expect(outbox.answered(1, { data: null, position: undefined })).toBe(true)
    await clock.settle()
    expect([a.value, b.value]).toEqual([
      { data: null, position: undefined },
      { data: 'two', position: { epoch: 'epoch', offset: 9, tag: 'tag 9' } },
    ])
  })

  test('of err rejects its request', async () => {
    const { request, outbox, clock } = setUp()
    const asked = request('a')
    const error = new SyncError('not_found', 'No such room')
    expect(outbox.answered(1, error)).toBe(true)
    await clock.settle()
    expect(asked.value).toBe(error)
  })

  test('that cannot be read rejects with what its reader threw', async () => {
    const { outbox, clock } = setUp()
    const broken = new SyncError('bad_payload', 'Not a number')
    const asked = outbox.add({
      kind: 'request',
      channel: 'room/1',
      name: 'ask',
      data: 1,
      read: () => {
        throw broken
      },
    })
    outbox.answered(1, { data: 'x', position: undefined })
    await expect(asked).rejects.toBe(broken)
    expect([outbox.pending.count, clock.pending]).toEqual([0, 0])
  })

  test('to nothing that is open changes nothing', async () => {
    const { publish, request, acknowledge, refuse, outbox, clock, notes, sent } = setUp()
    const [a, b] = [publish('a'), request('b')]
    const before = [notes.length, sent.length]
    acknowledge(2)
    acknowledge(1, 'room/2')
    refuse(7, 'forbidden')
    refuse(7, 'out_of_order')
    refuse(1, 'out_of_order', 'room/2')
    expect(outbox.answered(2, { data: 1, position: undefined })).toBe(false)
    expect(outbox.answered(0, new SyncError('internal', 'No'))).toBe(false)
    await clock.settle()
    expect([a.outcome, b.outcome]).toEqual([undefined, undefined])
    expect([notes.length, sent.length]).toEqual(before)
    expect(outbox.pending.count).toBe(2)
  })

  test('that comes twice, or after another, counts once', async () => {
    const { publish, request, acknowledge, refuse, outbox, clock, told } = setUp()
    const [a, b] = [publish('a'), request('b')]
    acknowledge(1)
    acknowledge(1)
    refuse(1, 'forbidden')
    outbox.answered(1, new SyncError('forbidden', 'No'))
    expect(outbox.answered(1, { data: 1, position: undefined })).toBe(false)
    await clock.settle()
    expect([a.outcome, b.outcome]).toEqual(['done', 'forbidden'])
    expect(told().slice(2)).toEqual([
      ['acknowledged', 'said'],
      ['refused', 'ask'],
    ])
    expect(outbox.pending).toEqual({ count: 0, bytes: 0 })
  })
})

describe('diagnostics', () => {
  test('tell what was sent and sent again, and what became of it after how long, without payloads', async () => {
    const { publish, request, acknowledge, refuse, outbox, cut, online, clock, notes } = setUp()
    publish('secret')
    request('secret')
    cut()
    await clock.advance(300)
    online()
    acknowledge(1)
    const error = new SyncError('forbidden', 'No')
    outbox.answered(1, error)
    publish('secret', { name: 'left', timeoutMs: 10 })
    await clock.advance(10)
    publish('secret', { name: 'told' })
    refuse(3, 'indeterminate')
    const said = { kind: 'publication', channel: 'room/1', name: 'said' }
    const asked = { kind: 'request', channel: 'room/1', name: 'ask' }
    expect(notes).toMatchObject([
      { type: 'sent', ...said, isResend: false },
      { type: 'sent', ...asked, isResend: false },
      { type: 'sent', ...said, isResend: true },
      { type: 'sent', ...asked, isResend: true },
      { type: 'acknowledged', ...said, ms: 300 },
      { type: 'refused', ...asked, error },
      { type: 'sent', ...said, name: 'left', isResend: false },
      {
        type: 'indeterminate',
        ...said,
        name: 'left',
        error: { code: 'indeterminate' },
      },
      { type: 'sent', ...said, name: 'told', isResend: false },
      {
        type: 'indeterminate',
        ...said,
        name: 'told',
        error: { code: 'indeterminate' },
      },
    ])
    expect(JSON.stringify(notes)).not.toContain('secret')
  })

  test('tell of what was never sent that it is refused, whatever ended it', async () => {
    const { publish, outbox, clock, told } = setUp({ isOnline: false, maxCount: 3 })
    const abort = new AbortController()
    publish('a', { name: 'late', timeoutMs: 1 })
    publish('b', { name: 'aborted', signal: abort.signal })
    publish('c', { name: 'closed' })
    publish('d', { name: 'full' })
    await clock.advance(1)
    abort.abort()
    outbox.close()
    expect(told()).toEqual([
      ['refused', 'full'],
      ['refused', 'late'],
      ['refused', 'aborted'],
      ['refused', 'closed'],
    ])
  })
})

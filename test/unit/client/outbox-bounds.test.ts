import { describe, expect, test } from 'vitest'
import { outboxDefaults } from '../../../src/client/outbox.ts'
import { SyncError } from '../../../src/shared/errors.ts'
import { pubs, outboxOnTest as setUp } from '../../support/outbox-on-test.ts'
import { unhandledDuring } from '../../support/unhandled.ts'

/** A text whose JSON has so many bytes. */
const ofBytes = (bytes: number) => 'x'.repeat(bytes - 2)

/** What was sent of publications, by their data. */
const dataOf = (frames: Parameters<typeof pubs>[0]) => pubs(frames).map(([, , , , , data]) => data)

describe('the bound of the count', () => {
  test('refuses what comes beyond it, be the others queued or sent, publications or requests', async () => {
    const { publish, request, online, clock, outbox } = setUp({ isOnline: false, maxCount: 3 })
    publish('a')
    request('b')
    online()
    publish('c')
    const [fourth, fifth] = [publish('d'), request('e')]
    await clock.settle()
    expect([fourth.outcome, fifth.outcome]).toEqual(['queue_full', 'queue_full'])
    expect(outbox.pending.count).toBe(3)
  })

  test('has room again as soon as one is settled', async () => {
    const { publish, acknowledge, refuse, clock, outbox } = setUp({ maxCount: 2 })
    publish('a')
    publish('b')
    acknowledge(1)
    const third = publish('c')
    const fourth = publish('d')
    refuse(2, 'forbidden')
    const fifth = publish('e')
    await clock.settle()
    expect([third, fourth, fifth].map(({ outcome }) => outcome)).toEqual([undefined, 'queue_full', undefined])
    expect(outbox.pending.count).toBe(2)
  })

  test('is 1,000 unless the app says otherwise, and that of the bytes 1 MiB', () => {
    expect(outboxDefaults).toMatchObject({ maxCount: 1_000, maxBytes: 1_048_576, whenFull: 'reject' })
  })
})

describe('the bound of the bytes', () => {
  test('is exact, and counts what is settled no more', async () => {
    const { publish, acknowledge, clock, outbox } = setUp({ maxBytes: 10 })
    publish(ofBytes(6))
    const fits = publish(ofBytes(4))
    const beyond = publish(1)
    expect(outbox.pending).toEqual({ count: 2, bytes: 10 })
    acknowledge(2)
    const fitsAgain = publish(1234)
    const beyondAgain = publish(1)
    await clock.settle()
    expect([fits, beyond, fitsAgain, beyondAgain].map(({ outcome }) => outcome)).toEqual([
      'done',
      'queue_full',
      undefined,
      'queue_full',
    ])
    expect(outbox.pending).toEqual({ count: 2, bytes: 10 })
  })

  test.each([
    ['ASCII', 'ab', 4],
    ['two bytes', 'é', 4],
    ['three bytes', '€', 5],
    ['a pair of surrogates', '😀', 6],
    ['a lone surrogate, which JSON escapes', '\ud83d', 8],
    ['a quote, which JSON escapes', '"', 4],
    ['an object', { a: [1, null] }, 14],
    ['null', null, 4],
  ])('counts %s as it travels in UTF-8', async (_what, data, bytes) => {
    const exact = setUp({ maxBytes: bytes, isOnline: false })
    exact.publish(data)
    expect(exact.outbox.pending).toEqual({ count: 1, bytes })
    const less = setUp({ maxBytes: bytes - 1, isOnline: false })
    const refused = less.publish(data)
    await less.clock.settle()
    expect(refused.outcome).toBe('too_large')
  })

  test.each(['reject', 'drop-oldest', 'drop-newest'] as const)(
    'refuses with too_large what is larger than all of it, and drops nothing for it (%s)',
    async (whenFull) => {
      const { publish, outbox, clock } = setUp({ isOnline: false, maxBytes: 10, whenFull })
      const small = publish(ofBytes(5))
      const large = publish(ofBytes(11))
      await clock.settle()
      expect([small.outcome, large.outcome]).toEqual([undefined, 'too_large'])
      expect(outbox.pending).toEqual({ count: 1, bytes: 5 })
    },
  )
})

describe('when it is full', () => {
  test('drop-oldest drops the oldest that was never sent, and those that are sent stay', async () => {
    const { publish, cut, online, clock, outbox } = setUp({ maxCount: 4, whenFull: 'drop-oldest' })
    const sent = [publish('sent 1'), publish('sent 2')]
    cut()
    const queued = ['a', 'b', 'c', 'd'].map((data) => publish(data))
    await clock.settle()
    expect(queued.map(({ outcome }) => outcome)).toEqual(['queue_full', 'queue_full', undefined, undefined])
    expect(sent.map(({ outcome }) => outcome)).toEqual([undefined, undefined])
    expect(dataOf(online())).toEqual(['sent 1', 'sent 2', 'c', 'd'])
    expect(outbox.pending.count).toBe(4)
  })

  test('drop-oldest drops as many as the bytes of the new one need, and no more', async () => {
    const { publish, clock, outbox } = setUp({ isOnline: false, maxBytes: 12, whenFull: 'drop-oldest' })
    const queued = [publish(ofBytes(4)), publish(ofBytes(4)), publish(ofBytes(4))]
    const added = publish(ofBytes(7))
    await clock.settle()
    expect(queued.map(({ outcome }) => outcome)).toEqual(['queue_full', 'queue_full', undefined])
    expect(added.outcome).toBeUndefined()
    expect(outbox.pending).toEqual({ count: 2, bytes: 11 })
  })

  test('drop-oldest drops no more where the bytes fit exactly', async () => {
    const { publish, clock, outbox } = setUp({ isOnline: false, maxBytes: 12, whenFull: 'drop-oldest' })
    const queued = [publish(ofBytes(4)), publish(ofBytes(4)), publish(ofBytes(4))]
    publish(ofBytes(8))
    await clock.settle()
    expect(queued.map(({ outcome }) => outcome)).toEqual(['queue_full', 'queue_full', undefined])
    expect(outbox.pending).toEqual({ count: 2, bytes: 12 })
  })

  test('drop-oldest drops requests too, and refuses the new one where all are sent', async () => {
    const { publish, request, online, clock } = setUp({
      isOnline: false,
      maxCount: 2,
      whenFull: 'drop-oldest',
    })
    const dropped = request('a')
    const kept = [publish('b'), request('c')]
    online()
    const added = publish('d')
    await clock.settle()
    expect(dropped.outcome).toBe('queue_full')
    expect(kept.map(({ outcome }) => outcome)).toEqual([undefined, undefined])
    expect(added.outcome).toBe('queue_full')
  })

  test('drop-oldest drops nothing where that would not make room for the new one', async () => {
    const { publish, cut, clock } = setUp({ maxBytes: 12, whenFull: 'drop-oldest' })
    publish(ofBytes(8))
    cut()
    const queued = [publish(1), publish(2)]
    const added = publish(ofBytes(6))
    await clock.settle()
    expect(added.outcome).toBe('queue_full')
    expect(queued.map(({ outcome }) => outcome)).toEqual([undefined, undefined])
  })

  test('drop-newest drops the new one and keeps the others', async () => {
    const { publish, online, clock } = setUp({ isOnline: false, maxCount: 2, whenFull: 'drop-newest' })
    const sends = ['a', 'b', 'c'].map((data) => publish(data))
    await clock.settle()
    expect(sends.map(({ outcome }) => outcome)).toEqual([undefined, undefined, 'queue_full'])
    expect(dataOf(online())).toEqual(['a', 'b'])
  })

  test('what is dropped leaves no timer and no hole in the numbers', async () => {
    const { publish, acknowledge, online, clock } = setUp({
      isOnline: false,
      maxCount: 1,
      whenFull: 'drop-oldest',
    })
    for (const data of ['a', 'b', 'c']) publish(data)
    expect(clock.pending).toBe(1)
    expect(online()).toEqual([['pub', 1, 1, 'room/1', 'said', 'c']])
    acknowledge(1)
    expect(clock.pending).toBe(0)
  })

  const draft = { kind: 'publication', channel: 'room/1', name: 'said', data: 'x', read: () => 1 } as const

  test.each(['drop-oldest', 'drop-newest'] as const)(
    'a drop by %s is no rejection that somebody must handle',
    async (whenFull) => {
      const { outbox } = setUp({ isOnline: false, maxCount: 1, whenFull })
      const reasons = await unhandledDuring(() => {
        for (let i = 0; i < 3; i++) void outbox.add(draft)
      })
      expect(reasons).toEqual([])
      const [older, newer] = [outbox.add(draft), outbox.add(draft)]
      const dropped = whenFull === 'drop-oldest' ? older : newer
      await expect(dropped, 'who waits for it hears of it').rejects.toMatchObject({ code: 'queue_full' })
    },
  )

  test('a refusal is a rejection that somebody must handle', async () => {
    const { outbox } = setUp({ isOnline: false, maxCount: 1 })
    const reasons = await unhandledDuring(() => {
      for (let i = 0; i < 3; i++) void outbox.add(draft)
    })
    expect(reasons).toMatchObject([{ code: 'queue_full' }, { code: 'queue_full' }])
  })
})

describe('what the hub takes', () => {
  /** The largest data that goes into a message of so many bytes, by the reserve for the rest of the frame. */
  const room = (maxBytes: number) => maxBytes - 'room/1'.length - 'said'.length - 100

  test('refuses what is larger with too_large, without using up a number, and sends the rest', async () => {
    const { publish, link, sent, clock } = setUp()
    link.maxBytes = 1_000
    const large = publish(ofBytes(room(1_000) + 1))
    const fits = publish(ofBytes(room(1_000)))
    await clock.settle()
    expect([large.outcome, fits.outcome]).toEqual(['too_large', undefined])
    expect(sent.map(([type, n]) => [type, n])).toEqual([['pub', 1]])
    expect(new TextEncoder().encode(JSON.stringify(sent[0])).length).toBeLessThanOrEqual(1_000)
  })

  test('is known with the connection: what was queued is held to it then, requests too', async () => {
    const { publish, request, link, online, clock, outbox } = setUp({ isOnline: false })
    const sends = [publish(ofBytes(2_000)), request(ofBytes(2_000)), publish('small')]
    await clock.settle()
    expect(sends.map(({ outcome }) => outcome)).toEqual([undefined, undefined, undefined])
    link.maxBytes = 1_000
    expect(dataOf(online())).toEqual(['small'])
    await clock.settle()
    expect(sends.map(({ outcome }) => outcome)).toEqual(['too_large', 'too_large', undefined])
    expect([outbox.pending.count, clock.pending]).toEqual([1, 1])
  })

  test('is held to the bytes of the data, not to its characters', async () => {
    const { publish, link, sent, clock } = setUp()
    link.maxBytes = 1_000
    const large = publish('é'.repeat(room(1_000) - 100))
    await clock.settle()
    expect([large.outcome, sent]).toEqual(['too_large', []])
  })

  test('may be less on the next connection: what was sent before may have been applied', async () => {
    const { publish, request, link, cut, online, clock, told } = setUp()
    const sends = [publish(ofBytes(2_000)), request(ofBytes(2_000))]
    cut()
    link.maxBytes = 1_000
    expect(online()).toEqual([])
    await clock.settle()
    expect(sends.map(({ outcome }) => outcome)).toEqual(['indeterminate', 'indeterminate'])
    expect(told().slice(2)).toEqual([
      ['indeterminate', 'said'],
      ['indeterminate', 'ask'],
    ])
  })

  test('leaves room for the longest numbers around the data', () => {
    const most = Number.MAX_SAFE_INTEGER
    const around = (frame: unknown[]) => JSON.stringify(frame).length - 'data'.length
    expect(around(['pub', most, most, '', '', 1234, most])).toBeLessThanOrEqual(100)
    expect(around(['req', most, '', '', 1234, { timeoutMs: most, ageMs: most }])).toBeLessThanOrEqual(100)
  })
})

test('an error for a full outbox may be tried again, one for what is too large may not', () => {
  expect(new SyncError('queue_full', '').retryable).toBe(true)
  expect(new SyncError('too_large', '').retryable).toBe(false)
})

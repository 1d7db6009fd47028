import { type ClientOptions, createClient, type ErrorContext } from 'syncline/client'
import { seededRandom } from 'syncline/testing'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { patience, quick } from '../support/hub-server.ts'
import { watch } from '../support/outbox-on-test.ts'
import { registry } from '../support/room-registry.ts'
import { type Cut, type SendingHub, sendingMemory, startSendingHub } from '../support/sending-hub.ts'

/** A client that tries again soon and as often as it takes, and its room; closed after the test. */
function startClient(url: string, options: Partial<ClientOptions> = {}) {
  const errors: [string, ErrorContext][] = []
  const client = createClient(registry, {
    url,
    backoff: quick,
    breaker: false,
    onError: (error, context) => void errors.push([error.code, context]),
    ...options,
  })
  onTestFinished(() => client.close())
  return { client, errors, room: client.channel('room', { id: 1 }) }
}

/** The texts that a room's log holds, in their order. */
const textsOf = ({ memory }: SendingHub) =>
  memory.log.applied.map(({ data }) => (data as { text: string }).text)

const sumOf = (data: unknown) => {
  const { a, b } = data as { a: number; b: number }
  return { sum: a + b }
}

/** Cuts the connection at these frames, counted from 0 over all that the hub reads. */
function cutAt(frames: ReadonlyMap<number, Cut>): () => Cut {
  let count = -1
  return () => frames.get(++count)
}

describe('a publication', () => {
  it('is applied and acknowledged with its position', async () => {
    const hub = await startSendingHub()
    const { room, client } = startClient(hub.url)
    await expect(room.publish('said', { text: 'a' })).resolves.toEqual({
      epoch: 'epoch',
      offset: 1,
      tag: 'tag 1',
    })
    await expect(room.publish('said', { text: 'b' })).resolves.toMatchObject({ offset: 2 })
    expect(textsOf(hub)).toEqual(['a', 'b'])
    expect(client.stats().pending).toEqual({ count: 0, bytes: 0 })
  })

  it.each(['before', 'after'] as const)(
    'is applied once when the connection breaks %s it is applied',
    async (cut) => {
      const hub = await startSendingHub({ cut: cutAt(new Map([[1, cut]])) })
      const { room, client, errors } = startClient(hub.url)
      await Promise.all(['a', 'b', 'c'].map((text) => room.publish('said', { text })))
      expect(textsOf(hub)).toEqual(['a', 'b', 'c'])
      expect([hub.cuts, hub.welcomes]).toEqual([1, 2])
      expect(client.stats().counts).toMatchObject({ acknowledged: 3, connected: 2 })
      expect(errors).toEqual([])
    },
  )

  it('is seen to be applied twice by a hub that does not remember', async () => {
    const hub = await startSendingHub({
      cut: cutAt(new Map([[1, 'after']])),
      memory: sendingMemory({ remembers: false }),
    })
    const { room } = startClient(hub.url)
    await Promise.all(['a', 'b', 'c'].map((text) => room.publish('said', { text })))
    expect(textsOf(hub)).toContain('b')
    expect(textsOf(hub).filter((text) => text === 'b')).toHaveLength(2)
  })

  it('waits while there is no server, and is applied when there is one', async () => {
    const gone = await startSendingHub()
    const { port, url } = gone
    await gone.stop()
    const { room, client } = startClient(url)
    const sends = ['a', 'b'].map((text) => room.publish('said', { text }))
    await vi.waitFor(() => expect(client.status.cause?.code).toBe('connect_failed'), patience)
    const hub = await startSendingHub({ port })
    await Promise.all(sends)
    expect(textsOf(hub)).toEqual(['a', 'b'])
    const pubs = hub.received.filter(([type]) => type === 'pub')
    expect(
      pubs.map((frame) => frame.length),
      'none of them is a resend',
    ).toEqual([6, 6])
  })

  it('of two hundred over twenty cuts is applied once, all of them in order', async () => {
    const random = seededRandom(20)
    // Each cut falls somewhere into the next ten frames that the hub reads, so that it hits first sendings and resends.
    const cuts = new Map<number, Cut>()
    for (let i = 0; i < 20; i++) {
      cuts.set(i * 10 + Math.floor(random() * 10), random() < 0.5 ? 'before' : 'after')
    }
    const hub = await startSendingHub({ cut: cutAt(cuts) })
    const { room, client } = startClient(hub.url)
    const texts = Array.from({ length: 200 }, (_, i) => `text ${i}`)
    const positions = await Promise.all(texts.map((text) => room.publish('said', { text })))
    expect(textsOf(hub)).toEqual(texts)
    expect([hub.cuts, hub.welcomes]).toEqual([20, 21])
    // A duplicate is acknowledged with the top: an upper bound of its own place.
    positions.forEach(({ offset }, i) => void expect(offset).toBeGreaterThanOrEqual(i + 1))
    const { counts, pending } = client.stats()
    expect(counts).toMatchObject({ acknowledged: 200, connected: 21 })
    expect([counts.refused, counts.indeterminate]).toEqual([undefined, undefined])
    expect(counts.sent, 'some were sent again').toBeGreaterThan(200)
    expect(pending).toEqual({ count: 0, bytes: 0 })
  })

  it('that is refused once for lack of time leaves the others in order, each applied once', async () => {
    const hub = await startSendingHub()
    const { room, client } = startClient(hub.url)
    await room.publish('said', { text: 'first' })
    hub.memory.log.refusals.push('rate_limited')
    const sends = ['refused', 'b', 'c', 'd'].map((text) => watch(room.publish('said', { text })))
    await vi.waitFor(() => expect(client.stats().pending.count).toBe(0), patience)
    expect(sends.map(({ outcome }) => outcome)).toEqual(['rate_limited', 'done', 'done', 'done'])
    expect(textsOf(hub)).toEqual(['first', 'b', 'c', 'd'])
  })
})

describe('a restart of the server', () => {
  it('that keeps the log applies each publication once, in order, and answers each request once', async () => {
    const memory = sendingMemory()
    const first = await startSendingHub({ memory, answer: sumOf })
    const { port } = first
    const { room, client } = startClient(first.url)
    await room.publish('said', { text: 'before' })
    const during = [
      watch(room.publish('said', { text: 'a' })),
      watch(room.request('add', { a: 1, b: 2 })),
      watch(room.publish('said', { text: 'b' })),
    ]
    await first.stop()
    await vi.waitFor(() => expect(client.status.state).toBe('connecting'), patience)
    during.push(watch(room.publish('said', { text: 'c' })))
    const second = await startSendingHub({ memory, answer: sumOf, port })
    await vi.waitFor(() => expect(client.stats().pending.count).toBe(0), patience)
    expect(during.map(({ outcome }) => outcome)).toEqual(['done', 'done', 'done', 'done'])
    expect(textsOf(second)).toEqual(['before', 'a', 'b', 'c'])
    expect(during[1]!.value).toEqual({ sum: 3n })
    const runs = (first.runs.get('{"a":1,"b":2}') ?? 0) + (second.runs.get('{"a":1,"b":2}') ?? 0)
    expect(runs).toBe(1)
  })

  it('that has lost its log takes up what is not acknowledged from its lowest number, in order', async () => {
    // From the third publication on, the first server takes all that it reads and answers nothing of it.
    let count = 0
    const first = await startSendingHub({ cut: () => (++count >= 3 ? 'after' : undefined) })
    const { port } = first
    const { room, client } = startClient(first.url)
    await room.publish('said', { text: 'old' })
    const sends = ['a', 'b', 'c'].map((text) => watch(room.publish('said', { text })))
    await vi.waitFor(() => expect(first.cuts).toBeGreaterThan(0), patience)
    await first.stop()
    const second = await startSendingHub({ port, memory: sendingMemory({ epoch: 'another' }) })
    await vi.waitFor(() => expect(client.stats().pending.count).toBe(0), patience)
    expect(sends.map(({ outcome }) => outcome)).toEqual(['done', 'done', 'done'])
    // Whether the first one had its acknowledgement when the server went is a matter of chance.
    const texts = textsOf(second)
    expect([
      ['b', 'c'],
      ['a', 'b', 'c'],
    ]).toContainEqual(texts)
    expect(textsOf(first).slice(0, 2)).toEqual(['old', 'a'])
  })
})

describe('a request', () => {
  it.each(['before', 'after'] as const)(
    'is run once and answered when the connection breaks %s it is run',
    async (cut) => {
      const hub = await startSendingHub({ answer: sumOf, cut: cutAt(new Map([[0, cut]])) })
      const { room } = startClient(hub.url)
      await expect(room.request('add', { a: 1, b: 2 })).resolves.toEqual({ sum: 3n })
      expect([...hub.runs.values()]).toEqual([1])
      expect(hub.cuts).toBe(1)
      const asked = hub.received.filter(([type]) => type === 'req')
      expect(new Set(asked.map(([, ref]) => ref)).size, 'it kept its reference').toBe(1)
      expect(asked.at(-1)).toMatchObject({ 5: { ageMs: expect.any(Number), timeoutMs: expect.any(Number) } })
    },
  )

  it('of fifty over ten cuts, among publications, is run once and gets its own answer', async () => {
    const cuts = new Map(
      Array.from({ length: 10 }, (_, i) => [i * 7 + 3, i % 2 ? 'before' : 'after'] as const),
    )
    const hub = await startSendingHub({ answer: sumOf, cut: cutAt(cuts) })
    const { room, client } = startClient(hub.url)
    const numbers = Array.from({ length: 50 }, (_, i) => i)
    const texts: Promise<unknown>[] = []
    const sums = await Promise.all(
      numbers.map((i) => {
        texts.push(room.publish('said', { text: `text ${i}` }))
        return room.request('add', { a: i, b: 1_000 })
      }),
    )
    await Promise.all(texts)
    expect(sums).toEqual(numbers.map((i) => ({ sum: BigInt(i + 1_000) })))
    expect([...new Set(hub.runs.values())]).toEqual([1])
    expect(hub.runs.size).toBe(50)
    expect(textsOf(hub)).toEqual(numbers.map((i) => `text ${i}`))
    expect(hub.cuts).toBe(10)
    expect(client.stats().pending.count).toBe(0)
  })

  it('that is given up is cancelled', async () => {
    const hub = await startSendingHub({ answer: () => undefined })
    const { room } = startClient(hub.url)
    const abort = new AbortController()
    const asked = room.request('add', { a: 1, b: 2 }, { signal: abort.signal })
    await vi.waitFor(() => expect(hub.runs.size).toBe(1), patience)
    abort.abort()
    await expect(asked).rejects.toMatchObject({ code: 'aborted' })
    const ref = hub.received.find(([type]) => type === 'req')![1]
    await vi.waitFor(() => expect(hub.received.at(-1)).toEqual(['cancel', ref]), patience)
  })
})

describe('a message', () => {
  it('reaches the others that listen, and not its sender', async () => {
    const hub = await startSendingHub()
    const [ada, ben] = [startClient(hub.url), startClient(hub.url)]
    const heard: unknown[] = []
    let joined = 0
    for (const { room, client } of [ada, ben]) {
      room.on('subscribed', () => joined++)
      room.on('cursor', ({ x }, { sender }) => heard.push([client.id, x, sender]))
    }
    await vi.waitFor(() => expect(joined).toBe(2), patience)
    expect(ada.room.tell('cursor', { x: 1 })).toBe(true)
    await vi.waitFor(() => expect(heard).toHaveLength(1), patience)
    expect(ben.room.tell('cursor', { x: 2 })).toBe(true)
    await vi.waitFor(() => expect(heard).toHaveLength(2), patience)
    expect(heard).toEqual([
      [ben.client.id, 1, ada.client.id],
      [ada.client.id, 2, ben.client.id],
    ])
  })
})

import { describe, expect, test } from 'vitest'
import { roomClient as setUp } from '../../support/room-client.ts'

/** The same handle, for names and payloads that its types forbid. */
interface Untyped {
  publish(name: string, data: unknown, options?: object): Promise<unknown>
  request(name: string, data: unknown, options?: object): Promise<unknown>
  tell(name: string, data: unknown): boolean
}
const untyped = (channel: object) => channel as Untyped

const inherited = ['toString', 'constructor', '__proto__', 'hasOwnProperty', 'valueOf']

describe('publish', () => {
  test('appends to the channel, and resolves to the position of the entry', async () => {
    const { room, sockets, sent, online } = setUp()
    online()
    const published = room.publish('said', { text: 'hi' })
    expect(sent('pub')).toEqual([['pub', 1, 1, 'room/1', 'said', { text: 'hi' }]])
    sockets.last.receive('ack', 'room/1', 1, ['epoch', 7, 'seven'])
    await expect(published).resolves.toEqual({ epoch: 'epoch', offset: 7, tag: 'seven' })
  })

  test('rejects what does not fit with its issues before anything is sent, and never throws', async () => {
    const { room, clock, sockets, client } = setUp()
    let published: Promise<unknown> | undefined
    expect(() => {
      published = untyped(room).publish('said', { text: 7, tags: [{ label: 'a' }, {}] })
    }).not.toThrow()
    await expect(published).rejects.toMatchObject({
      code: 'bad_payload',
      issues: [{ path: ['text'] }, { path: ['tags', 1, 'label'] }],
    })
    expect([sockets.all, clock.pending, client.stats().pending.count]).toEqual([[], 0, 0])
  })

  test.each(['shout', 'renamed', 'cursor', 'add', ...inherited])(
    'rejects %s, which no client may publish, with unknown_event',
    async (name) => {
      const { room, sockets } = setUp()
      await expect(untyped(room).publish(name, { text: 'hi', title: 'hi' })).rejects.toMatchObject({
        code: 'unknown_event',
      })
      expect(sockets.all).toEqual([])
    },
  )

  test.each(['told', ...inherited])('rejects %s on a channel without client events', async (name) => {
    const { client } = setUp()
    const news = untyped(client.channel('news'))
    await expect(news.publish(name, {})).rejects.toMatchObject({ code: 'unknown_event' })
    await expect(news.request(name, {})).rejects.toMatchObject({ code: 'unknown_request' })
    expect(() => news.tell(name, {})).toThrow(expect.objectContaining({ code: 'unknown_event' }))
  })

  test('sends what the data was at the call, whatever becomes of it afterwards', () => {
    const { room, sent, online, cut } = setUp()
    const tags = [{ label: 'a' }]
    const data = { text: 'before', tags }
    room.publish('said', data).catch(() => {})
    data.text = 'after'
    tags.push({ label: 'b' })
    tags[0]!.label = 'changed'
    const expected = [{ text: 'before', tags: [{ label: 'a' }] }]
    online()
    expect(sent('pub').map((frame) => frame[5])).toEqual(expected)
    data.text = 'even later'
    cut()
    online()
    expect(sent('pub').map((frame) => frame[5])).toEqual(expected)
  })

  test('leaves out what the schema strips, and sends the input of defaults', () => {
    const { room, sent, online } = setUp()
    online()
    const more = { text: 'hi', password: 'secret', tags: [{ label: 'a', note: 'secret' }] }
    room.publish('said', more).catch(() => {})
    room.publish('shouted', { text: 'hi' }).catch(() => {})
    expect(sent('pub').map((frame) => frame[5])).toEqual([
      { text: 'hi', tags: [{ label: 'a' }] },
      { text: 'hi' },
    ])
  })

  test('brings the details of a refusal: when to try again, and what the hub’s schema found', async () => {
    const { room, sockets, online } = setUp()
    online()
    const [limited, bad] = [room.publish('said', { text: 'a' }), room.publish('said', { text: 'b' })]
    const { receive } = sockets.last
    receive('nak', 'room/1', 1, 'rate_limited', 'Slow down', { retryAfterMs: 1_500 })
    const issues = [{ message: 'too rude', path: ['text'] }, 'nonsense', null, { message: 1, path: [] }]
    receive('nak', 'room/1', 2, 'bad_payload', 'Too rude', { issues })
    await expect(limited).rejects.toMatchObject({
      code: 'rate_limited',
      message: 'Slow down',
      retryable: true,
      retryAfterMs: 1_500,
    })
    await expect(bad).rejects.toMatchObject({
      code: 'bad_payload',
      retryable: false,
      issues: [{ message: 'too rude', path: ['text'] }],
    })
  })

  test('keeps a code of a later version as it is, and does not call it retryable', async () => {
    const { room, sockets, online } = setUp()
    online()
    const published = room.publish('said', { text: 'a' })
    sockets.last.receive('nak', 'room/1', 1, 'out_of_moonlight', 'Wait for the moon')
    await expect(published).rejects.toMatchObject({ code: 'out_of_moonlight', retryable: false })
  })
})

describe('request', () => {
  test('resolves to what the schema of the answer makes of it', async () => {
    const { room, sockets, sent, online } = setUp()
    online()
    const asked = room.request('add', { a: 1, b: 2 })
    const [frame] = sent('req')
    expect(frame).toEqual(['req', expect.any(Number), 'room/1', 'add', { a: 1, b: 2 }, { timeoutMs: 15_000 }])
    sockets.last.receive('res', frame![1], { sum: 3 }, ['epoch', 9, 'nine'])
    await expect(asked).resolves.toEqual({ sum: 3n })
  })

  test('rejects an answer that does not fit its schema with bad_payload, and is settled all the same', async () => {
    const { room, client, clock, sockets, sent, online } = setUp({ heartbeatMs: 0 })
    online()
    const asked = room.request('add', { a: 1, b: 2 })
    sockets.last.receive('res', sent('req')[0]![1], { sum: 'three' })
    await expect(asked).rejects.toMatchObject({ code: 'bad_payload', issues: [{ path: ['sum'] }] })
    expect(client.stats().pending).toEqual({ count: 0, bytes: 0 })
    client.close()
    expect(clock.pending).toBe(0)
  })

  test('rejects an input that does not fit before anything is sent, and never throws', async () => {
    const { room, sockets } = setUp()
    const asked = untyped(room).request('add', { a: 1, b: 'two' })
    await expect(asked).rejects.toMatchObject({ code: 'bad_payload', issues: [{ path: ['b'] }] })
    expect(sockets.all).toEqual([])
  })

  test.each(['subtract', 'said', ...inherited])(
    'rejects %s, which nobody answers, with unknown_request',
    async (name) => {
      const { room, sockets } = setUp()
      await expect(untyped(room).request(name, {})).rejects.toMatchObject({ code: 'unknown_request' })
      expect(sockets.all).toEqual([])
    },
  )

  test('brings the details of a refusal, and no other request or subscription hears of it', async () => {
    const { room, sockets, sent, online, errors } = setUp()
    room.on('renamed', () => {})
    online()
    const [first, second] = [room.request('add', { a: 1, b: 2 }), room.request('add', { a: 3, b: 4 })]
    const [, other] = sent('req')
    sockets.last.receive('err', other![1], 'overloaded', 'Later', { retryAfterMs: 800, issues: [] })
    await expect(second).rejects.toMatchObject({
      code: 'overloaded',
      message: 'Later',
      retryAfterMs: 800,
      issues: [],
    })
    sockets.last.receive('res', sent('req')[0]![1], { sum: 3 })
    await expect(first).resolves.toEqual({ sum: 3n })
    expect(errors).toEqual([])
  })

  test('takes its options: a time of its own, and a signal that cancels it', async () => {
    const { room, sent, online } = setUp()
    online()
    const abort = new AbortController()
    const asked = room.request('add', { a: 1, b: 2 }, { timeoutMs: 700, signal: abort.signal })
    const [frame] = sent('req')
    expect(frame![5]).toEqual({ timeoutMs: 700 })
    abort.abort()
    await expect(asked).rejects.toMatchObject({ code: 'aborted' })
    expect(sent('cancel')).toEqual([['cancel', frame![1]]])
  })

  test('uses no reference of a subscription, and none twice, over reconnects', () => {
    const { room, client, sockets, online, cut } = setUp()
    room.on('renamed', () => {})
    online()
    room.request('add', { a: 1, b: 2 }).catch(() => {})
    client.channel('news').on('told', () => {})
    room.request('add', { a: 3, b: 4 }).catch(() => {})
    cut()
    online()
    const refs = sockets.all.map(({ sent }) =>
      sent.flatMap(([type, ref]) => (type === 'sub' || type === 'req' ? [[type, ref]] : [])),
    )
    expect(refs[0]!.map(([type]) => type)).toEqual(['sub', 'req', 'sub', 'req'])
    const asked = (all: unknown[][]) => all.filter(([type]) => type === 'req').map(([, ref]) => ref)
    expect(asked(refs[1]!)).toEqual(asked(refs[0]!))
    const joined = refs.flat().filter(([type]) => type === 'sub')
    const all = new Set([...joined, ...refs[0]!].map(([, ref]) => ref))
    expect(all.size, 'two requests and four subscriptions').toBe(6)
  })
})

describe('tell', () => {
  test('sends a message, stripped, to a hub that is there', () => {
    const { room, sent, online } = setUp()
    online()
    expect(room.tell('cursor', { x: 1, secret: true } as { x: number })).toBe(true)
    expect(sent('tell')).toEqual([['tell', 'room/1', 'cursor', { x: 1 }]])
  })

  test('drops its message while there is no connection, and nothing is sent later', () => {
    const { room, client, sockets, sent, online, cut } = setUp()
    expect(room.tell('cursor', { x: 1 })).toBe(false)
    client.connect()
    expect(room.tell('cursor', { x: 2 })).toBe(false)
    sockets.last.listener.opened('syncline.1')
    expect(room.tell('cursor', { x: 3 })).toBe(false)
    online()
    cut()
    expect(room.tell('cursor', { x: 4 })).toBe(false)
    online()
    expect(sent('tell')).toEqual([])
    expect(client.stats().pending.count).toBe(0)
  })

  test.each([
    ['by default', {}, 65_536],
    ['as the app says', { volatileMaxBytes: 10 }, 10],
  ])('drops its message while more waits in the transport than it may, %s', (_what, options, most) => {
    const { room, sockets, sent, online } = setUp(options)
    online()
    sockets.last.bufferedBytes = most + 1
    expect(room.tell('cursor', { x: 1 })).toBe(false)
    sockets.last.bufferedBytes = most
    expect(room.tell('cursor', { x: 2 })).toBe(true)
    expect(sent('tell').map((frame) => frame[3])).toEqual([{ x: 2 }])
  })

  test('congestion holds back no publication and no request', () => {
    const { room, sockets, sent, online } = setUp()
    online()
    sockets.last.bufferedBytes = 1_000_000
    room.publish('said', { text: 'hi' }).catch(() => {})
    room.request('add', { a: 1, b: 2 }).catch(() => {})
    expect([sent('pub').length, sent('req').length]).toEqual([1, 1])
  })

  test('throws for what does not fit and for unknown names, also when it would be dropped', () => {
    const { room, sent, online } = setUp()
    const { tell } = untyped(room)
    const attempts = () => {
      expect(() => tell('cursor', { x: 'left' })).toThrow(
        expect.objectContaining({ code: 'bad_payload', issues: [expect.objectContaining({ path: ['x'] })] }),
      )
      for (const name of ['pointer', 'said', ...inherited]) {
        expect(() => tell(name, { x: 1 })).toThrow(expect.objectContaining({ code: 'unknown_event' }))
      }
    }
    attempts()
    online()
    attempts()
    expect(sent('tell')).toEqual([])
  })

  test('throws for what is larger than the hub takes, which would end the connection for good', () => {
    const { client, sent, online } = setUp()
    const room = client.channel('room', { id: 'x'.repeat(100) })
    const frame = (x: number) => ['tell', `room/${'x'.repeat(100)}`, 'cursor', { x }]
    online({ maxBytes: JSON.stringify(frame(12)).length })
    expect(room.tell('cursor', { x: 12 })).toBe(true)
    expect(() => room.tell('cursor', { x: 123 })).toThrow(expect.objectContaining({ code: 'too_large' }))
    expect(sent('tell')).toEqual([frame(12)])
  })
})

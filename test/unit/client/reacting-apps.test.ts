import { createClient } from 'syncline/client'
import { describe, expect, test } from 'vitest'
import { roomClient } from '../../support/room-client.ts'
import { registry } from '../../support/room-registry.ts'

const line = { text: 'hello' }
const ignore = () => {}

describe('an app that reacts from inside', () => {
  test('of a status is told each status in its order, by every listener', () => {
    const { client, sockets, online } = roomClient()
    const second: string[] = []
    client.onStatus(({ state }) => state === 'error' && client.connect())
    client.onStatus(({ state }) => second.push(state))
    online()
    sockets.last.listener.closed(4503, 'forbidden: not you')
    expect(second).toEqual(['connecting', 'connected', 'error', 'connecting'])
    expect(client.status.state).toBe('connecting')
  })

  test('of the flush and disconnects, has what it publishes later sent once, after what waited', () => {
    const { client, room, sent, online, sockets } = roomClient()
    for (const text of ['one', 'two', 'three']) room.publish('said', { text }).catch(ignore)
    let times = 0
    const stop = client.onDiagnostic(({ type }) => type === 'sent' && times++ === 0 && client.disconnect())
    online()
    stop()
    client.onDiagnostic((told) => {
      if (told.type === 'frame' && told.frame === 'sub') room.publish('said', { text: 'late' }).catch(ignore)
    })
    room.on('said', ignore)
    online()
    expect(sockets.all).toHaveLength(2)
    expect(sent('pub').map(([, n, , , , data]) => [n, (data as { text: string }).text])).toEqual([
      [1, 'one'],
      [2, 'two'],
      [3, 'three'],
      [4, 'late'],
    ])
  })

  test('of every frame that goes out and closes, is told of each send once, and leaves nothing', async () => {
    const { client, room, online, sent, clock } = roomClient()
    online()
    const outcome = room.request('add', { a: 1, b: 2 }).catch(({ code }) => code)
    client.onDiagnostic((told) => told.type === 'frame' && told.direction === 'out' && client.close())
    client.close()
    expect(sent('cancel').length).toBeLessThanOrEqual(1)
    expect(await outcome).toBe('indeterminate')
    expect(client.stats().counts.indeterminate).toBe(1)
    expect(clock.pending).toBe(0)
  })

  test.each(['close', 'disconnect'] as const)('of its own delay and calls %s leaves no timer', (end) => {
    const all = roomClient({
      backoff: {
        delaysMs: () => {
          all.client[end]()
          return 1_000
        },
      },
    })
    all.online()
    all.cut()
    expect(all.client.status).toEqual({ state: 'disconnected', attempt: 0 })
    expect(all.clock.pending).toBe(0)
  })

  test('of its own delay and throws, has a refused subscription tried again all the same', async () => {
    const { room, sent, online, sockets, clock, errors } = roomClient({
      backoff: {
        delaysMs: () => {
          throw new Error('no delay')
        },
      },
    })
    room.on('said', ignore)
    online()
    sockets.last.receive('err', sent('sub')[0]![1], 'unavailable', 'the log is away')
    expect(errors.map(({ code }) => code)).toEqual(['listener_failed', 'unavailable'])
    await clock.advance(20_000)
    expect(sent('sub')).toHaveLength(2)
  })

  test('of a drop and closes the client, leaves nothing of the send that was to take its place', async () => {
    const { client, room, clock } = roomClient({
      enabled: false,
      outbox: { maxCount: 1, whenFull: 'drop-oldest' },
    })
    client.onDiagnostic(({ type }) => type === 'refused' && client.close())
    room.publish('said', line).catch(ignore)
    const outcome = room.publish('said', line).catch(({ code }) => code)
    expect(await outcome).toBe('closed')
    expect([client.stats().pending.count, clock.pending]).toEqual([0, 0])
  })
})

describe('a machine that slept', () => {
  /** Time passes for the wall clock alone: timers stand still. */
  function asleep() {
    let sleptMs = 0
    const all = roomClient()
    const { now } = all.clock
    all.clock.now = () => now() + sleptMs
    return { ...all, sleep: (ms: number) => (sleptMs += ms) }
  }

  test('sends nothing whose time was over meanwhile', async () => {
    const { room, online, sent, sleep, clock } = asleep()
    const outcomes = [room.publish('said', line), room.request('add', { a: 1, b: 2 })].map((promise) =>
      (promise as Promise<unknown>).catch(({ code }) => code),
    )
    sleep(3_600_000)
    online()
    expect([sent('pub'), sent('req')]).toEqual([[], []])
    await clock.settle()
    expect(await Promise.all(outcomes)).toEqual(['timeout', 'timeout'])
  })
})

describe('what a hub or a transport does wrong', () => {
  test('a timeout of the hub tells that the request may have been applied', async () => {
    const { room, online, sent, sockets } = roomClient()
    online()
    const outcome = room.request('add', { a: 1, b: 2 }).catch((error) => error)
    sockets.last.receive('err', sent('req')[0]![1], 'timeout', 'No answer in 30000 ms')
    expect(await outcome).toMatchObject({ code: 'indeterminate', cause: { code: 'timeout' } })
  })

  test('a transport that throws at a send is given up, and another one is opened', async () => {
    const { client, room, online, sockets, clock } = roomClient()
    online()
    sockets.last.sent.push = () => {
      throw new Error('broken')
    }
    room.publish('said', line).catch(ignore)
    expect(client.status).toMatchObject({ state: 'connecting', cause: { code: 'connection_lost' } })
    await clock.advance(3_000)
    expect(sockets.all).toHaveLength(2)
  })

  test('a signal that throws is reported, and the client connects without it', () => {
    const { client, sockets, errors } = roomClient({
      signals: {
        online: () => {
          throw new Error('no module')
        },
      },
    })
    client.connect()
    expect(errors).toMatchObject([{ code: 'listener_failed', stage: 'connect' }])
    sockets.last.welcome()
    expect(client.status.state).toBe('connected')
  })
})

test('recoveries and dropped messages are counted', () => {
  const { client, room, online, accept, cut, sent, sockets } = roomClient()
  room.on('said', ignore)
  expect(room.tell('cursor', { x: 1 })).toBe(false)
  online()
  accept()
  cut()
  online()
  sockets.last.receive('subscribed', sent('sub')[0]![1], 1, {
    position: ['epoch', 5, 'tag 5'],
    recovered: true,
  })
  expect(client.stats().counts).toMatchObject({ subscribed: 2, recovered: 1, dropped: 1 })
})

test.each([
  ['no address', { url: undefined }],
  ['an empty address', { url: '' }],
  ['a backoff that is null', { backoff: null }],
  ['an outbox that is a number', { outbox: 5 }],
  ['signals that are null', { signals: null }],
  ['a policy that is none', { outbox: { whenFull: 'drop_oldest' } }],
  ['a rule for unknown events that is none', { unknownEvents: 'warn' }],
  ['a list of delays that is a number', { backoff: { delaysMs: 5 } }],
  ['a clock that is null', { clock: null }],
  ['an auth that is a text', { auth: 'x' }],
  ['a random that is a number', { random: 5 }],
])('a client with %s is refused when it is made', (_, options) => {
  expect(() => createClient(registry, { url: 'ws://hub', ...options } as never)).toThrow(
    expect.objectContaining({ code: 'bad_options' }),
  )
})

test('a signal of a send that is none is refused, and nothing is sent later', async () => {
  const { room, online, sent, client } = roomClient()
  const outcome = room.publish('said', line, { signal: {} as AbortSignal }).catch(({ code }) => code)
  expect(await outcome).toBe('bad_options')
  online()
  expect([sent('pub'), client.stats().pending.count]).toEqual([[], 0])
})

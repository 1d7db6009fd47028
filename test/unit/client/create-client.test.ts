import { type ClientOptions, clientDefaults, createClient } from 'syncline/client'
import { manualClock } from 'syncline/testing'
import { describe, expect, onTestFinished, test } from 'vitest'
import { registry } from '../../support/challenge-registry.ts'
import { signalsOnTest } from '../../support/connection-on-test.ts'
import { fakeSockets } from '../../support/fake-sockets.ts'

function setUp(options: Partial<ClientOptions> = {}) {
  const clock = manualClock()
  const sockets = fakeSockets()
  const errors: [string, string][] = []
  const client = createClient(registry, {
    url: 'http://hub/sync',
    clock,
    socket: sockets.factory,
    onError: ({ code }, { stage }) => void errors.push([code, stage]),
    ...options,
  })
  onTestFinished(() => client.close())
  return { client, clock, sockets, errors }
}

describe('a new client', () => {
  test('does nothing by itself, and nothing for a handle alone', () => {
    const { client, clock, sockets } = setUp()
    client.channel('lobby')
    expect(sockets.all).toEqual([])
    expect(clock.pending).toBe(0)
    expect(client.id).toBeUndefined()
  })

  test('connects with its first listener to the WebSocket address of its url', () => {
    const { client, sockets } = setUp()
    client.channel('lobby').on('said', () => {})
    client.channel('game', { code: 'A' }).on('moved', () => {})
    expect(sockets.all.map(({ url }) => url)).toEqual(['ws://hub/sync'])
    sockets.last.welcome()
    expect(sockets.last.sent.map(([type, , name]) => [type, name])).toEqual([
      ['hello', undefined],
      ['sub', 'lobby'],
      ['sub', 'game/A'],
    ])
  })

  test('throws for a channel or parameters that its registry does not have, before anything is sent', () => {
    const { client, sockets } = setUp()
    const untyped = client.channel.bind(client) as (key: string, params?: object) => unknown
    expect(() => untyped('shop')).toThrow(expect.objectContaining({ code: 'unknown_channel' }))
    expect(() => untyped('toString')).toThrow(expect.objectContaining({ code: 'unknown_channel' }))
    expect(() => untyped('game', { code: '' })).toThrow(expect.objectContaining({ code: 'bad_channel' }))
    expect(sockets.all).toEqual([])
  })
})

describe('hello', () => {
  test('names the registry and bears one secret on every connection, another for each client', () => {
    const secrets = [setUp(), setUp()].map(({ client, sockets }) => {
      client.connect()
      sockets.last.welcome()
      sockets.last.listener.closed(1006, '')
      client.connect()
      sockets.last.welcome()
      const hellos = sockets.all.map(
        ({ sent }) => sent[0] as ['hello', { registry: unknown; session: string }],
      )
      for (const [, hello] of hellos) expect(hello.registry).toEqual([registry.version, registry.hash])
      const [first, second] = hellos.map(([, { session }]) => session)
      expect(first).toMatch(/^[a-z0-9]{26}$/)
      expect(second).toBe(first)
      return first
    })
    expect(secrets[0]).not.toBe(secrets[1])
  })

  test('has a token only where the app gives one', async () => {
    const { client, sockets, clock } = setUp({ auth: async () => 'let me in' })
    client.connect()
    await clock.settle()
    sockets.last.welcome()
    expect(sockets.last.sent[0]).toMatchObject(['hello', { token: 'let me in' }])
    const other = setUp()
    other.client.connect()
    other.sockets.last.welcome()
    expect(JSON.stringify(other.sockets.last.sent[0])).not.toContain('token')
  })
})

test('the public id is that of the last welcome, and stays known while there is no connection', () => {
  const { client, sockets } = setUp()
  client.connect()
  sockets.last.welcome({ client: 'ada' })
  expect(client.id).toBe('ada')
  sockets.last.listener.closed(1006, '')
  expect(client.id).toBe('ada')
})

describe('options', () => {
  const numbers: readonly (keyof ClientOptions)[] = [
    'connectTimeoutMs',
    'stableAfterMs',
    'probeTimeoutMs',
    'heartbeatMs',
    'lingerMs',
    'requestTimeoutMs',
    'volatileMaxBytes',
  ]
  const nested = {
    backoff: ['firstMaxMs', 'baseMs', 'factor', 'maxMs', 'jitter', 'maxAttempts'],
    breaker: ['failures', 'pauseMs'],
    outbox: ['maxCount', 'maxBytes', 'ttlMs', 'giveUpMs'],
  }
  /** Every option that is a number, as options with the value in its place. */
  const places: [key: string, set: (value: unknown) => object][] = [
    ...numbers.map((key): [string, (value: unknown) => object] => [key, (value) => ({ [key]: value })]),
    ...Object.entries(nested).flatMap(([group, keys]) =>
      keys.map((key): [string, (value: unknown) => object] => [
        key,
        (value) => ({ [group]: { [key]: value } }),
      ]),
    ),
  ]
  const create = (options: object) => createClient(registry, { url: 'http://hub/sync', ...options })

  test.each(places)('refuse for %s what is no number from 0, by its name', (key, set) => {
    for (const bad of [-1, Number.NaN, '5', null, true]) {
      expect(() => create(set(bad))).toThrow(
        expect.objectContaining({ code: 'bad_options', message: expect.stringContaining(key) }),
      )
    }
  })

  test.each(places)(
    'take for %s what is one, without an end too, and undefined for the default',
    (_, set) => {
      for (const good of [0, 1, Number.POSITIVE_INFINITY, undefined])
        expect(() => create(set(good))).not.toThrow()
    },
  )

  test.each([[[]], [[-1]], [[5, Number.NaN]], [[5, '5']], [[null]]])(
    'refuse for delaysMs the list %j',
    (delaysMs) => {
      expect(() => create({ backoff: { delaysMs } })).toThrow(
        expect.objectContaining({ code: 'bad_options', message: expect.stringContaining('delaysMs') }),
      )
    },
  )

  test('that are numbers are all of those above', () => {
    const numbersOf = (defaults: object) =>
      Object.entries(defaults).flatMap(([key, value]) => (typeof value === 'number' ? [key] : []))
    const { backoff, breaker, outbox, ...others } = clientDefaults
    expect(numbers.filter((key) => key !== 'heartbeatMs').sort()).toEqual(numbersOf(others).sort())
    expect(nested.backoff.sort()).toEqual(numbersOf(backoff).sort())
    expect(nested.breaker.sort()).toEqual(numbersOf(breaker).sort())
    expect(nested.outbox.sort()).toEqual(numbersOf(outbox).sort())
  })

  test('without an end never come to it', async () => {
    const { client, clock, sockets } = setUp({ connectTimeoutMs: Number.POSITIVE_INFINITY })
    client.connect()
    await clock.advance(10 * 365 * 24 * 3_600_000)
    expect(sockets.open).toHaveLength(1)
  })

  test('that are given as undefined are as if they were not given', async () => {
    const missing = {
      connectTimeoutMs: undefined,
      lingerMs: undefined,
      random: undefined,
      backoff: undefined,
      breaker: undefined,
      outbox: undefined,
      signals: undefined,
    }
    const { client, sockets, clock } = setUp(missing as unknown as Partial<ClientOptions>)
    client.connect()
    await clock.advance(9_999)
    expect(client.status.cause).toBeUndefined()
    await clock.advance(1)
    expect(client.status).toMatchObject({ attempt: 1, cause: { code: 'connect_timeout' } })
    expect(sockets.open).toEqual([])
  })

  test.each([
    [{ failures: 1, pauseMs: 123 }, 123],
    [false, 5],
  ] as const)('switch the breaker, as %j, and the backoff', (breaker, delayMs) => {
    const { client, sockets, clock } = setUp({ breaker, backoff: { delaysMs: [5] } })
    client.connect()
    sockets.last.listener.closed(1006, '')
    expect(client.status.nextAttemptAt! - clock.now()).toBe(delayMs)
  })
})

describe('a client that is not enabled', () => {
  test('connects neither for a listener nor for a send, until it is told to', async () => {
    const { client, sockets, clock } = setUp({ enabled: false })
    client.channel('lobby').on('said', () => {})
    expect(client.status).toEqual({ state: 'disconnected', attempt: 0 })
    await clock.advance(60_000)
    expect(sockets.all).toEqual([])
    client.connect()
    sockets.last.welcome()
    expect(sockets.last.sent.map(([type, , name]) => [type, name])).toEqual([
      ['hello', undefined],
      ['sub', 'lobby'],
    ])
  })
})

describe('disconnect', () => {
  test('leaves no timer, no socket and no signal, and nothing connects but connect', async () => {
    const machine = signalsOnTest()
    const { client, clock, sockets } = setUp({ signals: machine.signals, heartbeatMs: 1_000 })
    client.channel('lobby').on('said', () => {})
    sockets.last.welcome()
    expect(machine.followers).toBe(3)
    client.disconnect()
    expect(client.status).toEqual({ state: 'disconnected', attempt: 0 })
    expect([clock.pending, sockets.open.length, machine.followers]).toEqual([0, 0, 0])
    client.channel('game', { code: 'A' }).on('moved', () => {})
    await clock.advance(3_600_000)
    expect(sockets.all).toHaveLength(1)
  })

  test('leaves no timer of a subscription that would be tried again', () => {
    const { client, clock, sockets } = setUp()
    client.channel('lobby').on('said', () => {})
    sockets.last.welcome()
    const ref = sockets.last.sent.find(([type]) => type === 'sub')![1] as number
    sockets.last.receive('err', ref, 'unavailable', 'the log is away')
    client.disconnect()
    expect(clock.pending).toBe(0)
  })

  test('keeps the listeners, which are joined again where they stood', () => {
    const { client, sockets } = setUp()
    const heard: unknown[] = []
    client.channel('game', { code: 'A' }).on('moved', ({ step }) => heard.push(step))
    sockets.last.welcome()
    const answer = (offset: number, recovered: boolean | null) => {
      const ref = sockets.last.sent.find(([type]) => type === 'sub')![1] as number
      sockets.last.receive('subscribed', ref, 1, { position: ['epoch', offset, `tag ${offset}`], recovered })
    }
    answer(5, null)
    sockets.last.receive('ev', 1, 6, 'tag 6', 'tag 5', 1_000, null, 'moved', { step: 6 })
    client.disconnect()
    client.connect()
    sockets.last.welcome()
    expect(sockets.last.sent[1]).toEqual([
      'sub',
      expect.any(Number),
      'game/A',
      { since: ['epoch', 6, 'tag 6'] },
    ])
    answer(6, true)
    sockets.last.receive('ev', 1, 7, 'tag 7', 'tag 6', 1_000, null, 'moved', { step: 7 })
    expect(heard).toEqual([6, 7])
  })
})

describe('an app that reacts while its channels are being joined', () => {
  const codes = ['A', 'B', 'C']

  test.each(['disconnects', 'connects anew'])(
    'and %s has all of them joined on the next connection',
    (how) => {
      const { client, sockets } = setUp()
      for (const code of codes) client.channel('game', { code }).on('moved', () => {})
      let times = 0
      client.onDiagnostic((told) => {
        if (told.type !== 'frame' || told.frame !== 'sub' || times++ > 0) return
        client.disconnect()
        if (how === 'connects anew') client.connect()
      })
      sockets.last.welcome()
      client.connect()
      sockets.last.welcome()
      expect(sockets.all).toHaveLength(2)
      expect(sockets.last.sent.flatMap(([type, , name]) => (type === 'sub' ? [name] : []))).toEqual(
        codes.map((code) => `game/${code}`),
      )
    },
  )
})

describe('the status', () => {
  test('is told by a function that can be handed on as it is', () => {
    const { client, sockets } = setUp()
    const { onStatus } = client
    const states: string[] = []
    const undo = onStatus(({ state }) => states.push(state))
    client.connect()
    sockets.last.welcome()
    undo()
    client.close()
    expect(states).toEqual(['connecting', 'connected'])
  })

  test('reaches the other listeners when one of them throws, which is reported', () => {
    const { client, errors } = setUp()
    const states: string[] = []
    client.onStatus(() => {
      throw new Error('broken')
    })
    client.onStatus(({ state }) => states.push(state))
    client.connect()
    expect(states).toEqual(['connecting'])
    expect(errors).toEqual([['listener_failed', 'listener']])
  })
})

test('close ends the connection and all subscriptions for good, and leaves no timer and no signal', async () => {
  const machine = signalsOnTest()
  const { client, clock, sockets } = setUp({ signals: machine.signals })
  client.channel('lobby').on('said', () => {})
  sockets.last.welcome()
  client.close()
  client.close()
  client.connect()
  await clock.advance(60_000)
  expect(client.status.state).toBe('disconnected')
  expect(sockets.open).toEqual([])
  expect(sockets.all).toHaveLength(1)
  expect([clock.pending, machine.followers]).toEqual([0, 0])
})

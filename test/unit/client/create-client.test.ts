import { type ClientOptions, createClient } from 'syncline/client'
import { manualClock } from 'syncline/testing'
import { describe, expect, onTestFinished, test } from 'vitest'
import { registry } from '../../support/challenge-registry.ts'
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

test('an option that is given as undefined is as if it were not given', async () => {
  const missing = { connectTimeoutMs: undefined, lingerMs: undefined, random: undefined, backoff: undefined }
  const { client, sockets, clock } = setUp(missing as unknown as Partial<ClientOptions>)
  client.connect()
  await clock.advance(9_999)
  expect(client.status.cause).toBeUndefined()
  await clock.advance(1)
  expect(client.status).toMatchObject({ attempt: 1, cause: { code: 'connect_timeout' } })
  expect(sockets.open).toEqual([])
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

test('close ends the connection and all subscriptions for good, and leaves no timer', async () => {
  const { client, clock, sockets } = setUp()
  client.channel('lobby').on('said', () => {})
  sockets.last.welcome()
  client.close()
  client.close()
  client.connect()
  await clock.advance(60_000)
  expect(client.status.state).toBe('disconnected')
  expect(sockets.open).toEqual([])
  expect(sockets.all).toHaveLength(1)
  expect(clock.pending).toBe(0)
})

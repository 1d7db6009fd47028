import { createClient } from 'syncline/client'
import { createHub, type HubOptions, hubDefaults, memory } from 'syncline/server'
import { createNetwork, manualClock, seededRandom } from 'syncline/testing'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { registry } from '../../support/challenge-registry.ts'
import { watchedBroadcaster } from '../../support/watched-broadcaster.ts'

function setUp(options: HubOptions = {}) {
  const clock = manualClock()
  const random = seededRandom(1)
  const hub = createHub(registry, { clock, random, ...options })
  const network = createNetwork(hub, { clock })
  const connect = () => {
    const errors: string[] = []
    const client = createClient(registry, {
      url: 'ws://hub/sync',
      clock,
      random,
      socket: network.socket,
      onError: ({ code }) => errors.push(code),
    })
    return { client, errors }
  }
  return { clock, hub, network, connect }
}

test('what is published on a hub reaches the clients that listen', async () => {
  const { clock, hub, connect } = setUp()
  hub.serve('lobby', {})
  const heard: string[] = []
  connect()
    .client.channel('lobby')
    .on('said', ({ text }) => heard.push(text))
  await clock.advance(10)
  const position = await hub.channel('lobby').publish('said', { text: 'hi' })
  await clock.advance(10)
  expect([heard, position.offset, hub.connections]).toEqual([['hi'], 1, 1])
})

/** A hub with one client that listens, and the link between them. */
async function setUpListening() {
  const { clock, hub, connect, network } = setUp()
  hub.serve('lobby', {})
  const { client } = connect()
  client.channel('lobby').on('said', () => {})
  await clock.advance(10)
  return { clock, hub, client, network, link: network.links[0] }
}

test('a client of an idle hub stays connected', async () => {
  const { clock, client, network, link } = await setUpListening()
  await clock.advance(3_600_000)
  expect([client.status.state, network.links]).toEqual(['connected', [link]])
})

test('a client stays connected that hears one thing now and then', async () => {
  const { clock, hub, client, network, link } = await setUpListening()
  for (const ms of [100, 24_000, 25_100, 49_000, 12_600, 37_000]) {
    await hub.channel('lobby').publish('said', { text: 'hi' })
    await clock.advance(ms)
  }
  expect([client.status.state, network.links]).toEqual(['connected', [link]])
})

describe('a channel', () => {
  test('that is not served is refused', async () => {
    const { clock, connect } = setUp()
    const { client, errors } = connect()
    client.channel('lobby').on('said', () => {})
    await clock.advance(10)
    expect(errors).toEqual(['forbidden'])
  })

  test('is served under a key of the registry, once', () => {
    const { hub } = setUp()
    hub.serve('lobby', {})
    expect(() => hub.serve('lobby', {})).toThrow(expect.objectContaining({ code: 'bad_options' }))
    expect(() => hub.serve('nowhere' as 'lobby', {})).toThrow(
      expect.objectContaining({ code: 'unknown_channel' }),
    )
  })

  test('has its name on the wire, and refuses parameters that do not fit', () => {
    const { hub } = setUp()
    expect(hub.channel('game', { code: 'A B' }).name).toBe('game/A%20B')
    expect(() => hub.channel('game', { code: '' })).toThrow(expect.objectContaining({ code: 'bad_channel' }))
  })

  test('has no event that the registry lacks', async () => {
    const { hub } = setUp()
    const lobby = hub.channel('lobby')
    await expect(lobby.publish('shouted' as 'said', { text: 'hi' })).rejects.toMatchObject({
      code: 'unknown_event',
    })
  })
})

describe('the end of a hub', () => {
  test.each([-1, 0.5, Number.NaN, Infinity, '5' as never])('is not begun over %s ms', async (overMs) => {
    const { hub } = setUp()
    await expect(hub.drain({ overMs })).rejects.toMatchObject({ code: 'bad_options' })
    expect(hub.isTakingSessions).toBe(true)
    await hub.drain({ overMs: 0 })
    expect(hub.isTakingSessions).toBe(false)
  })

  test('closes its connections and leaves no timer', async () => {
    const { clock, hub, connect } = setUp()
    hub.serve('lobby', {})
    const { client } = connect()
    client.channel('lobby').on('said', () => {})
    await clock.advance(10)
    await hub.close()
    client.close()
    await clock.advance(0)
    expect([hub.connections, clock.pending]).toEqual([0, 0])
  })

  test('closes the broadcaster that the hub made', async () => {
    const { hub } = setUp()
    await hub.close()
    await expect(hub.channel('lobby').publish('said', { text: 'hi' })).rejects.toMatchObject({
      code: 'unavailable',
    })
  })

  test('leaves a broadcaster alone that was handed in, and gives its subscriptions back', async () => {
    const watched = watchedBroadcaster()
    const { clock, hub, connect } = setUp({ broadcaster: watched.broadcaster })
    hub.serve('lobby', {})
    connect()
      .client.channel('lobby')
      .on('said', () => {})
    await clock.advance(10)
    expect(watched.following).toBe(1)
    await hub.close()
    expect(watched.following).toBe(0)
    await expect(watched.append('lobby', '[]')).resolves.toMatchObject({ offset: 1 })
  })
})

test('two hubs of one broadcaster serve one log', async () => {
  const broadcaster = memory({ clock: manualClock() })
  const [one, two] = [setUp({ broadcaster }), setUp({ broadcaster })]
  one.hub.serve('lobby', {})
  const heard: string[] = []
  one
    .connect()
    .client.channel('lobby')
    .on('said', ({ text }) => heard.push(text))
  await one.clock.advance(10)
  await two.hub.channel('lobby').publish('said', { text: 'from the other' })
  await one.clock.advance(10)
  expect(heard).toEqual(['from the other'])
})

test('a transport that throws ends its own session, is reported, and every other one hears on', async () => {
  const reported: [string, string][] = []
  const { clock, hub, connect } = setUp({ onError: ({ code }, { stage }) => reported.push([code, stage]) })
  hub.serve('lobby', {})
  const heard: string[] = []
  const hear = () => {
    const { client } = connect()
    client.channel('lobby').on('said', ({ text }) => heard.push(text))
  }
  hear()
  await clock.advance(10)
  let isBroken = false
  const broken = () => {
    if (isBroken) throw new Error('EPIPE')
  }
  const handlers = hub.accept({ bufferedBytes: 0, send: broken, close: broken }, { url: '/', headers: {} })
  handlers.received('["hello",{"registry":[1,""],"session":"abcdefghijklmnopqrstuvwx"}]')
  await clock.settle()
  handlers.received('["sub",1,"lobby"]')
  hear()
  await clock.advance(10)
  isBroken = true
  for (const text of ['one', 'two']) await hub.channel('lobby').publish('said', { text })
  await clock.advance(10)
  expect([...heard].sort()).toEqual(['one', 'one', 'two', 'two'])
  expect(hub.connections).toBe(2)
  expect(new Set(reported.map(String))).toEqual(new Set(['connection_lost,deliver']))
})

test('an error handler that throws takes nothing down', async () => {
  const { clock, hub, connect } = setUp({
    onError: () => {
      throw new Error('mine')
    },
  })
  vi.stubGlobal('reportError', () => {})
  onTestFinished(() => void vi.unstubAllGlobals())
  hub.serve('lobby', {
    authorize: () => {
      throw new Error('no database')
    },
  })
  const { client, errors } = connect()
  client.channel('lobby').on('said', () => {})
  await clock.advance(10)
  expect(errors).toEqual(['internal'])
})

test('numbers that cannot work are refused, and options that are undefined keep their defaults', () => {
  for (const options of [{ pingMs: -5 }, { pongMs: Number.NaN }, { maxChannels: 0 }, { pingMs: Infinity }]) {
    expect(() => createHub(registry, options)).toThrow(expect.objectContaining({ code: 'bad_options' }))
  }
  for (const told of ['pingMs', 'pongMs', 'maxMessageBytes'] as const) {
    for (const value of [2_500.5, Infinity, 2 ** 53]) {
      expect(() => createHub(registry, { [told]: value })).toThrow(
        `"${told}" is ${value}: give a whole number`,
      )
    }
  }
  for (const pingMs of ['x', null] as never[]) {
    expect(() => createHub(registry, { pingMs })).toThrow(expect.objectContaining({ code: 'bad_options' }))
  }
  expect(createHub(registry, { maxChannels: Infinity }).settings.maxChannels).toBe(Infinity)
  const loose = { pingMs: undefined, clock: undefined, onError: undefined } as object
  expect(createHub(registry, loose).settings).toMatchObject({ pingMs: 25_000, clock: hubDefaults.clock })
})

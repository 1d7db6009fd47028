import { channel, defineRegistry } from 'syncline'
import { createClient } from 'syncline/client'
import { createHub } from 'syncline/server'
import { createNetwork, manualClock, seededRandom } from 'syncline/testing'
import { describe, expect, onTestFinished, test } from 'vitest'
import * as z from 'zod'

const registry = defineRegistry({
  room: channel('room', {
    clientEvents: { said: z.object({ text: z.string() }) },
    requests: { ask: { input: z.object({ n: z.number() }), output: z.number() } },
  }),
})

/** A hub whose handlers answer when the test says so, and a way to clients of it. */
function setUp() {
  const clock = manualClock()
  const random = seededRandom(7)
  const gates: (() => void)[] = []
  const asked: number[] = []
  const gate = () => new Promise<void>((resolve) => gates.push(resolve))
  const start = () => {
    const hub = createHub(registry, { clock, random, onError: () => {} })
    hub.serve('room', {
      onPublish: async () => {
        await gate()
        return undefined
      },
      requests: {
        ask: async ({ input }) => {
          asked.push(input.n)
          await gate()
          return input.n * 2
        },
      },
    })
    return hub
  }
  const hub = start()
  const network = createNetwork(hub, { clock })
  const connect = () => {
    const client = createClient(registry, {
      url: 'ws://hub',
      clock,
      random,
      socket: network.socket,
      onError: () => {},
    })
    onTestFinished(() => client.close())
    client.connect()
    return { client, room: client.channel('room') }
  }
  const answer = async () => {
    for (const open of gates.splice(0)) open()
    await clock.settle()
  }
  return { clock, hub, start, network, connect, answer, asked }
}

const outcome = (promise: Promise<unknown>) => {
  const state: { value?: unknown } = {}
  promise.then(
    (value) => {
      state.value = value
    },
    (error) => {
      state.value = error.code
    },
  )
  return state
}

describe('a hub that is closed while it works', () => {
  test('answers what is under way, and then ends its sessions', async () => {
    const { clock, hub, connect, answer } = setUp()
    const { client, room } = connect()
    await clock.advance(100)
    const [said, asked] = [
      outcome(room.publish('said', { text: 'x' })),
      outcome(room.request('ask', { n: 4 })),
    ]
    await clock.advance(100)
    const closed = outcome(hub.close())
    await clock.advance(1_000)
    expect([closed, hub.connections, hub.health().status, client.status.state]).toEqual([
      {},
      1,
      'closed',
      'connected',
    ])
    await answer()
    await clock.advance(100)
    expect([said.value, asked.value, 'value' in closed, hub.connections]).toEqual([
      expect.objectContaining({ offset: 1 }),
      8,
      true,
      0,
    ])
  })

  test('begins nothing that comes from then on: clients have it done elsewhere, once', async () => {
    const { clock, hub, start, network, connect, answer, asked } = setUp()
    const { room } = connect()
    await clock.advance(100)
    const first = outcome(room.request('ask', { n: 1 }))
    await clock.advance(100)
    const next = start()
    network.hub = next
    const closed = outcome(hub.close())
    const second = outcome(room.request('ask', { n: 2 }))
    await clock.advance(1_000)
    expect(asked).toEqual([1])
    await answer()
    expect('value' in closed).toBe(true)
    await clock.advance(10_000)
    await answer()
    await clock.advance(100)
    expect([first.value, second.value, asked]).toEqual([2, 4, [1, 2]])
    await next.close({ withinMs: 0 })
  })

  test.each([
    [undefined, 5_000],
    [200, 200],
  ])('waits %s ms for what does not end, 5,000 if it is not said, and no longer', async (withinMs, ms) => {
    const { clock, hub, connect } = setUp()
    const { room } = connect()
    await clock.advance(100)
    outcome(room.request('ask', { n: 1 }))
    await clock.advance(100)
    const closed = outcome(hub.close(withinMs === undefined ? {} : { withinMs }))
    await clock.advance(ms - 1)
    expect([closed, hub.connections]).toEqual([{}, 1])
    await clock.advance(1)
    expect(['value' in closed, hub.connections]).toEqual([true, 0])
  })

  test('waits for nothing when it is told so, or when nothing is under way', async () => {
    const { clock, hub, connect } = setUp()
    const { room } = connect()
    await clock.advance(100)
    outcome(room.request('ask', { n: 1 }))
    await clock.advance(100)
    const closed = hub.close({ withinMs: 0 })
    expect(hub.connections).toBe(0)
    await closed
    const idle = setUp()
    idle.connect()
    await idle.clock.advance(100)
    void idle.hub.close()
    expect(idle.hub.connections).toBe(0)
  })

  test.each([-1, Number.NaN])('is refused to wait for %s', async (withinMs) => {
    const { hub } = setUp()
    await expect(hub.close({ withinMs })).rejects.toMatchObject({ code: 'bad_options' })
  })
})

test('two hundred clients of a hub that is drained leave it and come back spread over the window, each once', async () => {
  const { clock, hub, start, network, connect } = setUp()
  const clients = Array.from({ length: 200 }, connect)
  await clock.advance(100)
  expect(hub.connections).toBe(200)
  const next = start()
  network.hub = next
  const startedAt = clock.now()
  const back: number[] = []
  next.onDiagnostic(({ type }) => {
    if (type === 'connect') back.push(clock.now() - startedAt)
  })
  const drained = outcome(hub.drain({ overMs: 20_000 }))
  await clock.advance(20_000)
  await clock.advance(100)
  expect([hub.connections, next.connections, 'value' in drained]).toEqual([0, 200, true])
  expect(back).toHaveLength(200)
  expect(clients.every(({ client }) => client.status.state === 'connected')).toBe(true)
  expect(Math.max(...back)).toBeLessThanOrEqual(20_100)
  // Each tenth of the window has some of them, and none has a third: twenty are to be expected.
  const tenths = Array.from(
    { length: 10 },
    (_, i) => back.filter((ms) => Math.floor(ms / 2_001) === i).length,
  )
  expect(Math.min(...tenths)).toBeGreaterThan(5)
  expect(Math.max(...tenths)).toBeLessThan(50)
  await next.close({ withinMs: 0 })
})

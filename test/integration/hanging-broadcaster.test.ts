import { channel, defineRegistry } from 'syncline'
import { createClient, history } from 'syncline/client'
import { type Broadcaster, createHub, memory } from 'syncline/server'
import { createNetwork, manualClock, seededRandom } from 'syncline/testing'
import { expect, onTestFinished, test } from 'vitest'
import * as z from 'zod'

const registry = defineRegistry({
  room: channel('room', {
    clientEvents: { said: z.object({ text: z.string() }) },
    requests: { ask: { input: z.object({ n: z.number() }), output: z.number() } },
  }),
})

type Hanging = 'append' | 'claim' | 'settle' | 'read' | 'subscribe'

/** A client of a hub whose broadcaster does what it is asked at once, and whose answers to one kind of call come when the test says so. */
async function setUp(hanging: Hanging) {
  const clock = manualClock()
  const random = seededRandom(5)
  const inner = memory({ clock, random })
  const waiting: (() => void)[] = []
  const state = { isHanging: false }
  const broadcaster = Object.fromEntries(
    Object.entries(inner).map(([name, call]: [string, (...args: never[]) => Promise<unknown>]) => [
      name,
      async (...args: never[]) => {
        const result = await call(...args)
        if (state.isHanging && name === hanging) await new Promise<void>((resolve) => waiting.push(resolve))
        return result
      },
    ]),
  ) as unknown as Broadcaster
  const errors: string[] = []
  const runs: number[] = []
  const hub = createHub(registry, { clock, random, broadcaster, onError: ({ code }) => errors.push(code) })
  hub.serve('room', { requests: { ask: ({ input }) => runs.push(input.n) } })
  const network = createNetwork(hub, { clock })
  const client = createClient(registry, {
    url: 'ws://hub',
    clock,
    random,
    socket: network.socket,
    requestTimeoutMs: 60_000,
    onError: ({ code }) => errors.push(`client: ${code}`),
  })
  onTestFinished(async () => {
    client.close()
    await hub.close({ withinMs: 0 })
  })
  client.connect()
  await clock.advance(100)
  state.isHanging = true
  const answerAll = async () => {
    state.isHanging = false
    for (const answer of waiting.splice(0)) answer()
    await clock.settle()
  }
  return { clock, inner, client, room: client.channel('room'), errors, runs, answerAll }
}

const codeOf = (promise: Promise<unknown>) =>
  promise.then(
    () => 'done',
    ({ code }: { code: string }) => code,
  )

test('a publication whose append hangs is indeterminate after the deadline, and is applied once when it was', async () => {
  const { clock, inner, room, answerAll } = await setUp('append')
  const code = codeOf(room.publish('said', { text: 'x' }))
  await clock.advance(10_100)
  expect(await code).toBe('indeterminate')
  await answerAll()
  expect((await inner.read('room')).top.offset).toBe(1)
  expect(await codeOf(Promise.race([room.publish('said', { text: 'y' }), clock.advance(1_000)]))).toBe('done')
  await clock.advance(100)
  expect((await inner.read('room')).top.offset).toBe(2)
})

test('a request whose claim hangs is unavailable, is not run by the late answer, and may run when it is asked anew', async () => {
  const { clock, room, runs, answerAll } = await setUp('claim')
  const code = codeOf(room.request('ask', { n: 1 }))
  await clock.advance(10_100)
  expect(await code).toBe('unavailable')
  await answerAll()
  await clock.advance(1_000)
  expect(runs).toEqual([])
  const again = codeOf(room.request('ask', { n: 2 }))
  await clock.advance(100)
  expect([await again, runs]).toEqual(['done', [2]])
})

test('a request whose result cannot be kept in time is answered all the same, and it is reported', async () => {
  const { clock, room, runs, errors } = await setUp('settle')
  const code = codeOf(room.request('ask', { n: 1 }))
  await clock.advance(10_100)
  expect([await code, runs, errors]).toEqual(['done', [1], ['unavailable']])
})

test.each(['read', 'subscribe'] as const)(
  'a subscription whose %s hangs is unavailable, is asked for again, and comes to be when the broadcaster answers',
  async (hanging) => {
    const { clock, inner, room, errors, answerAll } = await setUp(hanging)
    const heard: string[] = []
    room.on('said', ({ text }) => heard.push(text))
    await clock.advance(10_100)
    expect(errors).toContain('client: unavailable')
    await answerAll()
    await clock.advance(30_000)
    await inner.append('room', '[0,null,"said",{"text":"x"}]')
    await clock.advance(100)
    expect(heard).toEqual(['x'])
  },
)

test('a history that hangs is unavailable', async () => {
  const { clock, room } = await setUp('read')
  const code = codeOf(history(room))
  await clock.advance(10_100)
  expect(await code).toBe('unavailable')
})

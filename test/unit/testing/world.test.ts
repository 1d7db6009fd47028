import { channel, defineRegistry } from 'syncline'
import { checkHistory, createWorld, type WorldOptions } from 'syncline/testing'
import { expect, test } from 'vitest'
import * as z from 'zod'

const Note = z.object({ id: z.number() })
const registry = defineRegistry({
  room: channel('room/:id', { events: { note: Note }, clientEvents: { said: Note } }),
})
type R = typeof registry

/** A world of that registry, a page that listens, and what it hears. */
async function setUp(options: Partial<WorldOptions<R>> = {}) {
  const world = createWorld({
    registry,
    serve: (hub) => hub.serve('room', { authorize: () => true }),
    ...options,
  })
  const page = world.openPage()
  const heard: (number | string)[] = []
  const listen = (on = page) => {
    const room = on.client.channel('room', { id: 1 })
    room.on('gap', ({ reason }) => void heard.push(`gap: ${reason}`))
    room.on('note', ({ id }) => void heard.push(id))
    room.on('said', ({ id }) => void heard.push(id))
    return room
  }
  const room = listen()
  await world.advance(5_000)
  const publish = (id: number, node = world.nodes[0]!) =>
    node.hub.channel('room', { id: 1 }).publish('note', { id })
  return { world, page, heard, room, listen, publish }
}

const nothing = { sessions: 0, followed: 0, timers: 0 }

test('an app sees that nothing is missed over a cut', async () => {
  const { world, heard, publish } = await setUp()
  void publish(1)
  await world.advance(100)
  for (const link of world.links) link.cut()
  void publish(2)
  await world.advance(10_000)
  expect(heard).toEqual([1, 2])
  expect(await world.close()).toEqual(nothing)
})

test('a node that crashes leaves its pages to another one, or to its next incarnation', async () => {
  const { world, heard, publish } = await setUp({ nodes: 2 })
  world.nodes[0]!.crash()
  world.nodes[1]!.crash({ isSilent: true })
  await world.advance(60_000)
  world.nodes[1]!.restart()
  void publish(1, world.nodes[1])
  await world.advance(60_000)
  expect(heard).toEqual([1])
  world.heal()
  expect(world.nodes.map(({ isRunning }) => isRunning)).toEqual([true, true])
  expect(await world.close()).toEqual(nothing)
})

test('a node that stands still is given up, and goes on when it thaws', async () => {
  const { world, heard, page, publish } = await setUp({ hub: { pingMs: 5_000, pongMs: 2_000 } })
  world.nodes[0]!.freeze()
  expect(world.nodes[0]!.isRunning).toBe(false)
  await world.advance(20_000)
  expect(page.client.status.state).not.toBe('connected')
  world.nodes[0]!.thaw()
  void publish(1)
  await world.advance(60_000)
  expect(heard).toEqual([1])
  expect(await world.close()).toEqual(nothing)
})

test('a page that sleeps hears when it wakes what it has slept through', async () => {
  const { world, heard, page, publish } = await setUp()
  page.sleep()
  void publish(1)
  await world.advance(60_000)
  expect(heard).toEqual([])
  page.thaw()
  await world.advance(30_000)
  expect(heard).toEqual([1])
  expect(await world.close()).toEqual(nothing)
})

test('a page that is told of its sleep lets go of its connection, and is back at once', async () => {
  const { world, page } = await setUp()
  page.freeze({ isTold: true })
  expect(page.client.status.state).toBe('disconnected')
  page.thaw({ isTold: true })
  await world.advance(1_000)
  expect(page.client.status.state).toBe('connected')
})

test('a page without a network comes back when it is told of one', async () => {
  const { world, page } = await setUp()
  page.setNetwork(false)
  await world.advance(30_000)
  expect(page.client.status.state).not.toBe('connected')
  page.setNetwork(true)
  await world.advance(1_000)
  expect(page.client.status.state).toBe('connected')
})

test('a page that is opened anew finds what its device has kept, and the old one is gone', async () => {
  const { world, page, heard, listen, publish } = await setUp()
  page.device.set('draft', 'text')
  const next = page.reload()
  listen(next)
  expect([next.device.get('draft'), page.isOpen, world.pages]).toEqual(['text', false, [next]])
  await world.advance(5_000)
  void publish(1)
  await world.advance(1_000)
  expect(heard).toEqual([1])
  const last = next.reload({ isSudden: true })
  expect([next.client.status.state, last.device]).toEqual(['connected', page.device])
})

test('a broker that forgets is a gap, and what is lost on its way to a page that is killed is nobody’s', async () => {
  const { world, page, heard, room, publish } = await setUp()
  void publish(1)
  await world.advance(100)
  world.broker.forget()
  for (const link of world.links) link.cut()
  await world.advance(10_000)
  expect(heard).toEqual([1, 'gap: epoch'])
  let isSettled = false
  void room.publish('said', { id: 2 }).finally(() => {
    isSettled = true
  })
  page.kill()
  await world.advance(60_000)
  expect([isSettled, world.pages]).toEqual([false, []])
})

test('a world takes down what its log and its pages do, for the checker', async () => {
  const { world, publish } = await setUp()
  void publish(7)
  await world.advance(100)
  world.record({ kind: 'quiet' })
  const kinds = new Set(world.history.map(({ kind }) => kind))
  expect([...kinds]).toEqual(expect.arrayContaining(['offline', 'appended', 'quiet']))
  expect(checkHistory(world.history)).toEqual([])
})

test('its clocks, its chance and its options are one world’s own', async () => {
  const errors: string[] = []
  const { world, page } = await setUp({
    seed: 3,
    onError: ({ code }, { stage }, who) => void errors.push(`${who}: ${code} in ${stage}`),
    client: (name) => ({ lingerMs: name === 'client 0' ? 5 : 6 }),
  })
  expect(world.chance('a')()).toBe(createWorld({ registry, seed: 3 }).chance('a')())
  expect(world.chance('a')()).not.toBe(world.chance('b')())
  page.jumpClock(1_000)
  world.nodes[0]!.jumpClock(-1_000)
  expect(page.process.clock.now() - world.nodes[0]!.process.clock.now()).toBe(2_000)
  world.heal()
  expect(page.process.clock.now()).toBe(world.clock.now())
  page.client.channel('room', { id: 1 }).on('said', () => {
    throw new Error('on purpose')
  })
  await world.advance(10_000)
  void page.client.channel('room', { id: 1 }).publish('said', { id: 1 })
  await world.advance(1_000)
  expect(errors).toEqual(['client 0: listener_failed in listener'])
})

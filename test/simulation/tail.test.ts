import { channel, defineRegistry } from 'syncline'
import { createWorld } from 'syncline/testing'
import { expect, test } from 'vitest'
import * as z from 'zod'

const registry = defineRegistry({
  room: channel('room/:id', { events: { note: z.object({ id: z.number() }) } }),
})

/** A world in which something happens to the broker that nobody tells; what a listener hears, and when, in milliseconds since then. */
async function heardAfter(seed: number, happen: (world: ReturnType<typeof create>) => Promise<unknown>) {
  const world = create(seed)
  const heard: string[] = []
  let since = 0
  const room = world.openPage().client.channel('room', { id: 1 })
  const note = (what: string) =>
    void heard.push(`${what} ${world.clock.now() - since < 26_000 ? 'in time' : 'late'}`)
  room.on('note', ({ id }) => note(String(id)))
  room.on('gap', ({ reason }) => note(`gap: ${reason}`))
  await world.advance(5_000)
  const publish = world.nodes[0]!.hub.channel('room', { id: 1 }).publish('note', { id: 1 })
  await world.advance(1_000)
  await publish
  since = world.clock.now()
  const happening = happen(world)
  await world.advance(60_000)
  await happening
  return heard.slice(1)
}

function create(seed: number) {
  return createWorld({ registry, seed, serve: (hub) => hub.serve('room', { authorize: () => true }) })
}

const publish = (world: ReturnType<typeof create>, id: number) =>
  world.nodes[0]!.hub.channel('room', { id: 1 }).publish('note', { id })

test.each([1, 2, 3, 4, 5])(
  'what is lost at the end is found within 25 s and a round trip (seed %i)',
  async (seed) => {
    const lost = heardAfter(seed, (world) => {
      world.broker.loseLive(1)
      return publish(world, 2)
    })
    expect(await lost).toEqual(['2 in time'])
    expect(await heardAfter(seed, (world) => world.broker.rollBack(1))).toEqual(['gap: rollback in time'])
    expect(await heardAfter(seed, async (world) => world.broker.forget())).toEqual(['gap: epoch in time'])
  },
)

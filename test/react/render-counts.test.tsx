import { act, cleanup, render } from '@testing-library/react'
import { type ComponentType, memo, useState } from 'react'
import { channel, defineRegistry } from 'syncline'
import { createClient, presence } from 'syncline/client'
import { createHooks, usePresence } from 'syncline/react'
import { createHub } from 'syncline/server'
import { createNetwork, manualClock } from 'syncline/testing'
import { describe, expect, onTestFinished, test } from 'vitest'
import * as z from 'zod'

const registry = defineRegistry({
  game: channel('game/:id', {
    events: { moved: z.object({ step: z.number() }) },
    presence: z.object({ name: z.string() }),
  }),
})
const { SyncProvider, useChannel, useConnection, useEvent } = createHooks(registry)

const ids = Array.from({ length: 1_000 }, (_, id) => id)

/** The renders of each component since the last look, by the channel that it uses. */
type Renders = number[]

interface CellProps {
  readonly id: number
  readonly renders: Renders
}

/** A thousand memoised components, each with a channel of its own, and somebody else who can be present on each. */
async function startWall(Cell: ComponentType<CellProps>) {
  const clock = manualClock()
  const hub = createHub(registry, { clock })
  hub.serve('game', {})
  const network = createNetwork(hub, { clock })
  const newClient = () => {
    const client = createClient(registry, { url: 'ws://hub/sync', clock, socket: network.socket })
    onTestFinished(() => client.close())
    return client
  }
  const client = newClient()
  const other = newClient()
  const renders: Renders = []
  const look = () => renders.splice(0)
  const pass = (ms: number) => act(() => clock.advance(ms))
  onTestFinished(cleanup)
  const wall = (
    <SyncProvider client={client}>
      {ids.map((id) => (
        <Cell key={id} id={id} renders={renders} />
      ))}
    </SyncProvider>
  )
  render(wall)
  await pass(0)
  /** Publishes on one channel. */
  const move = (id: number, step: number) =>
    act(async () => {
      await hub.channel('game', { id }).publish('moved', { step })
      await clock.advance(0)
    })
  /** Breaks the connection, and lets it come back. */
  const reconnect = async () => {
    network.links[0]!.cut()
    await pass(3_000)
    expect(client.stats().counts).toMatchObject({ lost: 1, connected: 2 })
  }
  return { hub, client, other, look, pass, move, reconnect }
}

const Mover = memo(function Mover({ id, renders }: CellProps) {
  const [step, setStep] = useState(0)
  useEvent(useChannel('game', { id }), 'moved', (moved) => setStep(moved.step))
  renders.push(id)
  return <p>{step}</p>
})

const Seats = memo(function Seats({ id, renders }: CellProps) {
  const present = usePresence(useChannel('game', { id }), { select: ({ count }) => count.members })
  renders.push(id)
  return <p>{present}</p>
})

describe('of a thousand components with a channel each', () => {
  test('an event renders the one that uses its channel, once', async () => {
    const { look, move, client } = await startWall(Mover)
    expect(client.stats().counts.subscribed).toBe(1_000)
    expect(look()).toEqual(ids)
    await move(7, 1)
    expect(look()).toEqual([7])
    await move(999, 1)
    expect(look()).toEqual([999])
    await move(0, 1)
    expect(look()).toEqual([0])
  })

  test('someone who comes, changes or goes renders the one that has selected it, and a change that it does not show none', async () => {
    const { look, pass, other } = await startWall(Seats)
    expect(look()).toEqual(ids)
    const grace = presence(other.channel('game', { id: 7 }))
    await act(() => void grace.enter({ name: 'Grace' }))
    await pass(1_000)
    expect(look()).toEqual([7])
    await act(() => void grace.enter({ name: 'Grace Hopper' }))
    await pass(1_000)
    expect(look()).toEqual([])
    await act(() => void grace.leave())
    await pass(1_000)
    expect(look()).toEqual([7])
  })

  test.each([
    ['events', Mover],
    ['presence', Seats],
  ])('a connection that breaks and comes back renders none that uses %s', async (_, Cell) => {
    const { look, reconnect } = await startWall(Cell)
    look()
    await reconnect()
    expect(look()).toEqual([])
  })
})

describe('the count of renders', () => {
  test('finds components that listen to what is not theirs', async () => {
    const Gossip = memo(function Gossip({ id, renders }: CellProps) {
      const [, setStep] = useState(0)
      useEvent(useChannel('game', { id: 7 }), 'moved', ({ step }) => setStep(step))
      renders.push(id)
      return null
    })
    const { look, move } = await startWall(Gossip)
    look()
    await move(7, 1)
    expect(look()).toEqual(ids)
  })

  test('finds components that look at the connection', async () => {
    const Nervous = memo(function Nervous({ id, renders }: CellProps) {
      const { state } = useConnection()
      renders.push(id)
      return <p>{state}</p>
    })
    const { look, reconnect } = await startWall(Nervous)
    look()
    await reconnect()
    expect(new Set(look()).size).toBe(1_000)
  })

  test('finds those that look at more of the members than they show', async () => {
    const Curious = memo(function Curious({ id, renders }: CellProps) {
      const { count } = usePresence(useChannel('game', { id }))
      renders.push(id)
      return <p>{count.members}</p>
    })
    const { look, pass, other } = await startWall(Curious)
    const grace = presence(other.channel('game', { id: 7 }))
    await act(() => void grace.enter({ name: 'Grace' }))
    await pass(1_000)
    look()
    await act(() => void grace.enter({ name: 'Grace Hopper' }))
    await pass(1_000)
    expect(look()).toEqual([7])
  })
})

import { fireEvent } from '@testing-library/react'
import { StrictMode } from 'react'
import type { ConnectionStatus } from 'syncline/client'
import type { ConnectionView } from 'syncline/react'
import { describe, expect, test } from 'vitest'
import { startWorld, useConnection, type World } from './support.tsx'

/** Shows the connection's state, with a way to try again, and notes what each render got. */
function badge(renders: ConnectionView[]) {
  return function Badge() {
    const status = useConnection()
    renders.push(status)
    return (
      <button type="button" onClick={status.retry}>
        {status.state}
      </button>
    )
  }
}

/** The listeners that are told of each status from now on. */
function listenersOf(client: World['client']): ReadonlySet<unknown> {
  const listeners = new Set<unknown>()
  const { onStatus } = client
  Object.defineProperty(client, 'onStatus', {
    value: (listener: (status: ConnectionStatus) => void) => {
      const undo = onStatus(listener)
      listeners.add(listener)
      return () => {
        listeners.delete(listener)
        undo()
      }
    },
  })
  return listeners
}

describe('useConnection', () => {
  test('renders each change of the status once, and for nothing else', async () => {
    const world = startWorld()
    const renders: ConnectionView[] = []
    const Badge = badge(renders)
    const told: ConnectionStatus[] = []
    world.show(<Badge />)
    world.client.onStatus((status) => told.push(status))
    world.client.channel('lobby').on('said', () => {})
    // The clock moves outside of act(), which would make one render of all that happens meanwhile.
    await world.clock.advance(0)
    expect(renders.map(({ state }) => state)).toEqual(['disconnected', 'connecting', 'connected'])
    expect(renders.at(-1)).toEqual({ ...world.client.status, retry: expect.any(Function) })
    expect(new Set(renders).size).toBe(renders.length)

    renders.length = 0
    await world.hub.channel('lobby').publish('said', { text: 'hello' })
    await world.clock.advance(60_000)
    expect(renders).toEqual([])

    told.length = 0
    world.network.links[0]!.cut()
    await world.clock.settle()
    expect(renders.map(({ retry, ...status }) => status)).toEqual(told)
    expect(renders).toEqual([
      expect.objectContaining({ state: 'connecting', attempt: 1, nextAttemptAt: expect.any(Number) }),
    ])
  })

  test('shows why it gave up, and connects again when a person asks for it', async () => {
    let isLetIn = false
    const world = startWorld({ hub: { authenticate: () => (isLetIn ? { id: 'somebody' } : null) } })
    const renders: ConnectionView[] = []
    const Badge = badge(renders)
    const { getByRole } = world.show(<Badge />)
    await world.pass()
    expect(getByRole('button').textContent).toBe('error')
    expect(renders.at(-1)?.cause?.code).toBe('unauthorized')
    isLetIn = true
    fireEvent.click(getByRole('button'))
    await world.pass()
    expect(getByRole('button').textContent).toBe('connected')
    expect(renders.at(-1)).toMatchObject({ state: 'connected', attempt: 0, cause: undefined })
  })

  test('gives its listener back at unmount', async () => {
    const world = startWorld()
    const listeners = listenersOf(world.client)
    const Badge = badge([])
    const { rerender } = world.show([<Badge key="one" />, <Badge key="other" />])
    await world.pass()
    expect(listeners.size).toBe(2)
    rerender(null)
    expect(listeners.size).toBe(0)
  })
})

describe('SyncProvider', () => {
  test.each(['enabled: false', 'disconnect'])(
    'leaves a client alone that is switched off by %s',
    async (how) => {
      const world = startWorld(how === 'disconnect' ? {} : { client: { enabled: false } })
      world.client.disconnect()
      world.show(null)
      await world.pass()
      expect(world.client.status.state).toBe('disconnected')
      expect(world.network.links).toEqual([])
      world.client.connect()
      await world.pass()
      expect(world.client.status.state).toBe('connected')
    },
  )

  test('connects once it is shown', async () => {
    const world = startWorld()
    await world.pass()
    expect(world.client.status.state).toBe('disconnected')
    world.show(null)
    expect(world.client.status.state).toBe('connecting')
    await world.pass()
    expect(world.client.status.state).toBe('connected')
    expect(world.sent).toEqual(['hello'])
  })

  test('leaves a client alone that is connected already', async () => {
    const world = startWorld()
    world.client.connect()
    await world.pass()
    world.show(<StrictMode>shown</StrictMode>)
    await world.pass()
    expect(world.sent).toEqual(['hello'])
    expect(world.hub.connections).toBe(1)
  })

  test('leaves the connection to whoever made the client when it is unmounted', async () => {
    const world = startWorld()
    const { unmount } = world.show(null)
    await world.pass()
    unmount()
    await world.pass(60_000)
    expect(world.client.status.state).toBe('connected')
    expect(world.hub.connections).toBe(1)
  })

  test('does not undo a backoff when it is mounted again', async () => {
    const world = startWorld({ client: { random: () => 0.5 } })
    world.network.hub = undefined
    const first = world.show(null)
    await world.pass()
    const { status } = world.client
    expect(status).toMatchObject({ attempt: 1, nextAttemptAt: world.clock.now() + 1_500 })
    first.unmount()
    world.show(null)
    await world.pass(1_499)
    expect(world.client.status).toBe(status)
    await world.pass(1)
    expect(world.client.status.attempt).toBe(2)
  })

  test('does not try again by itself when it is mounted again after the client gave up', async () => {
    const world = startWorld({ hub: { authenticate: () => null } })
    world.show(null).unmount()
    await world.pass()
    world.show(null)
    await world.pass(60_000)
    expect(world.client.status.state).toBe('error')
    expect(world.sent).toEqual(['hello'])
  })

  test('connects a client that it is given instead of another, and shows its state', async () => {
    const world = startWorld()
    const other = world.newClient()
    const Badge = badge([])
    const { getByRole, replaceClient } = world.show(<Badge />)
    await world.pass()
    replaceClient(other)
    expect(getByRole('button').textContent).toBe('connecting')
    await world.pass()
    expect(getByRole('button').textContent).toBe('connected')
    expect(world.hub.connections).toBe(2)
  })
})

import { type ReactNode, StrictMode } from 'react'
import { renderToString } from 'react-dom/server'
import { describe, expect, test } from 'vitest'
import { hydrate } from './hydrate.ts'
import { SyncProvider, startWorld, useChannel, useConnection, useEvent, type World } from './support.tsx'

function Page() {
  const { state } = useConnection()
  const lobby = useChannel('lobby')
  useEvent(lobby, 'said', () => {})
  return <p>{`${lobby.name} is ${state}`}</p>
}

const treeOf = (client: World['client'], page: ReactNode = <Page />) => (
  <StrictMode>
    <SyncProvider client={client}>{page}</SyncProvider>
  </StrictMode>
)

describe('rendering on a server', () => {
  test('shows disconnected, and connects and subscribes to nothing', async () => {
    const world = startWorld()
    expect(renderToString(treeOf(world.client))).toBe('<p>lobby is disconnected</p>')
    await world.pass(60_000)
    expect(world.client.status.state).toBe('disconnected')
    expect(world.network.links).toEqual([])
    expect(world.sent).toEqual([])
  })

  test('shows disconnected also where the client is connected, as the page will begin with that', async () => {
    const world = startWorld()
    world.client.connect()
    await world.pass()
    expect(world.client.status.state).toBe('connected')
    expect(renderToString(treeOf(world.client))).toBe('<p>lobby is disconnected</p>')
  })
})

describe('hydrating what a server rendered', () => {
  test('complains of nothing, and then connects', async () => {
    const server = startWorld()
    const html = renderToString(treeOf(server.client))
    const world = startWorld()
    const { complaints, container } = hydrate(html, treeOf(world.client))
    await world.pass()
    expect(container.innerHTML).toBe('<p>lobby is connected</p>')
    expect(world.sent).toEqual(['hello', 'sub lobby'])
    expect(complaints).toEqual([])
  })

  test('complains of nothing when the client is connected before', async () => {
    const world = startWorld()
    const html = renderToString(treeOf(world.client))
    world.client.connect()
    await world.pass()
    const { complaints, container } = hydrate(html, treeOf(world.client))
    await world.pass()
    expect(container.innerHTML).toBe('<p>lobby is connected</p>')
    expect(complaints).toEqual([])
  })

  test('would be caught if the page began with the state of its client', async () => {
    const world = startWorld()
    const Hasty = () => <p>{world.client.status.state}</p>
    const html = renderToString(treeOf(world.client, <Hasty />))
    world.client.connect()
    await world.pass()
    const { complaints } = hydrate(html, treeOf(world.client, <Hasty />))
    expect(complaints).not.toEqual([])
  })
})

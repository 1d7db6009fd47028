import { cleanup, render } from '@testing-library/react'
import { type ReactNode, StrictMode } from 'react'
import { renderToString } from 'react-dom/server'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
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

/** Hydrates `html` with `tree`, as a page does that a server has rendered, and gives what React complained of. */
function hydrate(html: string, tree: ReactNode) {
  const complaints: unknown[] = []
  const written = vi.spyOn(console, 'error').mockImplementation((...args) => void complaints.push(args))
  const container = document.createElement('div')
  container.innerHTML = html
  document.body.append(container)
  onTestFinished(() => {
    cleanup()
    written.mockRestore()
  })
  const onRecoverableError = (error: unknown) => void complaints.push(error)
  render(tree, { container, hydrate: true, onRecoverableError })
  return { complaints, container }
}

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

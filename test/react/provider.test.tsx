import { act, cleanup, type RenderOptions, render } from '@testing-library/react'
import { Fragment, type ReactNode, StrictMode, useEffect, useState } from 'react'
import { renderToString } from 'react-dom/server'
import { type Client, type ClientOptions, type ConnectionState, createClient } from 'syncline/client'
import { describe, expect, onTestFinished, test } from 'vitest'
import { countedClock } from './counted-clock.ts'
import {
  hooks,
  registry,
  SyncProvider,
  startWorld,
  useChannel,
  useClient,
  useConnection,
  useEvent,
  type WorldOptions,
} from './support.tsx'

interface ProviderProps {
  readonly options?: Partial<ClientOptions>
  readonly enabled?: boolean
}

/** A world in which the provider makes the client, and a page that notes what it sees of it. */
function setUp(worldOptions?: WorldOptions) {
  const world = startWorld(worldOptions)
  const clock = countedClock(world.clientOptions.clock)
  const clients: Client<typeof registry>[] = []
  const states: ConnectionState[] = []
  const heard: string[] = []
  function Page() {
    const client = useClient()
    if (clients.at(-1) !== client) clients.push(client)
    useEvent(useChannel('lobby'), 'said', ({ text }) => heard.push(text))
    useEffect(() => {
      // A child's effects come before those of the provider, which connects.
      const note = () => client.status.state !== states.at(-1) && states.push(client.status.state)
      note()
      return client.onStatus(note)
    }, [client])
    return null
  }
  const page = (props: ProviderProps = {}, key?: string) => (
    <SyncProvider
      key={key}
      options={{ ...world.clientOptions, clock, ...props.options }}
      enabled={props.enabled}
    >
      <Page />
    </SyncProvider>
  )
  const show = (tree: ReactNode, options?: RenderOptions) => {
    onTestFinished(cleanup)
    return render(tree, options)
  }
  return { world, clock, clients, states, heard, page, show }
}

describe.each([
  ['StrictMode', StrictMode],
  ['a plain tree', Fragment],
])('a client that the provider makes, in %s', (_, Mode) => {
  test('has one connection, without an end in between, and hears', async () => {
    const { world, clients, states, heard, page, show } = setUp()
    show(<Mode>{page()}</Mode>)
    await world.pass()
    await world.say('hello')
    expect(world.sent).toEqual(['hello', 'sub lobby'])
    expect(world.hub.connections).toBe(1)
    expect(states).toEqual(['connecting', 'connected'])
    expect(clients.at(-1)!.stats().counts).toMatchObject({ attempt: 1, connected: 1 })
    expect(heard).toEqual(['hello'])
  })

  test('is closed when it is unmounted: the hub sees it leave, and no timer is left', async () => {
    const { world, clock, page, show } = setUp()
    const { unmount } = show(<Mode>{page()}</Mode>)
    await world.pass()
    expect(clock.pending).toBeGreaterThan(0)
    unmount()
    await world.pass()
    expect(world.hub.connections).toBe(0)
    expect(world.followed).toEqual([])
    expect(clock.pending).toBe(0)
    expect(world.errors).toEqual([])
  })

  test('is closed also when it is unmounted before it was connected', async () => {
    const { world, clock, page, show } = setUp()
    show(<Mode>{page()}</Mode>).unmount()
    await world.pass(60_000)
    expect(world.hub.connections).toBe(0)
    expect(world.network.links).toEqual([])
    expect(clock.pending).toBe(0)
  })
})

describe('a client that the provider makes', () => {
  test('is made of the options of the first time', async () => {
    const { world, clients, page, show } = setUp()
    const tokens: string[] = []
    const auth = (of: string) => () => {
      tokens.push(of)
      return of
    }
    const { rerender } = show(page({ options: { auth: auth('first') } }))
    rerender(page({ options: { auth: auth('second'), url: 'ws://other/sync' } }))
    await world.pass()
    world.network.links[0]!.cut()
    await world.pass(3_000)
    expect(tokens).toEqual(['first', 'first'])
    expect(clients).toHaveLength(1)
  })

  test('is another one for another key, and the first is closed', async () => {
    const { world, clients, heard, page, show } = setUp()
    const { rerender } = show(page({}, 'Ada'))
    await world.pass()
    rerender(page({}, 'Grace'))
    await world.pass()
    expect(clients).toHaveLength(2)
    expect(clients[0]!.status.state).toBe('disconnected')
    expect(world.hub.connections).toBe(1)
    await world.say('hello')
    expect(heard).toEqual(['hello'])
    await expect(clients[0]!.channel('table', { id: 1 }).request('double', { of: 1 })).rejects.toMatchObject({
      code: 'closed',
    })
  })

  test('settles what is under way when it is unmounted', async () => {
    const { world, show } = setUp({ double: () => new Promise(() => {}) })
    const codes: string[] = []
    const useDouble = () => hooks.useRequest(useChannel('table', { id: 1 }), 'double')
    const views: ReturnType<typeof useDouble>[] = []
    function Asking() {
      views.push(useDouble())
      return null
    }
    const { unmount } = show(
      <StrictMode>
        <SyncProvider options={world.clientOptions}>
          <Asking />
        </SyncProvider>
      </StrictMode>,
    )
    await world.pass()
    act(
      () =>
        void views
          .at(-1)!
          .send({ of: 1 })
          .catch(({ code }) => codes.push(code)),
    )
    await world.pass()
    expect(codes).toEqual([])
    act(
      () =>
        void views
          .at(-1)!
          .send({ of: 2 })
          .catch(({ code }) => codes.push(code)),
    )
    unmount()
    await world.pass()
    expect(codes).toEqual(['indeterminate', 'indeterminate'])
    expect(world.hub.connections).toBe(0)
    // Whoever keeps the function gets an answer, too.
    await expect(views.at(-1)!.send({ of: 3 })).rejects.toMatchObject({ code: 'closed' })
  })

  test('stays when the provider renders anew, and when a component below it comes and goes', async () => {
    const { world, show } = setUp()
    const flip: (() => void)[] = []
    function Shell() {
      const [isShown, setShown] = useState(true)
      flip.push(() => setShown((before) => !before))
      return <SyncProvider options={world.clientOptions}>{isShown && <Lobby />}</SyncProvider>
    }
    function Lobby() {
      useEvent(useChannel('lobby'), 'said', () => {})
      return null
    }
    show(<Shell />)
    await world.pass()
    for (let time = 0; time < 4; time++) act(() => flip.at(-1)!())
    await world.pass()
    expect(world.sent).toEqual(['hello', 'sub lobby'])
  })

  test('that cannot be made throws where it is rendered', () => {
    const { page } = setUp()
    const bad = () => renderToString(page({ options: { lingerMs: -1 } }))
    expect(bad).toThrow(expect.objectContaining({ code: 'bad_options' }))
  })

  test('would be found if it were left connected', async () => {
    const { world, clock, show } = setUp()
    const client = createClient(registry, { ...world.clientOptions, clock })
    show(<SyncProvider client={client} />).unmount()
    await world.pass()
    expect(world.hub.connections).toBe(1)
    expect(clock.pending).toBeGreaterThan(0)
    client.close()
    await world.pass()
    expect([world.hub.connections, clock.pending]).toEqual([0, 0])
  })
})

describe('enabled', () => {
  function Lobby() {
    useEvent(useChannel('lobby'), 'said', () => {})
    const { state } = useConnection()
    return <p>{state}</p>
  }

  /** The same page with either kind of provider, and how often its client asked for a token. */
  function switched(kind: 'client' | 'options') {
    let tokens = 0
    const auth = () => {
      tokens++
      return 'token'
    }
    const world = startWorld({ client: { auth } })
    const given = kind === 'client' ? { client: world.client } : { options: world.clientOptions }
    const tree = (enabled?: boolean) => (
      <StrictMode>
        <SyncProvider {...(given as { client: typeof world.client })} enabled={enabled}>
          <Lobby />
        </SyncProvider>
      </StrictMode>
    )
    onTestFinished(cleanup)
    return { world, tree, tokens: () => tokens }
  }

  describe.each(['client', 'options'] as const)('of a provider with a %s', (kind) => {
    test('false makes no connection and asks for no token, though somebody listens', async () => {
      const { world, tree, tokens } = switched(kind)
      const { container } = render(tree(false))
      await world.pass(60_000)
      expect([world.network.links, world.sent, tokens()]).toEqual([[], [], 0])
      expect(container.textContent).toBe('disconnected')
    })

    test('switched on connects and subscribes once, and switched off lets go', async () => {
      const { world, tree, tokens } = switched(kind)
      const { container, rerender } = render(tree(false))
      await world.pass()
      rerender(tree(true))
      await world.pass()
      expect(container.textContent).toBe('connected')
      expect(world.sent).toEqual(['hello', 'sub lobby'])
      rerender(tree(false))
      await world.pass(60_000)
      expect(container.textContent).toBe('disconnected')
      expect([world.hub.connections, tokens()]).toEqual([0, 1])
      rerender(tree(true))
      await world.pass()
      expect(container.textContent).toBe('connected')
      expect([world.hub.connections, tokens()]).toEqual([1, 2])
      expect(world.sent.slice(2)).toEqual(['hello', 'sub lobby'])
    })

    test('left out connects', async () => {
      const { world, tree } = switched(kind)
      const { container } = render(tree())
      await world.pass()
      expect(container.textContent).toBe('connected')
    })
  })

  test('true connects a client that was made switched off', async () => {
    const world = startWorld({ client: { enabled: false } })
    onTestFinished(cleanup)
    render(
      <SyncProvider client={world.client} enabled>
        <Lobby />
      </SyncProvider>,
    )
    await world.pass()
    expect(world.client.status.state).toBe('connected')
  })

  test('true leaves alone what waits for its next attempt', async () => {
    const world = startWorld({ client: { random: () => 0.5 } })
    world.network.hub = undefined
    onTestFinished(cleanup)
    const tree = (enabled?: boolean) => <SyncProvider client={world.client} enabled={enabled} />
    const { rerender } = render(tree())
    await world.pass()
    const { status } = world.client
    rerender(tree(true))
    await world.pass()
    expect(world.client.status).toBe(status)
  })

  test('makes no client for a component that is gone for good', async () => {
    const world = startWorld()
    let made = 0
    // Each client asks for its clock once.
    const options = {
      ...world.clientOptions,
      get url() {
        made++
        return 'ws://hub/sync'
      },
    }
    const { unmount } = render(<SyncProvider options={options}>shown</SyncProvider>)
    await world.pass()
    const before = made
    unmount()
    await world.pass(1_000)
    expect(made).toBe(before)
  })

  test('connects again when it is no longer told to be off', async () => {
    const world = startWorld()
    const { rerender } = render(
      <SyncProvider client={world.client} enabled={false}>
        shown
      </SyncProvider>,
    )
    await world.pass()
    expect(world.client.status.state).toBe('disconnected')
    rerender(<SyncProvider client={world.client}>shown</SyncProvider>)
    await world.pass()
    expect(world.client.status.state).toBe('connected')
  })
})

import { act, render } from '@testing-library/react'
import { StrictMode, useState } from 'react'
import { presence } from 'syncline/client'
import { type PresenceOptions, type PresenceView, usePresence } from 'syncline/react'
import { describe, expect, test } from 'vitest'
import { SyncProvider, startWorld, useChannel, type World } from './support.tsx'

type Who = { readonly name: string }
type View = PresenceView<Who, Who>

/** A component at a table, with what each render saw. */
function seat(options: PresenceOptions<Who, Who> = {}, seen: View[] = []) {
  function Seat(props: { readonly state?: Who | undefined }) {
    const view = usePresence(useChannel('table', { id: 1 }), { ...options, ...props })
    seen.push(view)
    return <p>{view.members.map(({ state }) => state.name).join(', ')}</p>
  }
  return { Seat, seen }
}

/** Somebody else at the same table. */
function other(world: World, name: string) {
  const client = world.newClient()
  const present = presence(client.channel('table', { id: 1 }))
  const enter = async (as = name) => {
    act(() => void present.enter({ name: as }))
    await world.pass(200)
  }
  return { client, present, enter }
}

describe('usePresence', () => {
  test('shows nobody before the hub has told, then all, and each change once', async () => {
    const world = startWorld()
    const { Seat, seen } = seat()
    const { container } = world.show(<Seat />)
    expect(seen[0]).toMatchObject({ members: [], count: { members: 0, users: 0 }, error: undefined })
    const grace = other(world, 'Grace')
    const entered = grace.present.enter({ name: 'Grace' })
    await world.pass()
    await entered
    await world.pass(100)
    expect(container.textContent).toBe('Grace')
    expect(seen.at(-1)!.count).toEqual({ members: 1, users: 1 })
    const { length } = seen
    await world.say('nothing to do with it')
    await world.pass(60_000)
    expect(seen.length).toBe(length)
  })

  test('makes this client present while it is mounted, also under StrictMode, and never lets the others see it flicker', async () => {
    const world = startWorld()
    const { Seat } = seat()
    const grace = other(world, 'Grace')
    const heard: string[] = []
    for (const event of ['join', 'leave'] as const) {
      grace.present.on(event, ({ state }) => heard.push(`${event} ${(state as Who).name}`))
    }
    await world.pass()
    const { unmount } = world.show(
      <StrictMode>
        <Seat state={{ name: 'Ada' }} />
      </StrictMode>,
    )
    await world.pass(1_000)
    expect(heard).toEqual(['join Ada'])
    expect(grace.present.members.map(({ state }) => state)).toEqual([{ name: 'Ada' }])
    unmount()
    await world.pass(1_000)
    expect(heard).toEqual(['join Ada', 'leave Ada'])
  })

  test('tells what it shows anew when that changes, and not for an equal object', async () => {
    const world = startWorld()
    const { Seat } = seat()
    const { rerender } = world.show(<Seat state={{ name: 'Ada' }} />)
    await world.pass(1_000)
    const entered = () => world.sent.filter((line) => line.startsWith('enter')).length
    expect(entered()).toBe(1)
    rerender(<Seat state={{ name: 'Ada' }} />)
    await world.pass(1_000)
    expect(entered()).toBe(1)
    rerender(<Seat state={{ name: 'Ada Lovelace' }} />)
    await world.pass(1_000)
    expect(entered()).toBe(2)
  })

  test('throttles updates to the latest', async () => {
    const world = startWorld()
    const { Seat, seen } = seat({ throttleMs: 250 })
    const { container } = world.show(<Seat />)
    await world.pass()
    const { update } = seen.at(-1)!
    for (let step = 0; step < 50; step++) {
      act(() => update({ name: `Ada ${step}` }))
      await world.pass(10)
    }
    await world.pass(250)
    expect(container.textContent).toBe('Ada 49')
    expect(world.sent.filter((line) => line.startsWith('enter')).length).toBe(3)
    expect(seen.at(-1)!.update).toBe(update)
  })

  test('leaves when it is told to, and while another component wants this client there, it stays', async () => {
    const world = startWorld()
    const one = seat()
    const two = seat()
    const { container, rerender } = world.show([
      <one.Seat key="one" state={{ name: 'one' }} />,
      <two.Seat key="two" state={{ name: 'two' }} />,
    ])
    await world.pass(1_000)
    expect(container.textContent).toBe('twotwo')
    rerender([<one.Seat key="one" state={{ name: 'one' }} />])
    await world.pass(1_000)
    expect(container.textContent).toBe('one')
    act(() => one.seen.at(-1)!.leave())
    await world.pass(1_000)
    expect(container.textContent).toBe('')
  })

  test('tells of those who come and go, with the latest handlers', async () => {
    const world = startWorld()
    const heard: string[] = []
    function Door() {
      const [count, setCount] = useState(0)
      usePresence(useChannel('table', { id: 1 }), {
        onJoin: ({ state }) => {
          heard.push(`${count}: ${state.name} came`)
          setCount((before) => before + 1)
        },
        onLeave: ({ state }) => heard.push(`${count}: ${state.name} went`),
      })
      return null
    }
    const { unmount } = world.show(<Door />)
    await world.pass(200)
    const grace = other(world, 'Grace')
    grace.client.connect()
    await world.pass(200)
    await grace.enter()
    await world.pass(200)
    act(() => void grace.present.leave())
    await world.pass(200)
    expect(heard).toEqual(['0: Grace came', '1: Grace went'])
    unmount()
    await world.pass(1_000)
    expect(world.followed).toEqual([])
  })

  test('renders only for what is selected', async () => {
    const world = startWorld()
    const renders: number[] = []
    function Count() {
      const users = usePresence(useChannel('table', { id: 1 }), { select: ({ count }) => count.users })
      renders.push(users)
      return <p>{users}</p>
    }
    world.show(<Count />)
    const grace = other(world, 'Grace')
    grace.client.connect()
    await world.pass(200)
    await grace.enter()
    await world.pass(200)
    expect(renders).toEqual([0, 1])
    await grace.enter('Grace Hopper')
    await world.pass(1_000)
    expect(renders).toEqual([0, 1])
  })

  test('keeps what a selector makes when it is alike one level deep', async () => {
    const world = startWorld()
    const seen: unknown[] = []
    function Names() {
      seen.push(
        usePresence(useChannel('table', { id: 1 }), {
          select: ({ members }) => members.map(({ state }) => state.name),
        }),
      )
      return null
    }
    const { rerender } = world.show(<Names />)
    await world.pass(200)
    rerender(<Names />)
    expect(seen.length).toBeGreaterThan(1)
    expect(new Set(seen).size).toBe(1)
  })

  test('says why this client is not present', async () => {
    const world = startWorld()
    const { Seat, seen } = seat()
    const { rerender } = world.show(<Seat state={{ name: 7 } as never} />)
    await world.pass(1_000)
    expect(seen.at(-1)!.error?.code).toBe('bad_payload')
    rerender(<Seat state={{ name: 'seven' }} />)
    await world.pass(1_000)
    expect(seen.at(-1)!.error).toBeUndefined()
    expect(seen.at(-1)!.members).toMatchObject([{ own: true, state: { name: 'seven' } }])
    expect(world.errors).toEqual([])
  })

  test('says why what it shows did not change, and goes on showing what it did', async () => {
    const world = startWorld()
    const { Seat, seen } = seat()
    const { rerender } = world.show(<Seat state={{ name: 'Ada' }} />)
    await world.pass(1_000)
    rerender(<Seat state={{ name: 7 } as never} />)
    await world.pass(1_000)
    expect(seen.at(-1)!.error?.code).toBe('bad_payload')
    expect(seen.at(-1)!.members).toMatchObject([{ own: true, state: { name: 'Ada' } }])
    rerender(<Seat state={{ name: 'Ada' }} />)
    await world.pass(1_000)
    expect(seen.at(-1)!.error).toBeUndefined()
    rerender([])
    await world.pass(1_000)
    expect(world.followed).toEqual([])
  })

  test('reports why this client is not present where something is selected', async () => {
    const world = startWorld()
    function Count() {
      usePresence(useChannel('table', { id: 1 }), {
        state: { name: 7 } as never,
        select: ({ count }) => count.users,
      })
      return null
    }
    world.show(<Count />)
    await world.pass(1_000)
    expect(world.errors).toEqual(['bad_payload'])
  })

  test('reports nothing when it is unmounted with the provider that made its client', async () => {
    const world = startWorld()
    function Count() {
      const users = usePresence(useChannel('table', { id: 1 }), {
        state: { name: 'Ada' },
        select: ({ count }) => count.users,
      })
      return <p>{users}</p>
    }
    const view = render(
      <SyncProvider options={world.clientOptions}>
        <Count />
      </SyncProvider>,
    )
    await world.pass(1_000)
    expect(view.container.textContent).toBe('1')
    view.unmount()
    await world.pass(60_000)
    expect(world.errors).toEqual([])
    expect(world.followed).toEqual([])
  })

  test('tells a change of what a selector makes of it, also of a set or a map', async () => {
    const world = startWorld()
    const sizes: number[][] = []
    function Sizes() {
      const table = useChannel('table', { id: 1 })
      const set = usePresence(table, {
        select: ({ members }) => new Set(members.map(({ client }) => client)),
      })
      const map = usePresence(table, {
        select: ({ members }) => new Map(members.map((one) => [one.client, one])),
      })
      sizes.push([set.size, map.size])
      return null
    }
    world.show(<Sizes />)
    const grace = other(world, 'Grace')
    grace.client.connect()
    await world.pass(200)
    await grace.enter()
    expect(sizes.at(-1)).toEqual([1, 1])
  })

  test('leaves when what it shows is taken away, and is back with it', async () => {
    const world = startWorld()
    const { Seat, seen } = seat()
    const { rerender } = world.show(<Seat state={{ name: 'Ada' }} />)
    await world.pass(1_000)
    expect(seen.at(-1)!.members).toHaveLength(1)
    rerender(<Seat />)
    await world.pass(1_000)
    expect(seen.at(-1)!.members).toEqual([])
    rerender(<Seat state={{ name: 'Ada' }} />)
    await world.pass(1_000)
    expect(seen.at(-1)!.members).toHaveLength(1)
  })

  test('shows no error of a channel that it has left', async () => {
    const world = startWorld()
    const seen: (string | undefined)[] = []
    function Seat({ id, name }: { id: number; name?: unknown }) {
      const { error } = usePresence(useChannel('table', { id }), {
        state: name ? ({ name } as Who) : undefined,
      })
      seen.push(error?.code)
      return null
    }
    const { rerender } = world.show(<Seat id={1} name={7} />)
    await world.pass(1_000)
    expect(seen.at(-1)).toBe('bad_payload')
    rerender(<Seat id={2} />)
    await world.pass(1_000)
    expect(seen.at(-1)).toBeUndefined()
  })

  test('moves to another channel with its parameters', async () => {
    const world = startWorld()
    function Seat({ id }: { id: number }) {
      const { members } = usePresence(useChannel('table', { id }), { state: { name: `at ${id}` } })
      return <p>{members.map(({ state }) => state.name)}</p>
    }
    const { container, rerender } = world.show(<Seat id={1} />)
    await world.pass(1_000)
    rerender(<Seat id={2} />)
    await world.pass(2_000)
    expect(container.textContent).toBe('at 2')
    expect(world.followed).toEqual(['table/2'])
  })

  test('shows who was there before it was mounted', async () => {
    const world = startWorld()
    const grace = other(world, 'Grace')
    grace.client.connect()
    await world.pass(200)
    await grace.enter()
    const { Seat } = seat()
    const view = render(
      <SyncProvider client={world.client}>
        <Seat />
      </SyncProvider>,
    )
    await world.pass(200)
    expect(view.container.textContent).toBe('Grace')
    view.unmount()
  })
})

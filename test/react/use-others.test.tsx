import { act } from '@testing-library/react'
import { StrictMode } from 'react'
import { cursors, typing } from 'syncline/client'
import { type CursorsView, type TypingView, useCursors, useTyping } from 'syncline/react'
import { describe, expect, test } from 'vitest'
import { startWorld, useChannel, type World } from './support.tsx'

/** Somebody else at the table, connected, whose app knows no React. */
async function other(world: World) {
  const client = world.newClient()
  const table = client.channel('table', { id: 1 })
  const store = { typing: typing(table, 'typing'), cursors: cursors(table, 'cursor') }
  store.typing.onChange(() => {})
  store.cursors.onChange(() => {})
  await world.pass()
  return { client, ...store }
}

describe('useTyping', () => {
  function field(seen: TypingView[]) {
    return function Field() {
      const view = useTyping(useChannel('table', { id: 1 }), 'typing')
      seen.push(view)
      return null
    }
  }

  test('tells the others while keys are pressed, and when they have stopped', async () => {
    const world = startWorld()
    const seen: TypingView[] = []
    const Field = field(seen)
    world.show(<Field />)
    const grace = await other(world)
    act(() => seen.at(-1)!.press())
    await world.pass()
    expect(grace.typing.typers).toEqual([{ client: world.client.id, data: { isTyping: true } }])
    for (let key = 0; key < 20; key++) {
      act(() => seen.at(-1)!.press())
      await world.pass(500)
    }
    expect(world.sent.filter((line) => line === 'tell typing').length).toBeLessThan(8)
    expect(grace.typing.typers).toHaveLength(1)
    await world.pass(3_000)
    expect(grace.typing.typers).toEqual([])
    expect(seen.every(({ typers }) => typers.length === 0)).toBe(true)
  })

  test('shows who types, in stable arrays, and forgets who fell silent', async () => {
    const world = startWorld()
    const seen: TypingView[] = []
    const Field = field(seen)
    world.show(<Field />)
    const grace = await other(world)
    act(() => grace.typing.press())
    await world.pass()
    expect(seen.at(-1)!.typers).toEqual([{ client: grace.client.id, data: { isTyping: true } }])
    const { length } = seen
    await world.say('nothing to do with it')
    await world.pass(1_000)
    expect(seen.length).toBe(length)
    grace.client.close()
    await world.pass(6_000)
    expect(seen.at(-1)!.typers).toEqual([])
  })

  test('has stopped when it is unmounted, and leaves nothing behind', async () => {
    const world = startWorld()
    const seen: TypingView[] = []
    const Field = field(seen)
    const { unmount } = world.show(
      <StrictMode>
        <Field />
      </StrictMode>,
    )
    const grace = await other(world)
    act(() => grace.typing.press())
    act(() => seen.at(-1)!.press())
    await world.pass()
    expect(grace.typing.typers).toHaveLength(1)
    unmount()
    await world.pass()
    expect(grace.typing.typers).toEqual([])
    grace.client.close()
    await world.pass(2_000)
    expect(world.followed).toEqual([])
  })
})

describe('useCursors', () => {
  type View = CursorsView<{ x: number; y: number }, { x: number; y: number }>

  test('tells where it is every 100 ms at most, the latest only, and shows the others', async () => {
    const world = startWorld()
    const seen: View[] = []
    function Board() {
      seen.push(useCursors(useChannel('table', { id: 1 }), 'cursor'))
      return null
    }
    const { unmount } = world.show(<Board />)
    const grace = await other(world)
    for (let x = 0; x <= 50; x++) {
      act(() => seen.at(-1)!.move({ x, y: 0 }))
      await world.pass(10)
    }
    await world.pass(100)
    expect(grace.cursors.cursors).toEqual([{ client: world.client.id, data: { x: 50, y: 0 } }])
    expect(world.sent.filter((line) => line.startsWith('tell')).length).toBe(7)
    act(() => grace.cursors.move({ x: 1, y: 1 }))
    await world.pass()
    expect(seen.at(-1)!.cursors).toEqual([{ client: grace.client.id, data: { x: 1, y: 1 } }])
    await world.pass(10_000)
    expect(seen.at(-1)!.cursors).toEqual([])
    act(() => seen.at(-1)!.move({ x: 7, y: 7 }))
    act(() => seen.at(-1)!.move({ x: 8, y: 8 }))
    unmount()
    await world.pass(1_000)
    expect(grace.cursors.cursors.map(({ data }) => data)).toEqual([{ x: 7, y: 7 }])
  })

  test('reports what does not fit its schema, also from a timer', async () => {
    const world = startWorld()
    let view: View | undefined
    function Board() {
      view = useCursors(useChannel('table', { id: 1 }), 'cursor')
      return null
    }
    world.show(<Board />)
    await world.pass()
    view!.move({ x: 'left', y: 0 } as never)
    view!.move({ x: 'right', y: 0 } as never)
    await world.pass(100)
    expect(world.errors).toEqual(['bad_payload', 'bad_payload'])
  })
})

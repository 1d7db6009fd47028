import { Fragment, StrictMode, useEffect, useState } from 'react'
import type { EventMeta, Gap, Subscribed } from 'syncline/client'
import { createHub } from 'syncline/server'
import { describe, expect, test } from 'vitest'
import { registry } from '../support/challenge-registry.ts'
import { expectNothingTwice, startWorld, useChannel, useClient, useEvent } from './support.tsx'

function Lobby({ onSaid }: { onSaid: (text: string, meta: EventMeta) => void }) {
  useEvent(useChannel('lobby'), 'said', ({ text }, meta) => onSaid(text, meta))
  return null
}

function Game({ code, onMoved }: { code: string; onMoved: (step: number) => void }) {
  useEvent(useChannel('game', { code }), 'moved', ({ step }) => onMoved(step))
  return null
}

describe('useEvent', () => {
  test('hears an event with its payload and what came with it', async () => {
    const world = startWorld()
    const heard: [string, EventMeta][] = []
    world.show(<Lobby onSaid={(text, meta) => heard.push([text, meta])} />)
    await world.pass()
    await world.say('hello')
    expect(heard).toEqual([
      ['hello', expect.objectContaining({ channel: 'lobby', sender: null, own: false, replayed: false })],
    ])
    expect(world.errors).toEqual([])
  })

  test('hears with the latest handler', async () => {
    const world = startWorld()
    const heard: string[] = []
    const { rerender } = world.show(<Lobby onSaid={(text) => heard.push(`first: ${text}`)} />)
    await world.pass()
    await world.say('one')
    rerender(<Lobby onSaid={(text) => heard.push(`second: ${text}`)} />)
    await world.say('two')
    expect(heard).toEqual(['first: one', 'second: two'])
  })

  test('does not listen anew for a new handler', async () => {
    const world = startWorld()
    const heard: Subscribed[] = []
    function Watcher({ onSubscribed }: { onSubscribed: (subscribed: Subscribed) => void }) {
      useEvent(useChannel('lobby'), 'subscribed', onSubscribed)
      return null
    }
    const { rerender } = world.show(<Watcher onSubscribed={(subscribed) => heard.push(subscribed)} />)
    await world.pass()
    // A listener that came now would hear of the present subscription once more.
    for (let i = 0; i < 3; i++) {
      rerender(<Watcher onSubscribed={(subscribed) => heard.push(subscribed)} />)
      await world.pass()
    }
    expect(heard).toHaveLength(1)
    expect(world.sent).toEqual(['hello', 'sub lobby'])
  })

  test('moves to another channel when it is given one', async () => {
    const world = startWorld()
    const heard: number[] = []
    const onMoved = (step: number) => heard.push(step)
    const { rerender } = world.show(<Game code="A" onMoved={onMoved} />)
    await world.pass()
    rerender(<Game code="B" onMoved={onMoved} />)
    await world.pass()
    await world.move('A', 1)
    await world.move('B', 2)
    expect(heard).toEqual([2])
    await world.pass(1_000)
    expect(world.followed).toEqual(['game/B'])
  })

  test('gives the listener back at unmount, and the subscription after the linger', async () => {
    const world = startWorld()
    const heard: string[] = []
    const { unmount } = world.show(<Lobby onSaid={(text) => heard.push(text)} />)
    await world.pass()
    expect(world.followed).toEqual(['lobby'])
    unmount()
    await world.say('after')
    expect(heard).toEqual([])
    await world.pass(999)
    expect(world.followed).toEqual(['lobby'])
    expect(world.sent).toEqual(['hello', 'sub lobby'])
    await world.pass(1)
    expect(world.followed).toEqual([])
    expect(world.sent).toEqual(['hello', 'sub lobby', 'unsub lobby'])
  })

  test('keeps one subscription over a move from one page to the next', async () => {
    const world = startWorld()
    const { rerender } = world.show(<Lobby key="one" onSaid={() => {}} />)
    await world.pass()
    rerender(<Lobby key="next" onSaid={() => {}} />)
    await world.pass(5_000)
    expect(world.sent).toEqual(['hello', 'sub lobby'])
  })

  test('shares one subscription between components, and keeps it for the last of them', async () => {
    const world = startWorld()
    const heard: string[] = []
    const one = <Lobby key="one" onSaid={(text) => heard.push(`one: ${text}`)} />
    const other = <Lobby key="other" onSaid={(text) => heard.push(`other: ${text}`)} />
    const { rerender } = world.show([one, other])
    await world.pass()
    rerender([other])
    await world.pass(5_000)
    await world.say('hello')
    expect(heard).toEqual(['other: hello'])
    expect(world.sent).toEqual(['hello', 'sub lobby'])
  })

  test('does not starve one component when the handler of another throws', async () => {
    const world = startWorld()
    const heard: string[] = []
    const onSaid = () => {
      throw new Error('broken handler')
    }
    world.show([
      <Lobby key="one" onSaid={onSaid} />,
      <Lobby key="other" onSaid={(text) => heard.push(text)} />,
    ])
    await world.pass()
    await world.say('hello')
    expect(heard).toEqual(['hello'])
    expect(world.errors).toEqual(['listener_failed'])
  })
})

describe('what became of the subscription', () => {
  function Watcher({ facts }: { facts: unknown[] }) {
    const lobby = useChannel('lobby')
    useEvent(lobby, 'subscribed', ({ recovered }) => facts.push({ recovered }))
    useEvent(lobby, 'gap', ({ reason }: Gap) => facts.push({ reason }))
    useEvent(lobby, 'said', ({ text }) => facts.push({ text }))
    return null
  }

  test('reaches a component: accepted, and accepted again with nothing missed', async () => {
    const world = startWorld()
    const facts: unknown[] = []
    world.show(<Watcher facts={facts} />)
    await world.pass()
    await world.say('one')
    world.network.links[0]!.cut()
    await world.pass(3_000)
    await world.say('two')
    expect(facts).toEqual([{ recovered: null }, { text: 'one' }, { recovered: true }, { text: 'two' }])
  })

  test('reaches a component: a gap before the acceptance that could not recover', async () => {
    const world = startWorld()
    const facts: unknown[] = []
    world.show(<Watcher facts={facts} />)
    await world.pass()
    const anew = createHub(registry, { clock: world.clock })
    anew.serve('lobby', {})
    world.network.hub = anew
    world.network.links[0]!.cut()
    await world.pass(3_000)
    expect(facts).toEqual([{ recovered: null }, { reason: 'epoch' }, { recovered: false }])
  })

  test('is told to a component that comes when it is accepted already', async () => {
    const world = startWorld()
    const facts: unknown[] = []
    const { rerender } = world.show(<Lobby onSaid={() => {}} />)
    await world.pass()
    rerender([<Lobby key="lobby" onSaid={() => {}} />, <Watcher key="watcher" facts={facts} />])
    await world.pass()
    expect(facts).toEqual([{ recovered: null }])
  })
})

describe.each([
  ['StrictMode', StrictMode],
  ['a plain tree', Fragment],
])('%s', (_, Mode) => {
  test('has one connection and one subscription on the wire, and leaves no listener behind', async () => {
    const world = startWorld()
    const heard: string[] = []
    const { unmount } = world.show(
      <Mode>
        <Lobby onSaid={(text) => heard.push(text)} />
      </Mode>,
    )
    await world.pass()
    await world.say('hello')
    expect(heard).toEqual(['hello'])
    await expectNothingTwice(world, ['lobby'], unmount)
  })
})

describe('the check for what is left behind', () => {
  test('finds a component that keeps its listener', async () => {
    const world = startWorld()
    function Forgetful() {
      const lobby = useChannel('lobby')
      useEffect(() => {
        lobby.on('said', () => {})
      }, [lobby])
      return null
    }
    const { unmount } = world.show(<Forgetful />)
    await world.pass()
    await expect(expectNothingTwice(world, ['lobby'], unmount)).rejects.toThrow('unsub lobby')
  })

  test('finds a second connection', async () => {
    const world = startWorld()
    const { unmount } = world.show(<Lobby onSaid={() => {}} />)
    world.newClient().connect()
    await world.pass()
    await expect(expectNothingTwice(world, ['lobby'], unmount)).rejects.toThrow('hello')
  })
})

describe('an event', () => {
  /** A panel that shows what it heard last, and counts its renders. */
  function panels(renders: string[]) {
    function LobbyPanel() {
      const [last, setLast] = useState('')
      useEvent(useChannel('lobby'), 'said', ({ text }) => setLast(text))
      renders.push(`lobby ${last}`)
      return <p>{last}</p>
    }
    function GamePanel({ code }: { code: string }) {
      const [last, setLast] = useState(0)
      useEvent(useChannel('game', { code }), 'moved', ({ step }) => setLast(step))
      renders.push(`game ${code} ${last}`)
      return <p>{last}</p>
    }
    function Bystander() {
      useClient()
      renders.push('bystander')
      return null
    }
    return [
      <LobbyPanel key="lobby" />,
      <GamePanel key="A" code="A" />,
      <GamePanel key="B" code="B" />,
      <Bystander key="bystander" />,
    ]
  }

  test('renders the component that uses its channel, and no other', async () => {
    const world = startWorld()
    const renders: string[] = []
    world.show(panels(renders))
    await world.pass()
    expect(renders.splice(0)).toEqual(['lobby ', 'game A 0', 'game B 0', 'bystander'])
    await world.say('hello')
    expect(renders.splice(0)).toEqual(['lobby hello'])
    await world.move('B', 3)
    expect(renders.splice(0)).toEqual(['game B 3'])
    await world.move('C', 4)
    expect(renders).toEqual([])
  })
})

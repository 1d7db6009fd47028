import { act, cleanup, render } from '@testing-library/react'
import * as React from 'react'
import { type ReactNode, StrictMode, Suspense, useState } from 'react'
import { presence } from 'syncline/client'
import { usePresence } from 'syncline/react'
import { describe, expect, inject, onTestFinished, test } from 'vitest'
import { countedClock } from './counted-clock.ts'
import { SyncProvider, startWorld, useChannel, useConnection, useEvent, type World } from './support.tsx'

/** What React 18 does not have. */
const { Activity } = React as unknown as {
  readonly Activity: (props: { mode: 'visible' | 'hidden'; children: ReactNode }) => ReactNode
}

/** A component that shows what it has heard, and notes what became of its subscription. */
function listener(facts: unknown[] = []) {
  function Lobby() {
    const [texts, setTexts] = useState<readonly string[]>([])
    const lobby = useChannel('lobby')
    useEvent(lobby, 'said', ({ text }) => setTexts((before) => [...before, text]))
    useEvent(lobby, 'subscribed', ({ recovered }) => facts.push(recovered))
    useEvent(lobby, 'gap', ({ reason }) => facts.push(reason))
    return <p>{texts.join(', ')}</p>
  }
  return { Lobby, facts }
}

/** Something that suspends whoever renders it until it is loaded. */
function loading() {
  let isLoaded = true
  let load = () => {}
  let promise: Promise<void> | undefined
  return {
    start() {
      isLoaded = false
      promise = new Promise((resolve) => {
        load = resolve
      })
    },
    finish: () =>
      act(async () => {
        isLoaded = true
        load()
        await promise
      }),
    Part() {
      if (!isLoaded) throw promise
      return null
    },
  }
}

/** What was sent, without the signs of life. */
const subs = ({ sent }: World) => sent.filter((line) => !/^p[io]ng$/.test(line))

describe('Suspense', () => {
  test('around a provider that makes its client connects once, when it is shown', async () => {
    const world = startWorld()
    const { Lobby } = listener()
    const { Part, start, finish } = loading()
    start()
    onTestFinished(cleanup)
    const { container } = render(
      <StrictMode>
        <Suspense fallback="loading">
          <SyncProvider options={world.clientOptions}>
            <Lobby />
            <Part />
          </SyncProvider>
        </Suspense>
      </StrictMode>,
    )
    await world.pass(1_000)
    expect(container.textContent).toBe('loading')
    expect([world.sent, world.network.links]).toEqual([[], []])
    await finish()
    await world.pass()
    await world.say('hello')
    expect(container.textContent).toBe('hello')
    expect(world.sent).toEqual(['hello', 'sub lobby'])
  })

  test('that hides what was shown keeps connection and listeners: nothing is missed', async () => {
    const world = startWorld()
    const { Lobby, facts } = listener()
    const { Part, start, finish } = loading()
    onTestFinished(cleanup)
    const tree = () => (
      <Suspense fallback="loading">
        <SyncProvider options={world.clientOptions}>
          <Lobby />
          <Part />
        </SyncProvider>
      </Suspense>
    )
    const { container, rerender } = render(tree())
    await world.pass()
    await world.say('one')
    start()
    rerender(tree())
    expect(container.textContent).toContain('loading')
    await world.say('two')
    await world.pass(60_000)
    await finish()
    await world.pass()
    expect(container.textContent).toBe('one, two')
    expect(facts).toEqual([null])
    expect(subs(world)).toEqual(['hello', 'sub lobby'])
  })
})

describe.skipIf(inject('react') === '18')('Activity', () => {
  test('that hides a listener lets go of its channel, and says so when it is shown again', async () => {
    const world = startWorld()
    const { Lobby, facts } = listener()
    const tree = (mode: 'visible' | 'hidden') => (
      <Activity mode={mode}>
        <Lobby />
      </Activity>
    )
    const { container, rerender } = world.show(tree('visible'))
    await world.pass()
    await world.say('one')
    rerender(tree('hidden'))
    await world.pass(1_000)
    expect(world.sent).toEqual(['hello', 'sub lobby', 'unsub lobby'])
    await world.say('missed')
    rerender(tree('visible'))
    await world.pass()
    await world.say('three')
    // It has kept what it had heard, so `subscribed` is what tells it to load anew.
    expect(container.textContent).toBe('one, three')
    expect(facts).toEqual([null, null])
  })

  test('that hides a listener for a moment says so, too, though the channel is still held', async () => {
    const world = startWorld()
    const { Lobby, facts } = listener()
    const tree = (mode: 'visible' | 'hidden') => (
      <Activity mode={mode}>
        <Lobby />
      </Activity>
    )
    const { container, rerender } = world.show(tree('visible'))
    await world.pass()
    rerender(tree('hidden'))
    await world.say('missed')
    rerender(tree('visible'))
    await world.pass()
    expect(world.sent).toEqual(['hello', 'sub lobby'])
    expect(container.textContent).toBe('')
    expect(facts).toEqual([null, null])
  })

  test('that hides a provider closes the client that it made, and shown again makes another', async () => {
    const world = startWorld()
    const clock = countedClock(world.clientOptions.clock)
    const { Lobby, facts } = listener()
    function Badge() {
      const { state } = useConnection()
      return <b>{state}: </b>
    }
    const tree = (mode: 'visible' | 'hidden') => (
      <StrictMode>
        <Activity mode={mode}>
          <SyncProvider options={{ ...world.clientOptions, clock }}>
            <Badge />
            <Lobby />
          </SyncProvider>
        </Activity>
      </StrictMode>
    )
    onTestFinished(cleanup)
    const { container, rerender, unmount } = render(tree('visible'))
    await world.pass()
    await world.say('one')
    for (let time = 1; time <= 2; time++) {
      await act(async () => rerender(tree('hidden')))
      await world.pass(2_000)
      expect([world.hub.connections, world.followed, clock.pending]).toEqual([0, [], 0])
      rerender(tree('visible'))
      await world.pass()
      expect(world.hub.connections).toBe(1)
    }
    await world.say('two')
    expect(container.textContent).toBe('connected: one, two')
    expect(facts).toEqual([null, null, null])
    expect(world.errors).toEqual([])
    unmount()
    await world.pass()
    expect([world.hub.connections, clock.pending]).toEqual([0, 0])
  })

  test('that hides a provider makes the next client of the same options, whatever it is given since', async () => {
    const world = startWorld()
    const tokens: string[] = []
    const tree = (mode: 'visible' | 'hidden', of: string) => {
      const auth = () => {
        tokens.push(of)
        return of
      }
      return (
        <Activity mode={mode}>
          <SyncProvider options={{ ...world.clientOptions, auth }} />
        </Activity>
      )
    }
    onTestFinished(cleanup)
    const { rerender } = render(tree('visible', 'first'))
    await world.pass()
    rerender(tree('visible', 'second'))
    await act(async () => rerender(tree('hidden', 'third')))
    await world.pass()
    rerender(tree('visible', 'fourth'))
    await world.pass()
    expect(tokens).toEqual(['first', 'first'])
    expect(world.hub.connections).toBe(1)
  })

  test('that hides and shows a provider in one go keeps its client', async () => {
    const world = startWorld()
    const { Lobby } = listener()
    const tree = (mode: 'visible' | 'hidden') => (
      <Activity mode={mode}>
        <SyncProvider options={world.clientOptions}>
          <Lobby />
        </SyncProvider>
      </Activity>
    )
    onTestFinished(cleanup)
    const { rerender } = render(tree('visible'))
    await world.pass()
    rerender(tree('hidden'))
    rerender(tree('visible'))
    await world.pass(2_000)
    expect(world.sent).toEqual(['hello', 'sub lobby'])
    expect(world.hub.connections).toBe(1)
  })

  test('that hides a member has it leave, and shown again enter', async () => {
    const world = startWorld()
    function Seat() {
      usePresence(useChannel('table', { id: 1 }), { state: { name: 'Ada' } })
      return null
    }
    const grace = presence(world.newClient().channel('table', { id: 1 }))
    const heard: string[] = []
    for (const event of ['join', 'leave'] as const) grace.on(event, () => heard.push(event))
    await world.pass()
    const tree = (mode: 'visible' | 'hidden') => (
      <Activity mode={mode}>
        <Seat />
      </Activity>
    )
    const { rerender } = world.show(tree('visible'))
    await world.pass(1_000)
    rerender(tree('hidden'))
    await world.pass(1_000)
    rerender(tree('visible'))
    await world.pass(1_000)
    expect(heard).toEqual(['join', 'leave', 'join'])
  })
})

import { cleanup, renderHook } from '@testing-library/react'
import type { ReactNode } from 'react'
import { renderToString } from 'react-dom/server'
import { describe, expect, onTestFinished, test } from 'vitest'
import { SyncProvider, startWorld, useChannel, useClient, useConnection, useEvent } from './support.tsx'

/** Runs `useChannel` for a game's code under a provider whose client can be changed. */
function showGame(first: string | number) {
  const world = startWorld()
  let client = world.client
  const wrapper = ({ children }: { children: ReactNode }) => (
    <SyncProvider client={client}>{children}</SyncProvider>
  )
  const view = renderHook((code: string | number) => useChannel('game', { code }), {
    initialProps: first,
    wrapper,
  })
  onTestFinished(cleanup)
  const handle = (code: string | number) => {
    view.rerender(code)
    return view.result.current
  }
  const changeClient = () => {
    client = world.newClient()
  }
  return { handle, changeClient }
}

describe('useChannel', () => {
  test('gives the same handle for equal parameters, in whichever object they come', () => {
    const { handle } = showGame('7')
    const first = handle('7')
    expect(first.name).toBe('game/7')
    expect(handle('7')).toBe(first)
    expect(handle(7)).toBe(first)
  })

  test('gives another handle for other parameters', () => {
    const { handle } = showGame('A')
    const first = handle('A')
    expect(handle('B')).not.toBe(first)
    expect(handle('B').name).toBe('game/B')
  })

  test('gives a handle of the client that the provider has now', () => {
    const { handle, changeClient } = showGame('A')
    const first = handle('A')
    changeClient()
    expect(handle('A')).not.toBe(first)
  })

  test('subscribes to nothing by itself', async () => {
    const world = startWorld()
    function Holder() {
      return <p>{useChannel('lobby').name}</p>
    }
    world.show(<Holder />)
    await world.pass()
    expect(world.sent).toEqual(['hello'])
  })

  test('throws bad_channel for a parameter that can be no part of a name', () => {
    const { client } = startWorld()
    const Wrong = () => <p>{useChannel('game', { code: '' }).name}</p>
    const wrong = () =>
      renderToString(
        <SyncProvider client={client}>
          <Wrong />
        </SyncProvider>,
      )
    expect(wrong).toThrow(expect.objectContaining({ code: 'bad_channel' }))
  })
})

describe('without a provider', () => {
  test.each([
    ['useClient', () => useClient()],
    ['useChannel', () => useChannel('lobby')],
    ['useConnection', () => useConnection()],
  ])('%s throws no_provider', (_, useHook) => {
    function Orphan() {
      useHook()
      return null
    }
    const error = expect.objectContaining({ name: 'SyncError', code: 'no_provider', retryable: false })
    expect(() => renderToString(<Orphan />)).toThrow(error)
  })

  test('useEvent listens to a channel of a client all the same', async () => {
    const world = startWorld()
    const lobby = world.client.channel('lobby')
    const heard: string[] = []
    renderHook(() => useEvent(lobby, 'said', ({ text }) => heard.push(text)))
    onTestFinished(cleanup)
    await world.pass()
    await world.say('hello')
    expect(heard).toEqual(['hello'])
  })
})

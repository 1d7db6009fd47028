// @vitest-environment node
import { type ReactNode, StrictMode } from 'react'
import { renderToString } from 'react-dom/server'
import { beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import { countedClock } from './counted-clock.ts'
import { htmlOf, parts } from './every-hook.tsx'
import { SyncProvider, startWorld, useChannel, useConnection, useEvent } from './support.tsx'

let complaints: unknown[]
beforeEach(() => {
  expect(typeof document).toBe('undefined')
  complaints = []
  const written = vi.spyOn(console, 'error').mockImplementation((...args) => void complaints.push(args))
  onTestFinished(() => written.mockRestore())
})

/** Renders a page with either kind of provider, and fails where anything is left of it. */
async function expectNothingLeft(page: ReactNode, html: string) {
  const world = startWorld()
  const clock = countedClock(world.clientOptions.clock)
  const given = <SyncProvider client={world.client}>{page}</SyncProvider>
  const made = <SyncProvider options={{ ...world.clientOptions, clock }}>{page}</SyncProvider>
  for (const tree of [given, made]) expect(renderToString(<StrictMode>{tree}</StrictMode>)).toBe(html)
  await world.clock.advance(60_000)
  expect([world.network.links, world.sent, clock.pending]).toEqual([[], [], 0])
  expect(complaints).toEqual([])
}

describe('a server without a document', () => {
  test('renders a listener, and leaves no timer and no socket', async () => {
    function Page() {
      const { state } = useConnection()
      useEvent(useChannel('lobby'), 'said', () => {})
      return <p>{state}</p>
    }
    await expectNothingLeft(<Page />, '<p>disconnected</p>')
  })

  test.each(Object.keys(parts))('renders %s, and leaves no timer and no socket', async (name) => {
    const Part = parts[name]!
    const page = (
      <p>
        <Part />
      </p>
    )
    await expectNothingLeft(page, htmlOf(name))
  })

  test('would be found out if it connected', async () => {
    function Hasty() {
      const lobby = useChannel('lobby')
      lobby.on('said', () => {})
      return <p />
    }
    await expect(expectNothingLeft(<Hasty />, '<p></p>')).rejects.toThrow()
  })
})

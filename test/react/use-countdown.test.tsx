import { act } from '@testing-library/react'
import { renderToString } from 'react-dom/server'
import { createClient } from 'syncline/client'
import { describe, expect, onTestFinished, test } from 'vitest'
import { hooks, registry, SyncProvider, startWorld } from './support.tsx'

const { useCountdown, useServerClock } = hooks

/** A component that counts down, with what each render saw. */
function timer(seen: (number | undefined)[], everyMs?: number) {
  return function Timer({ endsAt }: { endsAt?: number | null }) {
    const left = useCountdown(endsAt, everyMs)
    seen.push(left)
    return <p>{left === undefined ? '' : left / 1_000}</p>
  }
}

describe('useCountdown', () => {
  test('renders each second once, at the moment in which it begins', async () => {
    const world = startWorld()
    const seen: (number | undefined)[] = []
    const Timer = timer(seen)
    world.show(<Timer endsAt={world.clock.now() + 3_500} />)
    await world.pass()
    expect(seen).toEqual([4_000])
    await world.pass(499)
    expect(seen).toEqual([4_000])
    await world.pass(1)
    expect(seen).toEqual([4_000, 3_000])
    await world.pass(999)
    expect(seen).toEqual([4_000, 3_000])
    for (let second = 0; second < 10; second++) await world.pass(1_000)
    expect(seen).toEqual([4_000, 3_000, 2_000, 1_000, 0])
  })

  test('is nothing without an end, and stands still from then on', async () => {
    const world = startWorld()
    const seen: (number | undefined)[] = []
    const Timer = timer(seen)
    const end = world.clock.now() + 10_000
    const { rerender } = world.show(<Timer endsAt={end} />)
    await world.pass(2_000)
    rerender(<Timer endsAt={null} />)
    await world.pass(20_000)
    expect(seen.at(-1)).toBeUndefined()
    const { length } = seen
    rerender(<Timer endsAt={world.clock.now() + 5_000} />)
    await world.pass(0)
    expect(seen.slice(length)).toEqual([5_000])
  })

  test('counts in the steps that it is told', async () => {
    const world = startWorld()
    const seen: (number | undefined)[] = []
    const Timer = timer(seen, 250)
    world.show(<Timer endsAt={world.clock.now() + 600} />)
    for (let step = 0; step < 10; step++) await world.pass(100)
    expect(seen).toEqual([750, 500, 250, 0])
  })

  test.each([3_600_000, -3_600_000])(
    'goes by the clock of the hub, from which this machine is off by %s ms',
    async (ahead) => {
      const world = startWorld({ aheadMs: ahead })
      const seen: (number | undefined)[] = []
      const Timer = timer(seen)
      world.show(<Timer endsAt={world.clock.now() + 5_000} />)
      await world.pass()
      expect(seen.at(-1)).toBe(5_000)
      await world.pass(1_000)
      expect(seen.at(-1)).toBe(4_000)
      expect(world.client.serverClock.now()).toBe(world.clock.now())
    },
  )

  test.each([0, -1, Number.NaN])('refuses steps of %s ms, of which there would be no end', (everyMs) => {
    const world = startWorld()
    const Timer = timer([], everyMs)
    const { error } = console
    console.error = () => {}
    onTestFinished(() => {
      console.error = error
    })
    expect(() => world.show(<Timer endsAt={world.clock.now() + 5_000} />)).toThrow('everyMs')
  })

  test.each([Number.POSITIVE_INFINITY, Number.NaN])(
    'takes %s for no end, and plans nothing',
    async (endsAt) => {
      const world = startWorld()
      const seen: (number | undefined)[] = []
      const Timer = timer(seen)
      const { rerender } = world.show(null)
      await world.pass()
      const before = world.clock.pending
      rerender(<Timer endsAt={endsAt} />)
      expect([seen, world.clock.pending]).toEqual([[undefined], before])
    },
  )

  test('is no number where a server renders, so that the page can be hydrated', () => {
    const world = startWorld()
    const Timer = timer([])
    const html = renderToString(
      <SyncProvider client={world.client}>
        <Timer endsAt={world.clock.now() + 5_000} />
      </SyncProvider>,
    )
    expect(html).toBe('<p></p>')
  })

  test('leaves no timer when it is unmounted', async () => {
    const world = startWorld()
    const Timer = timer([])
    const { rerender } = world.show(null)
    await world.pass()
    const before = world.clock.pending
    rerender(<Timer endsAt={world.clock.now() + 60_000} />)
    expect(world.clock.pending).toBe(before + 1)
    rerender(null)
    expect(world.clock.pending).toBe(before)
  })
})

describe('useServerClock', () => {
  test('renders when the hub’s clock was measured, and not for a measurement that changes nothing', async () => {
    const world = startWorld({ aheadMs: -60_000 })
    const offsets: number[] = []
    function Offset() {
      offsets.push(useServerClock().offsetMs)
      return null
    }
    world.show(<Offset />)
    await world.pass()
    expect(offsets).toEqual([0, 60_000])
    for (let round = 0; round < 5; round++) await world.pass(25_000)
    expect(offsets).toEqual([0, 60_000])
    expect(world.client.stats().counts.roundTrip).toBeGreaterThan(2)
  })

  test('gives another object with another offset, for who memoises by it, and reads the time at any time', async () => {
    const world = startWorld({ aheadMs: -60_000 })
    const seen: ReturnType<typeof useServerClock>[] = []
    function Offset() {
      seen.push(useServerClock())
      return null
    }
    const { rerender } = world.show(<Offset />)
    await world.pass()
    rerender(<Offset />)
    expect(new Set(seen).size).toBe(2)
    expect(seen.at(-1)).toBe(seen.at(-2))
    await world.pass(1_234)
    expect(seen.at(-1)!.now()).toBe(world.clock.now())
  })

  test('follows a clock that was set while it was connected', async () => {
    const world = startWorld()
    const { clock } = world
    let ahead = 0
    const client = createClient(registry, {
      ...world.clientOptions,
      clock: { now: () => clock.now() + ahead, after: clock.after },
    })
    onTestFinished(() => client.close())
    client.connect()
    await world.pass()
    expect(client.serverClock.offsetMs).toBe(0)
    ahead = 7_000
    await act(() => clock.advance(30_000))
    expect(client.serverClock.offsetMs).toBe(-7_000)
  })
})

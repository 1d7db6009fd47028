import { expect, test } from 'vitest'
import { outboxOnTest } from '../../support/outbox-on-test.ts'

/** What a resend says of its age after 20 s, of which the wall clock has seen `wallMs` and the clock that is never set `elapsedMs`. */
async function ageAfter({ wallMs, elapsedMs }: { wallMs: number; elapsedMs?: number }): Promise<unknown> {
  const { publish, cut, online, clock, link } = outboxOnTest()
  const at = clock.now()
  link.clock = { ...clock, now: () => at, ...(elapsedMs !== undefined && { elapsed: () => 7 }) }
  publish('a')
  cut()
  link.clock = {
    ...clock,
    now: () => at + wallMs,
    ...(elapsedMs !== undefined && { elapsed: () => 7 + elapsedMs }),
  }
  const [frame] = online()
  return frame![6]
}

test('what is sent again is as old as the later of two clocks says', async () => {
  expect(await ageAfter({ wallMs: 20_000, elapsedMs: 20_000 })).toBe(20_000)
  expect(await ageAfter({ wallMs: -40_000, elapsedMs: 20_000 }), 'a wall clock that was set back').toBe(
    20_000,
  )
  expect(await ageAfter({ wallMs: 20_000, elapsedMs: 5_000 }), 'a machine that has slept').toBe(20_000)
  expect(await ageAfter({ wallMs: 20_000, elapsedMs: 20_000.25 }), 'in whole milliseconds').toBe(20_001)
})

test('where there is only a wall clock, it is believed, and never less than nothing', async () => {
  expect(await ageAfter({ wallMs: 20_000 })).toBe(20_000)
  expect(await ageAfter({ wallMs: -40_000 })).toBe(0)
})

import { manualClock } from 'syncline/testing'
import { describe, expect, test } from 'vitest'
import { watchSilence } from '../../../src/client/heartbeat.ts'

/** A watch with a limit of 100 ms. `setBackBy` moves the wall clock alone, as a person does who corrects it. */
function setUp() {
  const clock = manualClock()
  let behindMs = 0
  const shifted = { now: () => clock.now() - behindMs, after: clock.after.bind(clock) }
  const setBackBy = (ms: number) => {
    behindMs += ms
  }
  const startedAt = clock.now()
  const silentAt: number[] = []
  const heartbeat = watchSilence(shifted, 100, () => silentAt.push(clock.now() - startedAt))
  return { clock, heartbeat, silentAt, setBackBy }
}

describe('silence', () => {
  test('is told once, when nothing was heard for the limit', async () => {
    const { clock, silentAt } = setUp()
    await clock.advance(99)
    expect(silentAt).toEqual([])
    await clock.advance(1_000)
    expect(silentAt).toEqual([100])
    expect(clock.pending).toBe(0)
  })

  test('is counted from what was heard last', async () => {
    const { clock, heartbeat, silentAt } = setUp()
    await clock.advance(30)
    heartbeat.heard()
    await clock.advance(60)
    heartbeat.heard()
    await clock.advance(1_000)
    expect(silentAt).toEqual([190])
  })

  test('costs one timer, however much is heard', async () => {
    const { clock, heartbeat } = setUp()
    for (let i = 0; i < 50; i++) {
      heartbeat.heard()
      await clock.advance(10)
      expect(clock.pending).toBe(1)
    }
  })

  test('is put off by one interval at most when the wall clock was set back', async () => {
    const { clock, heartbeat, silentAt, setBackBy } = setUp()
    await clock.advance(50)
    heartbeat.heard()
    setBackBy(3_600_000)
    await clock.advance(1_000)
    expect(silentAt).toEqual([200])
  })
})

test('a watch that was stopped tells nothing and leaves no timer, also after it looked', async () => {
  const { clock, heartbeat, silentAt } = setUp()
  await clock.advance(50)
  heartbeat.heard()
  await clock.advance(60)
  heartbeat.stop()
  heartbeat.stop()
  expect(clock.pending).toBe(0)
  await clock.advance(1_000)
  expect(silentAt).toEqual([])
})

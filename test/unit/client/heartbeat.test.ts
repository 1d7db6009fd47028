import { manualClock } from 'syncline/testing'
import { describe, expect, test } from 'vitest'
import { type HeartbeatOptions, watchSilence } from '../../../src/client/heartbeat.ts'

/** A watch with limits of 100 ms and, after a probe, 20 ms. `setBackBy` moves the wall clock alone, as a person does who corrects it. */
function setUp(options: Partial<HeartbeatOptions> = {}) {
  const clock = manualClock()
  let behindMs = 0
  const shifted = { now: () => clock.now() - behindMs, after: clock.after.bind(clock) }
  const setBackBy = (ms: number) => {
    behindMs += ms
  }
  const startedAt = clock.now()
  const silentAt: number[] = []
  const pingsAt: number[] = []
  const heartbeat = watchSilence({
    clock: shifted,
    limitMs: 100,
    probeTimeoutMs: 20,
    ping: () => pingsAt.push(clock.now() - startedAt),
    onSilence: () => silentAt.push(clock.now() - startedAt),
    ...options,
  })
  return { clock, heartbeat, silentAt, pingsAt, setBackBy }
}

describe('silence', () => {
  test('is told once, when nothing was heard for the limit', async () => {
    const { clock, silentAt, pingsAt } = setUp()
    await clock.advance(99)
    expect(silentAt).toEqual([])
    await clock.advance(1_000)
    expect(silentAt).toEqual([100])
    expect(pingsAt).toEqual([])
    expect(clock.pending).toBe(0)
  })

  test('is told once also to whoever goes on probing after it', async () => {
    const { clock, heartbeat, silentAt } = setUp({ heartbeatMs: 30 })
    await clock.advance(1_000)
    expect(silentAt).toEqual([50])
    heartbeat.probe()
    await clock.advance(1_000)
    expect(silentAt).toEqual([50])
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

  test('is told with how long it has lasted', async () => {
    const lasted: number[] = []
    const { clock, heartbeat } = setUp({ onSilence: (silentMs) => lasted.push(silentMs) })
    await clock.advance(50)
    heartbeat.heard()
    await clock.advance(30)
    heartbeat.probe()
    await clock.advance(1_000)
    expect(lasted).toEqual([50])
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

describe('a probe', () => {
  test('asks at once, and is over when nothing was heard within its own time', async () => {
    const { clock, heartbeat, silentAt, pingsAt } = setUp()
    await clock.advance(50)
    heartbeat.probe()
    expect(pingsAt).toEqual([50])
    await clock.advance(1_000)
    expect(silentAt).toEqual([70])
    expect(clock.pending).toBe(0)
  })

  test('is answered by anything that is heard', async () => {
    const { clock, heartbeat, silentAt } = setUp()
    await clock.advance(50)
    heartbeat.probe()
    await clock.advance(19)
    heartbeat.heard()
    await clock.advance(99)
    expect(silentAt).toEqual([])
    await clock.advance(1_000)
    expect(silentAt).toEqual([169])
  })

  test('does not give more time than there was left', async () => {
    const { clock, heartbeat, silentAt } = setUp()
    await clock.advance(90)
    heartbeat.probe()
    await clock.advance(1_000)
    expect(silentAt).toEqual([100])
  })

  test('does not put off an older one that was not answered', async () => {
    const { clock, heartbeat, silentAt, pingsAt } = setUp()
    heartbeat.probe()
    await clock.advance(15)
    heartbeat.probe()
    await clock.advance(1_000)
    expect(pingsAt).toEqual([0, 15])
    expect(silentAt).toEqual([20])
  })

  test('costs one more timer at most, however often it is asked for', async () => {
    const { clock, heartbeat } = setUp()
    for (let i = 0; i < 10; i++) {
      heartbeat.probe()
      expect(clock.pending).toBeLessThanOrEqual(2)
      if (i % 3 === 0) heartbeat.heard()
      await clock.advance(1)
    }
  })

  test('is put off by one interval at most when the wall clock was set back', async () => {
    const { clock, heartbeat, silentAt, setBackBy } = setUp()
    await clock.advance(10)
    heartbeat.probe()
    setBackBy(3_600_000)
    await clock.advance(20 + 20)
    expect(silentAt).toHaveLength(1)
  })
})

describe('a heartbeat of its own', () => {
  test('probes at exactly its interval while it is answered', async () => {
    const { clock, heartbeat, pingsAt, silentAt } = setUp({ heartbeatMs: 30 })
    for (let i = 0; i < 12; i++) {
      await clock.advance(10)
      heartbeat.heard()
    }
    expect(pingsAt).toEqual([30, 60, 90, 120])
    expect(silentAt).toEqual([])
    expect(clock.pending).toBeLessThanOrEqual(3)
  })

  test('tells of silence a probe timeout after the first that was not answered', async () => {
    const { clock, heartbeat, pingsAt, silentAt } = setUp({ heartbeatMs: 15 })
    await clock.advance(20)
    heartbeat.heard()
    await clock.advance(30)
    expect(pingsAt).toEqual([15, 30, 45])
    expect(silentAt).toEqual([50])
    heartbeat.stop()
    expect(clock.pending).toBe(0)
  })
})

describe('a watch that was stopped', () => {
  test('tells nothing and leaves no timer, also after it looked', async () => {
    const { clock, heartbeat, silentAt, pingsAt } = setUp({ heartbeatMs: 30 })
    await clock.advance(40)
    heartbeat.heard()
    await clock.advance(30)
    const pings = [...pingsAt]
    heartbeat.stop()
    heartbeat.stop()
    heartbeat.probe()
    expect(clock.pending).toBe(0)
    await clock.advance(1_000)
    expect(silentAt).toEqual([])
    expect(pingsAt).toEqual(pings)
  })

  test.each(['probe', 'heartbeat'])('while its %s was being sent leaves no timer', async (kind) => {
    const all = setUp({
      ping: () => all.heartbeat.stop(),
      heartbeatMs: kind === 'heartbeat' ? 30 : undefined,
    })
    if (kind === 'probe') all.heartbeat.probe()
    else await all.clock.advance(30)
    expect(all.clock.pending).toBe(0)
    await all.clock.advance(1_000)
    expect(all.silentAt).toEqual([])
  })
})

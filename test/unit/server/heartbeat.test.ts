import { describe, expect, test } from 'vitest'
import { Heartbeat } from '../../../src/server/heartbeat.ts'
import type { HubSettings } from '../../../src/server/options.ts'
import type { Session } from '../../../src/server/session.ts'
import { fakeSettings, readySession } from '../../support/fake-sessions.ts'

/** With these settings, the wheel of the heartbeat turns every so many milliseconds: a ping comes up to so much earlier. */
const tickMs = 3

/** A session with a heartbeat and `pingMs` of 1,000, `pongMs` of 300. The interval is 1,000 unless `random` says less. */
function setUp(options: Partial<HubSettings> = {}) {
  const { clock, settings } = fakeSettings({ pingMs: 1_000, pongMs: 300, random: () => 1, ...options })
  const { session, socket } = readySession(settings)
  start(session, settings)
  const hear = () => {
    session.heardAt = clock.now()
  }
  const tell = () => session.send(['live', 1])
  return { clock, session, socket, hear, tell, pings: () => socket.of('ping').length }
}

function start(session: Session, settings: HubSettings): void {
  const heartbeat = new Heartbeat(settings)
  session.onEnd = (ended) => heartbeat.stop(ended)
  heartbeat.start(session)
}

describe('a link', () => {
  test('that is silent both ways is pinged after the interval', async () => {
    const { clock, pings } = setUp()
    await clock.advance(999 - tickMs)
    expect(pings()).toBe(0)
    await clock.advance(1 + tickMs)
    expect(pings()).toBe(1)
  })

  test('on which the client alone speaks is pinged, so that the client hears something', async () => {
    const { clock, pings, hear } = setUp()
    for (let ms = 0; ms < 5_000; ms += 250) {
      hear()
      await clock.advance(250)
    }
    expect(pings()).toBe(5)
  })

  test('on which the hub alone speaks is pinged, and ended when the client does not answer', async () => {
    const { clock, pings, tell, socket } = setUp()
    for (let ms = 0; ms < 1_250; ms += 250) {
      tell()
      await clock.advance(250)
    }
    expect([pings(), socket.closes]).toEqual([1, []])
    tell()
    await clock.advance(50)
    expect(socket.closes).toEqual([{ code: 4001, reason: 'ping_timeout: no answer to a ping in 300 ms' }])
  })

  test('on which both speak is not pinged', async () => {
    const { clock, pings, hear, tell } = setUp()
    for (let ms = 0; ms < 5_000; ms += 900) {
      hear()
      tell()
      await clock.advance(900)
    }
    expect(pings()).toBe(0)
  })

  test('that falls silent is pinged within the interval, whenever its last word came', async () => {
    for (const last of [1, 500, 999, 1_700]) {
      const { clock, pings, hear, tell } = setUp()
      for (let ms = 0; ms < last; ms += 100) {
        await clock.advance(Math.min(100, last - ms))
        hear()
        tell()
      }
      await clock.advance(1_000)
      expect(pings()).toBe(1)
    }
  })

  test('stays as long as its client answers, and is asked again and again', async () => {
    const { clock, session, pings, hear, socket } = setUp()
    for (let ms = 0; ms < 20_000; ms += 10) {
      const before = pings()
      await clock.advance(10)
      if (pings() > before) hear()
    }
    expect(session.machine.state).toBe('ready')
    expect(pings()).toBeGreaterThanOrEqual(15)
    expect(socket.closes).toEqual([])
  })
})

test('a client that answers in the same millisecond has answered', async () => {
  const { clock, session, socket, hear } = setUp()
  socket.send = () => hear()
  await clock.advance(1_300)
  expect(session.machine.state).toBe('ready')
})

test('the interval is drawn for each session, between three quarters of pingMs and all of it', async () => {
  for (const [chance, interval] of [
    [0, 750],
    [0.5, 875],
    [1, 1_000],
  ] as const) {
    const { clock, pings } = setUp({ random: () => chance })
    await clock.advance(interval - 1 - tickMs)
    expect(pings()).toBe(0)
    await clock.advance(1 + tickMs)
    expect(pings()).toBe(1)
  }
})

test('a wall clock that is set back by an hour puts neither the ping nor the end off', async () => {
  const { clock: timers, settings } = fakeSettings({ pingMs: 1_000, pongMs: 300, random: () => 1 })
  let setBackMs = 0
  const clock = { now: () => timers.now() - setBackMs, after: timers.after }
  const { session, socket } = readySession({ ...settings, clock })
  start(session, { ...settings, clock })
  setBackMs = 3_600_000
  await timers.advance(1_000)
  expect(socket.of('ping')).toHaveLength(1)
  await timers.advance(300)
  expect(socket.closes).toMatchObject([{ code: 4001 }])
})

test('one timer waits for a session, and none after its end', async () => {
  const ends: ((all: ReturnType<typeof setUp>) => unknown)[] = [
    ({ session }) => session.close(4000, 'draining'),
    ({ session }) => session.lost(),
    ({ clock }) => clock.advance(5_000),
  ]
  for (const end of ends) {
    const all = setUp()
    await all.clock.advance(1_100)
    expect(all.clock.pending).toBe(1)
    await end(all)
    expect(all.clock.pending).toBe(0)
  }
})

test('a session that is cut off by its own ping leaves no timer', async () => {
  const { clock, session, socket } = setUp()
  socket.bufferedBytes = Number.POSITIVE_INFINITY
  await clock.advance(1_000)
  expect([session.machine.state, clock.pending]).toEqual(['closed', 0])
})

import { describe, expect, test } from 'vitest'
import { onlineOnTest } from '../../support/connection-on-test.ts'

describe('a bye with a window', () => {
  test.each([
    [0, 2_000],
    [0.25, 4_000],
    [0.5, 6_000],
    [0.999_999, 9_999],
  ])('is followed at its moment, where %d is drawn after %i ms, and not before', async (chance, momentMs) => {
    const { connection, sockets, clock, calls } = onlineOnTest({}, chance)
    sockets.last.receive('bye', 'draining', { afterMs: [2_000, 10_000] })
    expect(connection.status).toEqual({ state: 'connected', attempt: 0 })
    await clock.advance(momentMs - 1)
    expect(connection.isOnline).toBe(true)
    expect(sockets.all).toHaveLength(1)
    await clock.advance(1)
    expect(sockets.all).toHaveLength(2)
    expect(sockets.open).toEqual([sockets.last])
    expect(connection.status).toMatchObject({ state: 'connecting', attempt: 1, cause: { code: 'draining' } })
    sockets.last.welcome()
    expect(calls).toEqual(['online', 'offline', 'online'])
  })

  test('lets frames flow until then', async () => {
    const { connection, sockets, clock, frames } = onlineOnTest()
    sockets.last.receive('bye', 'draining', { afterMs: [2_000, 2_000] })
    await clock.advance(1_999)
    sockets.last.receive('live', 1)
    expect(frames).toEqual([['live', 1]])
    expect(connection.send(['ping'])).toBe(true)
  })

  test('has the code and the message of the hub as its cause', async () => {
    const { connection, sockets, clock } = onlineOnTest()
    sockets.last.receive('bye', 'overloaded', { message: 'too many of you', afterMs: [5, 5] })
    await clock.advance(5)
    expect(connection.status.cause).toMatchObject({ code: 'overloaded', message: 'too many of you' })
  })

  test('is kept when the hub closes sooner', async () => {
    const all = onlineOnTest()
    const { connection, sockets, clock } = all
    sockets.last.receive('bye', 'draining', { afterMs: [2_000, 10_000] })
    await clock.advance(1_000)
    sockets.last.listener.closed(1001, '')
    expect(connection.status).toMatchObject({
      state: 'connecting',
      attempt: 1,
      cause: { code: 'connection_lost' },
    })
    expect(all.delayMs).toBe(5_000)
    await clock.advance(4_999)
    expect(sockets.all).toHaveLength(1)
    await clock.advance(1)
    expect(sockets.all).toHaveLength(2)
    // It is kept once.
    all.drop()
    expect(all.delayMs).toBe(1_000)
  })

  test('is cut short when the app or the network wakes', async () => {
    const { connection, sockets, machine } = onlineOnTest()
    sockets.last.receive('bye', 'draining', { afterMs: [2_000, 10_000] })
    sockets.last.listener.closed(1001, '')
    machine.turn('online', true)
    expect(sockets.all).toHaveLength(2)
    expect(connection.status.nextAttemptAt).toBeUndefined()
  })

  test('leaves no timer when the app closes or disconnects before it', async () => {
    for (const end of ['close', 'disconnect'] as const) {
      const { connection, sockets, clock } = onlineOnTest()
      sockets.last.receive('bye', 'draining', { afterMs: [2_000, 10_000] })
      connection[end]()
      expect(clock.pending).toBe(0)
    }
  })

  test('is forgotten by an app that connects anew', async () => {
    const all = onlineOnTest()
    const { connection, sockets } = all
    sockets.last.receive('bye', 'draining', { afterMs: [60_000, 60_000] })
    connection.disconnect()
    connection.open()
    all.drop()
    expect(all.delayMs).toBe(1_500)
  })
})

describe('a bye without a window', () => {
  test('changes nothing until the hub closes, and nothing then', async () => {
    const all = onlineOnTest()
    const { connection, sockets, clock } = all
    const before = connection.status
    const timers = clock.pending
    sockets.last.receive('bye', 'draining', {})
    expect(clock.pending).toBe(timers)
    await clock.advance(20_000)
    expect(connection.status).toBe(before)
    sockets.last.listener.closed(1001, '')
    expect(all.delayMs).toBe(1_500)
  })
})

describe('of two byes', () => {
  test.each([
    ['later', 2_000, 9_000],
    ['sooner', 9_000, 2_000],
  ])('the last one counts when it is %s', async (_, first, last) => {
    const { connection, sockets, clock } = onlineOnTest()
    sockets.last.receive('bye', 'draining', { afterMs: [first, first] })
    sockets.last.receive('bye', 'draining', { afterMs: [last, last] })
    await clock.advance(last - 1)
    expect(connection.isOnline).toBe(true)
    expect(sockets.all).toHaveLength(1)
    await clock.advance(1)
    expect(sockets.all).toHaveLength(2)
  })

  test('and of many, one timer is left', () => {
    const { sockets, clock } = onlineOnTest()
    const timers = clock.pending
    for (let i = 0; i < 50; i++) sockets.last.receive('bye', 'draining', { afterMs: [i, 60_000] })
    expect(clock.pending).toBe(timers + 1)
  })
})

import { describe, expect, test } from 'vitest'
import { onlineOnTest } from '../../support/connection-on-test.ts'

describe('a ping of the hub', () => {
  test.each([
    ['with its number', 7],
    ['without a number', undefined],
  ])('is answered by a pong %s, and then by a ping of ours', (_, echo) => {
    const { sockets } = onlineOnTest()
    if (echo === undefined) sockets.last.receive('ping')
    else sockets.last.receive('ping', echo)
    const [, ...answers] = sockets.last.sent
    expect(answers).toEqual([echo === undefined ? ['pong'] : ['pong', echo], ['ping', expect.any(Number)]])
  })

  test('and our own after it do not shorten how long silence may last', async () => {
    const { connection, sockets, clock } = onlineOnTest()
    await clock.advance(20_000)
    sockets.last.receive('ping')
    await clock.advance(34_999)
    expect(connection.isOnline).toBe(true)
    await clock.advance(1)
    expect(connection.status).toMatchObject({ attempt: 1, cause: { code: 'ping_timeout' } })
    expect(sockets.open).toEqual([])
  })
})

describe('the round trip', () => {
  test('is noted for the answer to our last ping, in milliseconds', async () => {
    const { sockets, clock, noted, sent } = onlineOnTest()
    sockets.last.receive('ping', 1)
    await clock.advance(123)
    sockets.last.receive('pong', sent('ping')[0]![1]!)
    await clock.advance(10_000)
    sockets.last.receive('ping', 2)
    await clock.advance(45)
    sockets.last.receive('pong', sent('ping')[1]![1]!)
    expect(noted('roundTrip').map(({ ms }) => ms)).toEqual([123, 45])
  })

  test('is not noted for an answer to an older ping, to none, or without a number', async () => {
    const { sockets, clock, noted, sent } = onlineOnTest()
    sockets.last.receive('ping', 1)
    await clock.advance(10)
    sockets.last.receive('ping', 2)
    await clock.advance(10)
    const [older, last] = sent('ping').map(([, echo]) => echo!)
    expect(last).not.toBe(older)
    sockets.last.receive('pong', older!)
    sockets.last.receive('pong', last! + 1)
    sockets.last.receive('pong')
    expect(noted('roundTrip')).toEqual([])
  })

  test.each([0, 1])('is not noted for a pong %i where no ping was sent', (echo) => {
    const { sockets, noted } = onlineOnTest()
    sockets.last.receive('pong', echo)
    expect(noted('roundTrip')).toEqual([])
  })

  test('is noted once for each ping, however often it is answered', async () => {
    const { sockets, clock, noted, sent } = onlineOnTest()
    sockets.last.receive('ping')
    const echo = sent('ping')[0]![1]!
    await clock.advance(10)
    sockets.last.receive('pong', echo)
    await clock.advance(10)
    sockets.last.receive('pong', echo)
    expect(noted('roundTrip').map(({ ms }) => ms)).toEqual([10])
  })

  test('is not noted for an answer to a ping of the connection before', async () => {
    const { connection, sockets, clock, noted, sent, drop } = onlineOnTest()
    sockets.last.receive('ping')
    const echo = sent('ping')[0]![1]!
    drop()
    connection.open()
    sockets.last.welcome()
    await clock.advance(10)
    sockets.last.receive('pong', echo)
    expect(noted('roundTrip')).toEqual([])
  })
})

describe('a heartbeat of our own', () => {
  /** When, since the start, each ping was sent, over `totalMs` in which the hub answers each after `answerMs`. */
  async function pingsAt(heartbeatMs: number | undefined, totalMs: number) {
    const all = onlineOnTest({ heartbeatMs })
    const startedAt = all.clock.now()
    const at: number[] = []
    for (let ms = 0; ms < totalMs; ms += 100) {
      await all.clock.advance(100)
      const pings = all.sent('ping')
      if (pings.length === at.length) continue
      at.push(all.clock.now() - startedAt)
      all.sockets.last.receive('pong', pings.at(-1)![1]!)
    }
    return { at, ...all }
  }

  test('pings at exactly its interval while all is answered', async () => {
    const { at, connection } = await pingsAt(30_000, 125_000)
    expect(at).toEqual([30_000, 60_000, 90_000, 120_000])
    expect(connection.status).toEqual({ state: 'connected', attempt: 0 })
  })

  test('is not there where it was not asked for', async () => {
    for (const heartbeatMs of [undefined, 0]) {
      const { at } = await pingsAt(heartbeatMs, 30_000)
      expect(at).toEqual([])
    }
  })

  test('takes the link for dead once a ping was not answered within the probe timeout', async () => {
    const { connection, clock, sockets, sent } = onlineOnTest({ heartbeatMs: 3_000, probeTimeoutMs: 4_000 })
    await clock.advance(2_999)
    expect(sent('ping')).toHaveLength(0)
    await clock.advance(1)
    expect(sent('ping')).toHaveLength(1)
    // The next ping, at 6 s, gives no new lease.
    await clock.advance(3_999)
    expect(connection.isOnline).toBe(true)
    expect(sent('ping')).toHaveLength(2)
    await clock.advance(1)
    expect(connection.status).toMatchObject({
      state: 'connecting',
      cause: { code: 'ping_timeout', message: 'Nothing heard for 7000 ms' },
    })
    expect(sockets.open).toEqual([])
    expect(clock.pending).toBe(1)
  })

  test('takes whatever is heard for an answer', async () => {
    const { connection, clock, sockets } = onlineOnTest({ heartbeatMs: 3_000, probeTimeoutMs: 4_000 })
    for (let i = 0; i < 10; i++) {
      await clock.advance(3_999)
      sockets.last.receive('live', 1)
    }
    expect(connection.isOnline).toBe(true)
  })

  test('ends with its connection and begins anew with the next', async () => {
    const { connection, clock, sockets, sent, drop } = onlineOnTest({ heartbeatMs: 3_000 })
    await clock.advance(2_000)
    drop()
    connection.open()
    sockets.last.welcome()
    await clock.advance(2_999)
    expect(sent('ping')).toEqual([])
    await clock.advance(1)
    expect(sent('ping')).toHaveLength(1)
    expect(sockets.all[0]!.sent).toHaveLength(1)
  })
})

import { describe, expect, test } from 'vitest'
import type { ConnectionSettings } from '../../../src/client/connection-settings.ts'
import { backoffDefaults } from '../../../src/shared/backoff.ts'
import { type ConnectionOnTest, connectionOnTest, onlineOnTest } from '../../support/connection-on-test.ts'

/** Lets the present attempt fail, and the next one begin. Gives how long the connection waited in between. */
async function failOnce(all: ConnectionOnTest): Promise<number> {
  all.drop()
  const delayMs = all.delayMs!
  await all.clock.advance(delayMs)
  return delayMs
}

/** The delays before the first `count` attempts that follow one that fails at once. */
async function delaysOf(options: Partial<ConnectionSettings>, count: number, chance = 0.5) {
  const all = connectionOnTest({ breaker: false, ...options }, chance)
  all.connection.open()
  const delays: number[] = []
  for (let i = 0; i < count; i++) delays.push(await failOnce(all))
  return delays
}

describe('coming back', () => {
  test('waits a uniform time of up to 3 s after a drop, and says when it is over', async () => {
    for (const chance of [0, 0.25, 0.999]) {
      const { connection, sockets, clock, calls, drop } = onlineOnTest({}, chance)
      const droppedAt = clock.now()
      drop()
      const delayMs = Math.floor(3_000 * chance)
      expect(connection.status).toMatchObject({
        state: 'connecting',
        attempt: 1,
        nextAttemptAt: droppedAt + delayMs,
      })
      expect(calls).toEqual(['online', 'offline'])
      if (delayMs > 0) await clock.advance(delayMs - 1)
      expect(sockets.all).toHaveLength(1)
      await clock.advance(1)
      expect(sockets.all).toHaveLength(2)
      expect(connection.status.nextAttemptAt).toBeUndefined()
    }
  })

  test('doubles the bound at each attempt up to 20 s', async () => {
    expect(await delaysOf({}, 7, 0.999_999)).toEqual([2_999, 1_999, 3_999, 7_999, 15_999, 19_999, 19_999])
  })

  test('starts over only once a connection has held for 10 s', async () => {
    const { connection, sockets, clock, drop } = onlineOnTest()
    drop()
    await clock.advance(3_000)
    sockets.last.welcome()
    await clock.advance(9_999)
    expect(connection.status).toMatchObject({ state: 'connected', attempt: 1 })
    drop()
    expect(connection.status.attempt).toBe(2)
    await clock.advance(3_000)
    sockets.last.welcome()
    await clock.advance(10_000)
    expect(connection.status).toEqual({ state: 'connected', attempt: 0 })
  })

  test('connects at once when the app asks for it while it waits, and then does not wait further', async () => {
    const { connection, sockets, clock, drop } = onlineOnTest()
    drop()
    connection.open()
    expect(sockets.all).toHaveLength(2)
    sockets.last.welcome()
    await clock.advance(3_000)
    expect(sockets.all).toHaveLength(2)
  })

  test('is not hurried by a listener that needs it', () => {
    const { connection, sockets, drop } = onlineOnTest()
    drop()
    connection.need()
    expect(sockets.all).toHaveLength(1)
  })

  test.each([4500, 4501, 4503, 4506, 4999, 1009])(
    'stays away after a close with %i until the app asks',
    (code) => {
      const { connection, sockets, failures, clock } = onlineOnTest()
      sockets.last.listener.closed(code, 'forbidden: not you')
      expect(connection.status.state).toBe('error')
      expect(failures).toHaveLength(1)
      expect(clock.pending).toBe(0)
      connection.open()
      expect(connection.status).toMatchObject({ state: 'connecting', attempt: 0 })
      expect(sockets.all).toHaveLength(2)
    },
  )

  test.each([1000, 1001, 1005, 1006, 1011, 1012, 4000, 4001, 4100, 4499])(
    'comes back after a close with %i',
    (code) => {
      const { connection, sockets, failures } = onlineOnTest()
      sockets.last.listener.closed(code, '')
      expect(connection.status).toMatchObject({ state: 'connecting', attempt: 1 })
      expect(failures).toEqual([])
    },
  )
})

describe('the delays of the app', () => {
  test.each([0, 0.5, 0.999])(
    'are a list held exactly, its last one for good, when %d is drawn',
    async (chance) => {
      const backoff = { maxAttempts: Number.POSITIVE_INFINITY, delaysMs: [2_000, 4_000, 8_000, 10_000] }
      expect(await delaysOf({ backoff }, 6, chance)).toEqual([2_000, 4_000, 8_000, 10_000, 10_000, 10_000])
    },
  )

  test('are a function of the attempt and the random source', async () => {
    const delaysMs = (attempt: number, random: () => number) => attempt * 1_000 + random() * 100
    const backoff = { maxAttempts: Number.POSITIVE_INFINITY, delaysMs }
    expect(await delaysOf({ backoff }, 4, 0.25)).toEqual([1_025, 2_025, 3_025, 4_025])
  })

  test('have no jitter where it is 0, and half of it where it is 0.5', async () => {
    const maxAttempts = Number.POSITIVE_INFINITY
    expect(await delaysOf({ backoff: { jitter: 0, maxAttempts } }, 4, 0.1)).toEqual([
      3_000, 2_000, 4_000, 8_000,
    ])
    expect(await delaysOf({ backoff: { jitter: 0.5, maxAttempts } }, 4, 0)).toEqual([
      1_500, 1_000, 2_000, 4_000,
    ])
  })
})

describe('the number of attempts', () => {
  const backoff = { delaysMs: [1_000], maxAttempts: 3 }

  test('ends in an error with the last cause, told once, and without a timer', async () => {
    const all = onlineOnTest({ backoff })
    const { connection, clock, sockets, failures, machine } = all
    for (let i = 0; i < 3; i++) await failOnce(all)
    expect(connection.status).toMatchObject({ state: 'connecting', attempt: 3 })
    sockets.last.listener.closed(1006, 'the last straw')
    expect(connection.status).toMatchObject({
      state: 'error',
      attempt: 3,
      nextAttemptAt: undefined,
      cause: { code: 'connect_failed', message: expect.stringContaining('the last straw') },
    })
    expect(failures).toEqual([[connection.status.cause, 'connect']])
    expect([clock.pending, sockets.open.length]).toEqual([0, 0])
    machine.turn('online', true)
    await clock.advance(3_600_000)
    expect(sockets.all).toHaveLength(4)
  })

  test('starts over when the app connects again', async () => {
    const all = onlineOnTest({ backoff })
    const { connection, sockets } = all
    for (let i = 0; i < 3; i++) await failOnce(all)
    all.drop()
    connection.open()
    expect(connection.status).toMatchObject({ state: 'connecting', attempt: 0 })
    for (let i = 0; i < 3; i++) await failOnce(all)
    expect(connection.status).toMatchObject({ state: 'connecting', attempt: 3 })
    expect(sockets.all).toHaveLength(8)
    all.drop()
    expect(connection.status.state).toBe('error')
  })

  test('starts over after a connection that held', async () => {
    const all = onlineOnTest({ backoff })
    for (let i = 0; i < 3; i++) await failOnce(all)
    all.sockets.last.welcome()
    await all.clock.advance(10_000)
    for (let i = 0; i < 3; i++) await failOnce(all)
    expect(all.connection.status).toMatchObject({ state: 'connecting', attempt: 3 })
  })

  test('of 0 makes the first failure the last', () => {
    const all = connectionOnTest({ backoff: { maxAttempts: 0 } })
    all.connection.open()
    all.drop()
    expect(all.connection.status).toMatchObject({
      state: 'error',
      attempt: 0,
      cause: { code: 'connect_failed' },
    })
  })

  test('is not bounded by default', async () => {
    expect(await delaysOf({}, 200, 0)).toHaveLength(200)
  })
})

describe('the circuit breaker', () => {
  /** One that has failed six times. */
  async function tripped(options: Partial<ConnectionSettings> = {}) {
    const all = connectionOnTest(options)
    all.connection.open()
    for (let i = 0; i < 5; i++) await failOnce(all)
    expect(all.sockets.all).toHaveLength(6)
    all.drop()
    return all
  }

  test('pauses for 30 s after six failures in a row', async () => {
    const all = await tripped()
    const { connection, clock, sockets } = all
    expect(all.delayMs).toBe(30_000)
    expect(connection.status).toMatchObject({
      state: 'connecting',
      attempt: 6,
      cause: { code: 'connect_failed' },
    })
    await clock.advance(29_999)
    expect(sockets.all).toHaveLength(6)
    await clock.advance(1)
    expect(sockets.all).toHaveLength(7)
  })

  test('pauses again after a probe that fails, each time', async () => {
    const all = await tripped()
    for (let i = 0; i < 3; i++) {
      await all.clock.advance(30_000)
      all.drop()
      expect(all.delayMs).toBe(30_000)
    }
  })

  test('is closed by a probe that succeeds and holds', async () => {
    const all = await tripped()
    await all.clock.advance(30_000)
    all.sockets.last.welcome()
    await all.clock.advance(10_000)
    expect(all.connection.status).toEqual({ state: 'connected', attempt: 0 })
    const delays: number[] = []
    for (let i = 0; i < 7; i++) delays.push(await failOnce(all))
    // The drop of what held is no failure, so that six attempts follow it.
    expect(delays).toEqual([1_500, 1_000, 2_000, 4_000, 8_000, 10_000, 30_000])
  })

  test('is not closed by a probe that succeeds and does not hold', async () => {
    const all = await tripped()
    await all.clock.advance(30_000)
    all.sockets.last.welcome()
    await all.clock.advance(9_999)
    expect(all.connection.isOnline).toBe(true)
    all.drop()
    expect(all.delayMs).toBe(30_000)
  })

  test('counts a connection that is up for less than it takes to be stable', async () => {
    const all = onlineOnTest()
    const delays: number[] = []
    for (let i = 0; i < 7; i++) {
      delays.push(await failOnce(all))
      all.sockets.last.welcome()
      await all.clock.advance(9_000)
    }
    expect(delays.at(-2)).toBeLessThan(30_000)
    expect(delays.at(-1)).toBe(30_000)
  })

  test('does not count the drop of a stable connection', async () => {
    const all = onlineOnTest()
    for (let i = 0; i < 20; i++) {
      await all.clock.advance(10_000)
      expect(await failOnce(all)).toBe(1_500)
      all.sockets.last.welcome()
    }
  })

  test('counts whatever ends an attempt: the token, the connect timeout, the hub', async () => {
    let fails = true
    const auth = async () => {
      if (fails) throw new Error('no session')
      return 'token'
    }
    const all = connectionOnTest({ auth, backoff: { delaysMs: [1_000], maxAttempts: 100 } })
    const { connection, clock, sockets } = all
    connection.open()
    await clock.settle()
    await clock.advance(1_000)
    fails = false
    await clock.advance(1_000)
    await clock.advance(10_000)
    await clock.advance(1_000)
    sockets.last.listener.opened('syncline.1')
    sockets.last.listener.closed(4005, 'overloaded: later')
    await clock.advance(1_000)
    all.drop()
    expect(connection.status.attempt).toBe(5)
    expect(all.delayMs).toBe(1_000)
    await clock.advance(1_000)
    all.drop()
    expect(all.delayMs).toBe(30_000)
  })

  test.each(['online', 'visible'] as const)('makes its probe at once when %s turns on', async (name) => {
    const all = await tripped()
    all.machine.turn(name, true)
    expect(all.sockets.all).toHaveLength(7)
    expect(all.connection.status).toMatchObject({ state: 'connecting', attempt: 6, nextAttemptAt: undefined })
    all.drop()
    expect(all.delayMs).toBe(30_000)
  })

  test('makes its probe at once when the app connects', async () => {
    const all = await tripped()
    all.connection.open()
    expect(all.sockets.all).toHaveLength(7)
    await all.clock.advance(1_000)
    expect(all.clock.pending).toBe(1)
  })

  test('can be set, and after one failure', async () => {
    const all = connectionOnTest({ breaker: { failures: 1, pauseMs: 5 } })
    all.connection.open()
    all.drop()
    expect(all.delayMs).toBe(5)
  })

  test('can be left out', async () => {
    const delays = await delaysOf({ breaker: false }, 12)
    expect(Math.max(...delays)).toBe(10_000)
  })

  test('is not tripped by what failed before the app disconnected', async () => {
    const all = connectionOnTest()
    all.connection.open()
    for (let i = 0; i < 4; i++) await failOnce(all)
    all.connection.disconnect()
    all.connection.open()
    for (let i = 0; i < 5; i++) expect(await failOnce(all)).toBeLessThan(30_000)
    all.drop()
    expect(all.delayMs).toBe(30_000)
  })
})

test('a delay of the app that throws is reported, and the client comes back after the longest delay of the formula', async () => {
  const all = onlineOnTest({
    backoff: {
      ...backoffDefaults,
      delaysMs: () => {
        throw new Error('no delay')
      },
    },
  })
  all.drop()
  expect(all.failures).toMatchObject([[{ code: 'listener_failed' }, 'connect']])
  expect(all.delayMs).toBe(20_000)
  await all.clock.advance(20_000)
  expect(all.sockets.all).toHaveLength(2)
})

test('a hub that asks for a return counts against no limit of attempts', async () => {
  const all = onlineOnTest({ backoff: { ...backoffDefaults, maxAttempts: 1 } })
  all.drop()
  await all.clock.advance(3_000)
  all.sockets.last.welcome()
  all.sockets.last.receive('bye', 'draining', { afterMs: [1_000, 1_000] })
  await all.clock.advance(1_000)
  expect(all.connection.status).toMatchObject({ state: 'connecting', cause: { code: 'draining' } })
})

import { describe, expect, test } from 'vitest'
import type { ConnectionSettings } from '../../../src/client/connection-settings.ts'
import { authOnTest, connectionOnTest } from '../../support/connection-on-test.ts'

/** A connection that asks the test for its tokens, and has asked for the first one. */
function setUp(options: Partial<ConnectionSettings> = {}) {
  const token = authOnTest()
  const all = connectionOnTest({ auth: token.auth, ...options })
  all.connection.open()
  return {
    ...all,
    token,
    delay: () => all.delayMs!,
    give: async (text = 'token') => {
      token.last.give(text)
      await all.clock.settle()
    },
    refuse: async (error: unknown = new Error('no session')) => {
      token.last.refuse(error)
      await all.clock.settle()
    },
    /** The hub refuses the token of the newest connection, after its hello. */
    unauthorized: () => {
      all.sockets.last.listener.opened('syncline.1')
      all.sockets.last.listener.closed(4500, 'unauthorized: unknown token')
    },
  }
}

describe('a token', () => {
  test('is asked for anew at each attempt and sent with hello', async () => {
    const { sockets, clock, token, give, drop } = setUp()
    expect(sockets.all).toEqual([])
    await give('token 1')
    sockets.last.listener.opened('syncline.1')
    expect(sockets.last.sent).toMatchObject([['hello', { token: 'token 1' }]])
    drop()
    await clock.advance(1_500)
    expect(token.asked).toHaveLength(2)
    await give('token 2')
    sockets.last.listener.opened('syncline.1')
    expect(sockets.last.sent).toMatchObject([['hello', { token: 'token 2' }]])
  })

  test('may be given at once, without a promise', async () => {
    const { sockets, clock, connection } = connectionOnTest({ auth: () => 'here' })
    connection.open()
    await clock.settle()
    sockets.last.listener.opened('syncline.1')
    expect(sockets.last.sent).toMatchObject([['hello', { token: 'here' }]])
  })

  test('is asked for with a signal that is not aborted, and as not refused', () => {
    const { token } = setUp()
    expect(token.last.refused).toBe(false)
    expect(token.last.signal).toBeInstanceOf(AbortSignal)
    expect(token.last.signal.aborted).toBe(false)
  })

  test('that cannot be had, by rejection or by throwing, is reported, waited for and asked for again', async () => {
    const failing = [
      () => Promise.reject(new Error('no session')),
      () => {
        throw new Error('no session')
      },
    ]
    for (const auth of failing) {
      let asked = 0
      const { connection, clock, sockets, failures } = connectionOnTest({
        auth: () => {
          asked++
          return auth()
        },
      })
      connection.open()
      await clock.settle()
      expect(failures).toMatchObject([[{ code: 'auth_failed', message: 'no session' }, 'connect']])
      expect(connection.status).toMatchObject({
        state: 'connecting',
        attempt: 1,
        cause: { code: 'auth_failed' },
      })
      expect(sockets.all).toEqual([])
      await clock.advance(1_500)
      expect(asked).toBe(2)
      connection.close()
    }
  })
})

describe('the signal of a question for a token', () => {
  test('is aborted when the attempt times out, and the answer is ignored then', async () => {
    const { connection, clock, sockets, token } = setUp()
    const { signal, give } = token.last
    await clock.advance(9_999)
    expect(signal.aborted).toBe(false)
    await clock.advance(1)
    expect(signal.aborted).toBe(true)
    expect(connection.status.cause?.code).toBe('connect_timeout')
    give('too late')
    await clock.settle()
    expect(sockets.all).toEqual([])
    expect(token.asked).toHaveLength(1)
  })

  test.each(['disconnect', 'close'] as const)(
    'is aborted by %s, and the answer is ignored then',
    async (end) => {
      for (const answer of ['give', 'refuse'] as const) {
        const { connection, clock, sockets, token, failures, statuses } = setUp()
        const asked = token.last
        connection[end]()
        expect(asked.signal.aborted).toBe(true)
        const told = statuses.length
        asked[answer](answer === 'give' ? 'too late' : (new Error('too late') as never))
        await clock.settle()
        expect(sockets.all).toEqual([])
        expect([failures, statuses.length, clock.pending]).toEqual([[], told, 0])
      }
    },
  )

  test('is aborted when the page falls asleep', () => {
    const { machine, token } = setUp()
    machine.turn('frozen', true)
    expect(token.last.signal.aborted).toBe(true)
  })

  test('is aborted when the connection that it was for is over, and not while that is up', async () => {
    const { sockets, clock, token, give, drop } = setUp()
    await give()
    sockets.last.welcome()
    await clock.advance(20_000)
    expect(token.last.signal.aborted).toBe(false)
    drop()
    expect(token.last.signal.aborted).toBe(true)
  })

  test('leaves a rejection that follows its abort without any trace', async () => {
    const { connection, clock, failures } = connectionOnTest({
      auth: ({ signal }) =>
        new Promise((_, refuse) => signal.addEventListener('abort', () => refuse(signal.reason))),
    })
    connection.open()
    connection.disconnect()
    await clock.settle()
    expect(failures).toEqual([])
    expect(connection.status).toEqual({ state: 'disconnected', attempt: 0 })
  })

  test('belongs to one question: a late answer to it does not answer the next', async () => {
    const { connection, clock, sockets, token } = setUp()
    const first = token.last
    connection.disconnect()
    connection.open()
    expect(token.asked).toHaveLength(2)
    first.give('of the first')
    await clock.settle()
    expect(sockets.all).toEqual([])
    token.last.give('of the second')
    await clock.settle()
    sockets.last.listener.opened('syncline.1')
    expect(sockets.last.sent).toMatchObject([['hello', { token: 'of the second' }]])
  })
})

describe('a refused token', () => {
  test('is asked for once more, as refused, after the usual delay', async () => {
    const { connection, clock, token, give, unauthorized, failures } = setUp()
    await give('from the cache')
    unauthorized()
    expect(connection.status).toMatchObject({
      state: 'connecting',
      attempt: 1,
      cause: { code: 'unauthorized' },
    })
    expect(failures).toEqual([])
    await clock.advance(1_499)
    expect(token.asked).toHaveLength(1)
    await clock.advance(1)
    expect(token.asked.map(({ refused }) => refused)).toEqual([false, true])
  })

  test('is an error when the fresh one is refused, too', async () => {
    const { connection, clock, sockets, give, unauthorized, failures } = setUp()
    await give()
    unauthorized()
    await clock.advance(1_500)
    await give()
    unauthorized()
    expect(connection.status).toMatchObject({ state: 'error', cause: { code: 'unauthorized' } })
    expect(failures).toMatchObject([[{ code: 'unauthorized' }, 'connect']])
    expect([clock.pending, sockets.open.length]).toEqual([0, 0])
  })

  test('is asked for as refused until one is accepted, whatever else fails in between', async () => {
    const { connection, clock, token, give, refuse, unauthorized } = setUp()
    await give()
    unauthorized()
    await clock.advance(1_500)
    await refuse()
    await clock.advance(1_000)
    expect(token.last.refused).toBe(true)
    await give()
    unauthorized()
    expect(connection.status.state).toBe('error')
  })

  test('may be refused again after one was accepted', async () => {
    const { connection, clock, sockets, token, give, unauthorized } = setUp()
    await give()
    unauthorized()
    await clock.advance(1_500)
    await give()
    sockets.last.welcome()
    expect(connection.status.cause).toBeUndefined()
    sockets.last.listener.closed(4500, 'unauthorized: signed out')
    expect(connection.status).toMatchObject({ state: 'connecting', attempt: 2 })
    await clock.advance(1_000)
    expect(token.asked.map(({ refused }) => refused)).toEqual([false, true, true])
  })

  test('is not remembered over a disconnect, nor after the app has started over', async () => {
    const { connection, clock, token, give, unauthorized } = setUp()
    await give()
    unauthorized()
    connection.disconnect()
    connection.open()
    expect(token.last.refused).toBe(false)
    await give()
    unauthorized()
    await clock.advance(1_500)
    await give()
    unauthorized()
    expect(connection.status.state).toBe('error')
    connection.open()
    expect(token.asked).toHaveLength(4)
    expect(token.last.refused).toBe(false)
  })

  test('that has only expired is asked for as refused as well, and tried for as long as it takes', async () => {
    const { connection, clock, sockets, token, give, delay } = setUp()
    for (let i = 0; i < 4; i++) {
      await give()
      sockets.last.listener.opened('syncline.1')
      sockets.last.listener.closed(4004, 'token_expired: at noon')
      expect(connection.status).toMatchObject({ state: 'connecting', cause: { code: 'token_expired' } })
      await clock.advance(delay())
    }
    expect(token.asked.map(({ refused }) => refused)).toEqual([false, true, true, true, true])
    await give()
    sockets.last.welcome()
    sockets.last.listener.closed(1006, '')
    await clock.advance(delay())
    expect(token.last.refused).toBe(false)
  })

  test('is an error at once where nobody gives tokens', () => {
    const { connection, sockets } = connectionOnTest()
    connection.open()
    sockets.last.listener.opened('syncline.1')
    sockets.last.listener.closed(4500, 'unauthorized: no token')
    expect(connection.status).toMatchObject({ state: 'error', cause: { code: 'unauthorized' } })
  })

  test.each([
    [4503, 'forbidden: not you', 'forbidden'],
    [4500, 'other: why', 'other'],
  ])('is not what %i "%s" means: that is an error at once', async (code, reason, name) => {
    const { connection, sockets, token, give } = setUp()
    await give()
    sockets.last.welcome()
    sockets.last.listener.closed(code, reason)
    expect(connection.status).toMatchObject({ state: 'error', cause: { code: name } })
    expect(token.asked).toHaveLength(1)
  })
})

import { describe, expect, test } from 'vitest'
import type { ConnectionSettings } from '../../../src/client/connection-settings.ts'
import {
  authOnTest,
  type ConnectionOnTest,
  connectionOnTest,
  onlineOnTest,
} from '../../support/connection-on-test.ts'

/** What an app may do from inside of whatever it is told. */
const ends = ['close', 'disconnect'] as const

/** Moments at which an app is told something: how they come about, and what it is called there. */
const moments: [how: string, what: string, come: (all: ConnectionOnTest) => unknown][] = [
  [
    'an attempt begins',
    'attempt',
    ({ connection, drop }) => {
      drop()
      connection.open()
    },
  ],
  ['the status changes', 'changed', ({ drop }) => drop()],
  ['it goes offline', 'offline', ({ drop }) => drop()],
  ['the connection is lost', 'lost', ({ drop }) => drop()],
  ['a frame is handed on', 'received', ({ sockets }) => sockets.last.receive('live', 1)],
  ['something unreadable arrives', 'failed', ({ sockets }) => sockets.last.listener.received('{')],
  [
    'the hub closes for good',
    'failed',
    ({ sockets }) => sockets.last.listener.closed(4503, 'forbidden: not you'),
  ],
  ['a ping arrives', 'in', ({ sockets }) => sockets.last.receive('ping', 7)],
  ['a ping is answered', 'out', ({ sockets }) => sockets.last.receive('ping', 7)],
  ['a signal makes it ping', 'out', ({ machine }) => machine.turn('online', true)],
  ['its heartbeat makes it ping', 'out', ({ clock }) => clock.advance(3_000)],
  ['it sends', 'out', ({ connection }) => connection.send(['ping'])],
  [
    'a ping was answered',
    'roundTrip',
    ({ sockets, sent }) => {
      sockets.last.receive('ping')
      sockets.last.receive('pong', sent('ping')[0]![1]!)
    },
  ],
]

describe.each(ends)('an app that calls %s', (end) => {
  test.each(moments)('when %s finds nothing left', async (_, what, come) => {
    const all = onlineOnTest({ heartbeatMs: 3_000 })
    const { connection, sockets, clock, machine } = all
    let times = 0
    all.onTold((told) => {
      if (told === what && times++ === 0) connection[end]()
    })
    await come(all)
    expect(times).toBeGreaterThan(0)
    expect(connection.status).toEqual({ state: 'disconnected', attempt: 0 })
    expect([sockets.open.length, clock.pending, machine.followers]).toEqual([0, 0, 0])
    const { length } = sockets.all
    await clock.advance(3_600_000)
    expect(sockets.all).toHaveLength(length)
  })

  test.each(['online', 'changed', 'out', 'in'])(
    'at "%s" while it goes online finds nothing left',
    async (what) => {
      const all = connectionOnTest()
      all.connection.open()
      all.onTold((told) => told === what && all.connection[end]())
      all.sockets.last.welcome()
      expect(all.connection.status).toEqual({ state: 'disconnected', attempt: 0 })
      expect([all.sockets.open.length, all.clock.pending, all.machine.followers]).toEqual([0, 0, 0])
    },
  )
})

describe('an app that disconnects when it hears of a failure', () => {
  const failing: [
    what: string,
    options: Partial<ConnectionSettings>,
    fail: (all: ConnectionOnTest) => void,
  ][] = [
    ['a token that cannot be had', { auth: () => Promise.reject(new Error('no session')) }, () => {}],
    [
      'something unreadable',
      {},
      ({ sockets }) => {
        sockets.last.welcome()
        sockets.last.listener.received('{')
      },
    ],
  ]

  test.each(failing)('finds %s forgotten when it connects again', async (_, options, fail) => {
    const all = connectionOnTest(options)
    const { connection, clock } = all
    all.onTold((what) => what === 'failed' && connection.disconnect())
    connection.open()
    fail(all)
    await clock.settle()
    expect(connection.status).toEqual({ state: 'disconnected', attempt: 0 })
    all.onTold(() => {})
    connection.open()
    expect(connection.status).toEqual({ state: 'connecting', attempt: 0 })
  })

  test.each(failing)('is not paused sooner for %s', async (_, options, fail) => {
    const all = connectionOnTest({ ...options, breaker: { failures: 2, pauseMs: 77_000 } })
    const { connection, clock } = all
    all.onTold((what) => what === 'failed' && connection.disconnect())
    connection.open()
    fail(all)
    await clock.settle()
    all.onTold(() => {})
    connection.open()
    if (options.auth) await clock.settle()
    else all.drop()
    expect(all.delayMs).toBe(1_500)
  })

  test.each(failing)(
    'and connects again, loses nothing of the new attempt to %s',
    async (_, options, fail) => {
      const all = connectionOnTest(options)
      const { connection, clock } = all
      let times = 0
      all.onTold((what) => {
        if (what !== 'failed' || times++ > 0) return
        connection.disconnect()
        connection.open()
      })
      connection.open()
      fail(all)
      // A rejection takes a few turns; the second attempt's own one would come after these.
      for (let i = 0; i < 10 && times === 0; i++) await Promise.resolve()
      expect(times).toBe(1)
      expect(connection.status).toEqual({ state: 'connecting', attempt: 0 })
      expect(all.noted('lost')).toEqual([])
      connection.close()
      await clock.settle()
    },
  )
})

test.each(moments)(
  'an app that connects anew when %s has the new connection alone',
  async (_, what, come) => {
    const all = onlineOnTest({ heartbeatMs: 3_000 })
    const { connection, sockets, clock } = all
    let times = 0
    all.onTold((told) => {
      if (told !== what || times++ > 0) return
      connection.disconnect()
      connection.open()
    })
    await come(all)
    expect(times).toBeGreaterThan(0)
    expect(sockets.open).toEqual([sockets.last])
    expect(connection.status).toEqual({ state: 'connecting', attempt: 0 })
    expect(clock.pending).toBe(1)
    // Nothing goes out on a socket that is not open yet.
    expect(sockets.last.sent).toEqual([])
    sockets.last.welcome()
    await clock.advance(6_999)
    expect(connection.status).toEqual({ state: 'connected', attempt: 0 })
  },
)

test('an app that connects anew when it hears that it is connecting asks for one token', async () => {
  const token = authOnTest()
  const all = connectionOnTest({ auth: token.auth })
  const { connection, sockets, clock } = all
  let times = 0
  all.onTold((told) => {
    if (told !== 'changed' || times++ > 0) return
    connection.disconnect()
    connection.open()
  })
  connection.open()
  expect(token.asked.filter(({ signal }) => !signal.aborted)).toHaveLength(1)
  expect(clock.pending).toBe(1)
  token.last.give('token')
  await clock.settle()
  expect(sockets.all).toHaveLength(1)
})

test.each(ends)('an app that calls %s when an attempt begins is not asked for a token', (end) => {
  const token = authOnTest()
  const { connection, clock, onTold } = connectionOnTest({ auth: token.auth })
  onTold((what) => what === 'attempt' && connection[end]())
  connection.open()
  expect(token.asked).toEqual([])
  expect(clock.pending).toBe(0)
})

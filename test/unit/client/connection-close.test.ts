import { describe, expect, test } from 'vitest'
import type { LinkState } from '../../../src/client/connection-states.ts'
import { authOnTest, connectionOnTest, onlineOnTest } from '../../support/connection-on-test.ts'

const setUp = () => {
  const token = authOnTest()
  return { ...connectionOnTest({ auth: token.auth, heartbeatMs: 3_000 }), token }
}
type All = ReturnType<typeof setUp>

const give = async ({ token, clock }: All) => {
  token.last.give('token')
  await clock.settle()
}
const start = async (all: All) => {
  all.connection.open()
  await give(all)
}

/** Each state of a connection, in the fullest shape that it can have. */
const stages: Record<LinkState, (all: All) => unknown> = {
  idle: () => {},
  off: ({ connection }) => connection.disconnect(),
  authorizing: ({ connection }) => connection.open(),
  connecting: start,
  greeting: async (all) => {
    await start(all)
    all.sockets.last.listener.opened('syncline.1')
  },
  online: async (all) => {
    await start(all)
    all.drop()
    all.connection.open()
    await give(all)
    all.sockets.last.welcome()
    all.machine.turn('online', true)
    all.sockets.last.receive('bye', 'draining', { afterMs: [1_000, 2_000] })
    // The watch for silence, the heartbeat, the connect timeout, the time to be stable, and the moment to leave.
    expect(all.clock.pending).toBeGreaterThanOrEqual(5)
  },
  waiting: async (all) => {
    await start(all)
    all.drop()
  },
  paused: async (all) => {
    await start(all)
    for (let i = 0; i < 5; i++) {
      all.drop()
      all.connection.open()
      await give(all)
    }
    all.drop()
    expect(all.connection.status.nextAttemptAt).toBe(all.clock.now() + 30_000)
  },
  frozen: async (all) => {
    await start(all)
    all.machine.turn('frozen', true)
  },
  failed: async (all) => {
    await start(all)
    all.sockets.last.listener.closed(4503, 'forbidden: not you')
  },
  closed: ({ connection }) => connection.close(),
}

const states = Object.entries(stages)

describe.each(['close', 'disconnect'] as const)('%s', (end) => {
  test.each(states)(
    'leaves no timer, no socket, no listener and no question while it is %s',
    async (_, stage) => {
      const all = setUp()
      await stage(all)
      const { connection, sockets, clock, machine, token } = all
      connection[end]()
      expect(connection.status).toEqual({ state: 'disconnected', attempt: 0 })
      expect([sockets.open.length, clock.pending, machine.followers]).toEqual([0, 0, 0])
      expect(token.asked.every(({ signal }) => signal.aborted)).toBe(true)
      const before = connection.status
      connection.need()
      await clock.advance(3_600_000)
      expect([sockets.open.length, clock.pending, machine.followers]).toEqual([0, 0, 0])
      expect(connection.status).toBe(before)
    },
  )

  test('tells of a connection that was up, once, and of nothing else', async () => {
    const { connection, calls, failures, noted } = onlineOnTest()
    connection[end]()
    connection[end]()
    expect(calls).toEqual(['online', 'offline'])
    expect([failures, noted('lost')]).toEqual([[], []])
  })
})

test.each(states)('a closed connection that was %s is not opened again', async (_, stage) => {
  const all = setUp()
  await stage(all)
  all.connection.close()
  const asked = all.token.asked.length
  all.connection.open()
  all.connection.need()
  all.connection.disconnect()
  all.connection.open()
  expect(all.connection.status).toEqual({ state: 'disconnected', attempt: 0 })
  expect(all.token.asked).toHaveLength(asked)
})

import { manualClock } from 'syncline/testing'
import { describe, expect, test } from 'vitest'
import {
  Connection,
  type ConnectionListener,
  type ConnectionSettings,
  type ConnectionStatus,
} from '../../../src/client/connection.ts'
import type { HubFrame } from '../../../src/protocol/frames.ts'
import type { SyncError } from '../../../src/shared/errors.ts'
import { fakeSockets } from '../../support/fake-sockets.ts'

/** A connection whose neighbours are all the test's. `chance` is what the random source gives. */
function setUp(options: Partial<ConnectionSettings> = {}, chance = 0.5) {
  const clock = manualClock()
  const sockets = fakeSockets()
  const frames: HubFrame[] = []
  const statuses: ConnectionStatus[] = []
  const failures: [SyncError, string][] = []
  const calls: string[] = []
  let reaction = () => {}
  const onFrame = (react: () => void) => {
    reaction = react
  }
  const listener: ConnectionListener = {
    online: () => calls.push('online'),
    offline: () => calls.push('offline'),
    received: (frame) => {
      frames.push(frame)
      reaction()
    },
    changed: (status) => statuses.push(status),
    failed: (error, stage) => failures.push([error, stage]),
  }
  const connection = new Connection(
    {
      url: () => 'ws://hub/sync',
      auth: undefined,
      hello: (token) => ['hello', { registry: [1, 'hash'], session: 's', ...(token && { token }) }],
      backoff: {},
      connectTimeoutMs: 10_000,
      stableAfterMs: 10_000,
      clock,
      random: () => chance,
      socket: sockets.factory,
      ...options,
    },
    listener,
  )
  return { clock, sockets, frames, statuses, failures, calls, connection, onFrame }
}

function online(options: Partial<ConnectionSettings> = {}) {
  const all = setUp(options)
  all.connection.open()
  all.sockets.last?.welcome()
  return all
}

describe('connecting', () => {
  test('asks for nothing before it is needed', () => {
    const { sockets, clock, connection } = setUp()
    expect(sockets.all).toEqual([])
    expect(clock.pending).toBe(0)
    expect(connection.status).toEqual({ state: 'disconnected', attempt: 0 })
  })

  test('says hello once the socket is open, and is connected with the welcome', () => {
    const { sockets, connection, calls } = setUp()
    connection.need()
    expect(connection.status.state).toBe('connecting')
    sockets.last.listener.opened('syncline.1')
    expect(sockets.last.sent).toEqual([['hello', { registry: [1, 'hash'], session: 's' }]])
    expect(connection.isOnline).toBe(false)
    sockets.last.welcome()
    expect(connection.status).toEqual({ state: 'connected', attempt: 0 })
    expect(calls).toEqual(['online'])
  })

  test('opens one socket however often it is needed and opened', () => {
    const { sockets, connection } = setUp()
    connection.need()
    connection.open()
    connection.need()
    expect(sockets.all).toHaveLength(1)
    sockets.last.welcome()
    connection.open()
    expect(sockets.all).toHaveLength(1)
  })

  test('asks for a fresh token at each attempt and sends it with hello', async () => {
    let asked = 0
    const { sockets, connection, clock } = setUp({ auth: async () => `token ${++asked}` })
    connection.open()
    expect(sockets.all).toEqual([])
    await clock.settle()
    sockets.last.listener.opened('syncline.1')
    expect(sockets.last.sent[0]).toMatchObject(['hello', { token: 'token 1' }])
    sockets.last.listener.closed(1006, '')
    await clock.advance(1_500)
    sockets.last.listener.opened('syncline.1')
    expect(sockets.last.sent[0]).toMatchObject(['hello', { token: 'token 2' }])
  })

  test('waits and tries again when the token cannot be had, by rejection or by throwing', async () => {
    for (const auth of [
      () => Promise.reject(new Error('no session')),
      () => {
        throw new Error('no session')
      },
    ]) {
      const { connection, clock, sockets, failures } = setUp({ auth })
      connection.open()
      await clock.settle()
      expect(failures).toMatchObject([[{ code: 'auth_failed' }, 'connect']])
      expect(connection.status).toMatchObject({
        state: 'connecting',
        attempt: 1,
        cause: { code: 'auth_failed' },
      })
      expect(sockets.all).toEqual([])
      connection.close()
    }
  })

  test('gives an attempt up after the connect timeout, whichever step hangs', async () => {
    const steps: ((sockets: ReturnType<typeof fakeSockets>) => void)[] = [
      () => {},
      (sockets) => sockets.last.listener.opened('syncline.1'),
    ]
    for (const step of steps) {
      const { connection, clock, sockets } = setUp()
      connection.open()
      step(sockets)
      await clock.advance(9_999)
      expect(connection.status.cause).toBeUndefined()
      await clock.advance(1)
      expect(connection.status).toMatchObject({ attempt: 1, cause: { code: 'connect_timeout' } })
      expect(sockets.open).toEqual([])
    }
    const { connection, clock } = setUp({ auth: () => new Promise(() => {}) })
    connection.open()
    await clock.advance(10_000)
    expect(connection.status.cause?.code).toBe('connect_timeout')
  })

  test('ignores a token that comes after its attempt was given up', async () => {
    let give = (_: string) => {}
    const auth = () => new Promise<string>((resolve) => (give = resolve))
    const { connection, clock, sockets } = setUp({ auth })
    connection.open()
    await clock.settle()
    const late = give
    await clock.advance(10_000)
    late('too late')
    await clock.settle()
    expect(sockets.all).toEqual([])
  })

  test('gives up for good on a server that does not choose the subprotocol', () => {
    const { connection, sockets, failures, clock } = setUp()
    connection.open()
    sockets.last.listener.opened('')
    expect(connection.status).toMatchObject({ state: 'error', cause: { code: 'unsupported' } })
    expect(failures).toMatchObject([[{ code: 'unsupported' }, 'connect']])
    expect(sockets.open).toEqual([])
    expect(clock.pending).toBe(0)
  })

  test('gives up for good on an address that cannot be opened', () => {
    const { connection } = setUp({
      url: () => {
        throw new Error('nonsense')
      },
    })
    connection.open()
    expect(connection.status).toMatchObject({ state: 'error', cause: { code: 'bad_options' } })
  })

  test('calls a close before the opening a failed connect', () => {
    const { connection, sockets } = setUp()
    connection.open()
    sockets.last.listener.closed(1006, 'ECONNREFUSED')
    expect(connection.status.cause).toMatchObject({
      code: 'connect_failed',
      message: expect.stringContaining('ECONNREFUSED'),
    })
  })
})

describe('coming back', () => {
  test('waits a uniform time of up to 3 s after a drop, and says when it is over', async () => {
    for (const chance of [0, 0.25, 0.999]) {
      const { connection, sockets, clock, calls } = setUp({}, chance)
      connection.open()
      sockets.last.welcome()
      const droppedAt = clock.now()
      sockets.last.listener.closed(1006, '')
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
    const { connection, sockets, clock } = setUp({}, 0.999_999)
    connection.open()
    const delays: number[] = []
    for (let i = 0; i < 7; i++) {
      sockets.last.listener.closed(1006, '')
      const delayMs = connection.status.nextAttemptAt! - clock.now()
      delays.push(delayMs)
      await clock.advance(delayMs)
    }
    expect(delays).toEqual([2_999, 1_999, 3_999, 7_999, 15_999, 19_999, 19_999])
  })

  test('starts over only once a connection has held for 10 s', async () => {
    const { connection, sockets, clock } = online()
    sockets.last.listener.closed(1006, '')
    await clock.advance(3_000)
    sockets.last.welcome()
    await clock.advance(9_999)
    expect(connection.status).toMatchObject({ state: 'connected', attempt: 1 })
    sockets.last.listener.closed(1006, '')
    expect(connection.status.attempt).toBe(2)
    await clock.advance(3_000)
    sockets.last.welcome()
    await clock.advance(10_000)
    expect(connection.status).toEqual({ state: 'connected', attempt: 0 })
  })

  test('connects at once when the app asks for it while it waits, and then does not wait further', async () => {
    const { connection, sockets, clock } = online()
    sockets.last.listener.closed(1006, '')
    connection.open()
    expect(sockets.all).toHaveLength(2)
    sockets.last.welcome()
    await clock.advance(3_000)
    expect(sockets.all).toHaveLength(2)
  })

  test('is not hurried by a listener that needs it', () => {
    const { connection, sockets } = online()
    sockets.last.listener.closed(1006, '')
    connection.need()
    expect(sockets.all).toHaveLength(1)
  })

  test.each([4500, 4501, 4503, 4506, 1009])('stays away after a close with %i until the app asks', (code) => {
    const { connection, sockets, failures, clock } = online()
    sockets.last.listener.closed(code, 'forbidden: not you')
    expect(connection.status.state).toBe('error')
    expect(failures).toHaveLength(1)
    expect(clock.pending).toBe(0)
    connection.open()
    expect(connection.status).toMatchObject({ state: 'connecting', attempt: 0 })
    expect(sockets.all).toHaveLength(2)
  })

  test.each([1000, 1001, 1006, 4000, 4001])('comes back after a close with %i', (code) => {
    const { connection, sockets } = online()
    sockets.last.listener.closed(code, '')
    expect(connection.status).toMatchObject({ state: 'connecting', attempt: 1 })
  })
})

describe('a connection that is up', () => {
  test('hands frames on in order, and keeps what is its own', () => {
    const { sockets, frames } = online()
    sockets.last.listener.received('[["live",1],["ping",7],["later"],["live",2]]')
    expect(frames).toEqual([
      ['live', 1],
      ['live', 2],
    ])
    expect(sockets.last.sent.at(-1)).toEqual(['pong', 7])
  })

  test('answers a ping without a number with a pong without one', () => {
    const { sockets } = online()
    sockets.last.receive('ping')
    expect(sockets.last.sent.at(-1)).toEqual(['pong'])
  })

  test('takes the link for dead after the hub was silent for ping and pong together, and drops it at once', async () => {
    const { connection, sockets, clock } = online()
    await clock.advance(20_000)
    sockets.last.receive('ping')
    await clock.advance(34_999)
    expect(connection.isOnline).toBe(true)
    await clock.advance(1)
    expect(connection.status).toMatchObject({ attempt: 1, cause: { code: 'ping_timeout' } })
    expect(sockets.open).toEqual([])
  })

  test('drops a connection on which something unreadable arrives, reports it, and comes back', () => {
    const { connection, sockets, failures } = online()
    sockets.last.listener.received('{')
    expect(failures).toMatchObject([[{ code: 'bad_frame' }, 'frame']])
    expect(connection.status).toMatchObject({ state: 'connecting', cause: { code: 'bad_frame' } })
    expect(sockets.open).toEqual([])
  })

  test('ignores the rest of a message once a frame in it has ended the connection', () => {
    const { connection, sockets, frames, onFrame } = online()
    onFrame(() => connection.close())
    sockets.last.listener.received('[["live",1],["live",2]]')
    expect(frames).toEqual([['live', 1]])
  })

  test('hears nothing of a frame before the welcome', () => {
    const { connection, sockets, frames } = setUp()
    connection.open()
    sockets.last.listener.opened('syncline.1')
    sockets.last.receive('live', 1)
    expect(frames).toEqual([])
  })

  test('sends only while it is online', () => {
    const { connection, sockets } = online()
    expect(connection.send(['ping'])).toBe(true)
    sockets.last.listener.closed(1006, '')
    expect(connection.send(['ping'])).toBe(false)
    expect(sockets.all.flatMap(({ sent }) => sent)).toHaveLength(2)
  })
})

describe('close', () => {
  test('leaves no timer and no socket, in whichever state it comes', async () => {
    const stages: ((all: ReturnType<typeof setUp>) => void)[] = [
      () => {},
      ({ connection }) => connection.open(),
      ({ connection, sockets }) => {
        connection.open()
        sockets.last.listener.opened('syncline.1')
      },
      ({ connection, sockets }) => {
        connection.open()
        sockets.last.welcome()
      },
      ({ connection, sockets }) => {
        connection.open()
        sockets.last.listener.closed(1006, '')
      },
      ({ connection, sockets }) => {
        connection.open()
        sockets.last.listener.closed(4500, '')
      },
    ]
    for (const stage of stages) {
      const all = setUp()
      stage(all)
      all.connection.close()
      expect(all.connection.status).toEqual({ state: 'disconnected', attempt: 0 })
      expect(all.sockets.open).toEqual([])
      expect(all.clock.pending).toBe(0)
      all.connection.open()
      all.connection.need()
      expect(all.sockets.open).toEqual([])
    }
  })

  test('a listener that closes it when it goes online finds it closed, with nothing left', () => {
    const all = setUp()
    all.calls.push = (call) => {
      all.connection.close()
      return Array.prototype.push.call(all.calls, call)
    }
    all.connection.open()
    all.sockets.last.welcome()
    expect(all.connection.status.state).toBe('disconnected')
    expect(all.clock.pending).toBe(0)
  })
})

test('the status is the same object until something changes, and each change is told once', async () => {
  const { connection, sockets, clock, statuses } = online({ auth: () => 'token' })
  await clock.settle()
  sockets.last.welcome()
  expect(statuses.map(({ state }) => state)).toEqual(['connecting', 'connected'])
  const before = connection.status
  sockets.last.receive('ping')
  expect(connection.status).toBe(before)
})

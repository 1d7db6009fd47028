import { describe, expect, test } from 'vitest'
import { connectionOnTest, onlineOnTest } from '../../support/connection-on-test.ts'

describe('connecting', () => {
  test('asks for nothing before it is needed', () => {
    const { sockets, clock, machine, connection } = connectionOnTest()
    expect(sockets.all).toEqual([])
    expect(clock.pending).toBe(0)
    expect(machine.followers).toBe(0)
    expect(connection.status).toEqual({ state: 'disconnected', attempt: 0 })
  })

  test('says hello once the socket is open, and is connected with the welcome', () => {
    const { sockets, connection, calls } = connectionOnTest()
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
    const { sockets, connection } = connectionOnTest()
    connection.need()
    connection.open()
    connection.need()
    expect(sockets.all).toHaveLength(1)
    sockets.last.welcome()
    connection.open()
    expect(sockets.all).toHaveLength(1)
  })

  test.each([
    ['a socket that never opens', false],
    ['a hub that never says welcome', true],
  ])('gives an attempt up after the connect timeout on %s', async (_, isOpened) => {
    const { connection, clock, sockets } = connectionOnTest()
    connection.open()
    if (isOpened) sockets.last.listener.opened('syncline.1')
    await clock.advance(9_999)
    expect(connection.status.cause).toBeUndefined()
    await clock.advance(1)
    expect(connection.status).toMatchObject({ attempt: 1, cause: { code: 'connect_timeout' } })
    expect(sockets.open).toEqual([])
  })

  test('is not disturbed by the connect timeout once it is online', async () => {
    const { connection, clock, sockets } = onlineOnTest()
    await clock.advance(20_000)
    expect(connection.isOnline).toBe(true)
    expect(sockets.all).toHaveLength(1)
  })

  test('gives up for good on a server that does not choose the subprotocol', () => {
    const { connection, sockets, failures, clock } = connectionOnTest()
    connection.open()
    sockets.last.listener.opened('')
    expect(connection.status).toMatchObject({ state: 'error', cause: { code: 'unsupported' } })
    expect(failures).toMatchObject([[{ code: 'unsupported' }, 'connect']])
    expect(sockets.open).toEqual([])
    expect(clock.pending).toBe(0)
  })

  test('gives up for good on an address that cannot be opened', () => {
    const { connection, clock } = connectionOnTest({
      url: () => {
        throw new Error('nonsense')
      },
    })
    connection.open()
    expect(connection.status).toMatchObject({ state: 'error', cause: { code: 'bad_options' } })
    expect(clock.pending).toBe(0)
  })

  test('calls a close before the opening a failed connect', () => {
    const { connection, sockets } = connectionOnTest()
    connection.open()
    sockets.last.listener.closed(1006, 'ECONNREFUSED')
    expect(connection.status.cause).toMatchObject({
      code: 'connect_failed',
      message: expect.stringContaining('ECONNREFUSED'),
    })
  })
})

describe('a connection that is up', () => {
  test('hands frames on in order, and keeps what is its own', () => {
    const { sockets, frames, sent } = onlineOnTest()
    sockets.last.listener.received('[["live",1],["ping",7],["later"],["pong",9],["live",2]]')
    expect(frames).toEqual([
      ['live', 1],
      ['live', 2],
    ])
    expect(sent('pong')).toEqual([['pong', 7]])
  })

  test('drops a connection on which something unreadable arrives, reports it, and comes back', () => {
    const { connection, sockets, failures } = onlineOnTest()
    sockets.last.listener.received('{')
    expect(failures).toMatchObject([[{ code: 'bad_frame' }, 'frame']])
    expect(connection.status).toMatchObject({ state: 'connecting', cause: { code: 'bad_frame' } })
    expect(sockets.open).toEqual([])
  })

  test('ignores the rest of a message once a frame in it has ended the connection', () => {
    const { connection, sockets, frames, onTold } = onlineOnTest()
    onTold((what) => what === 'received' && connection.close())
    sockets.last.listener.received('[["live",1],["live",2]]')
    expect(frames).toEqual([['live', 1]])
  })

  test('hears nothing of a frame before the welcome', () => {
    const { connection, sockets, frames } = connectionOnTest()
    connection.open()
    sockets.last.listener.opened('syncline.1')
    sockets.last.receive('live', 1)
    expect(frames).toEqual([])
  })

  test('takes one welcome and no second one', () => {
    const { sockets, calls, connection } = onlineOnTest()
    const before = connection.status
    sockets.last.welcome()
    expect(calls).toEqual(['online'])
    expect(connection.status).toBe(before)
    expect(sockets.last.sent).toHaveLength(1)
  })

  test('sends only while it is online', () => {
    const { connection, sockets, drop } = onlineOnTest()
    expect(connection.send(['ping'])).toBe(true)
    drop()
    expect(connection.send(['ping'])).toBe(false)
    expect(sockets.all.flatMap(({ sent }) => sent)).toHaveLength(2)
  })

  test('tells how much waits in its socket, and nothing once there is none', () => {
    const { connection, sockets, drop } = onlineOnTest()
    sockets.last.bufferedBytes = 70_000
    expect(connection.bufferedBytes).toBe(70_000)
    drop()
    expect(connection.bufferedBytes).toBe(0)
  })
})

test('the status is the same object until something changes, and each change is told once', () => {
  const { connection, sockets, statuses } = onlineOnTest()
  expect(statuses.map(({ state }) => state)).toEqual(['connecting', 'connected'])
  const before = connection.status
  sockets.last.receive('ping')
  sockets.last.receive('live', 1)
  expect(connection.status).toBe(before)
})

describe('switched off', () => {
  test('connects only when the app says so, whoever needs it', async () => {
    const { connection, sockets, clock, machine } = connectionOnTest({ enabled: false })
    connection.need()
    machine.turn('online', true)
    await clock.advance(60_000)
    expect(sockets.all).toEqual([])
    expect([clock.pending, machine.followers]).toEqual([0, 0])
    connection.open()
    expect(sockets.all).toHaveLength(1)
  })

  test('disconnect leaves nothing behind, and is for good until the app connects', async () => {
    const { connection, sockets, clock, machine, calls } = onlineOnTest({ heartbeatMs: 1_000 })
    connection.disconnect()
    expect(connection.status).toEqual({ state: 'disconnected', attempt: 0 })
    expect(calls).toEqual(['online', 'offline'])
    expect([clock.pending, machine.followers, sockets.open]).toEqual([0, 0, []])
    connection.need()
    await clock.advance(60_000)
    expect(sockets.all).toHaveLength(1)
    connection.open()
    sockets.last.welcome()
    expect(connection.status).toEqual({ state: 'connected', attempt: 0 })
    expect(machine.followers).toBe(3)
  })

  test('disconnect starts the count of attempts over, and forgets why', () => {
    const { connection, drop } = onlineOnTest()
    drop()
    connection.open()
    drop()
    expect(connection.status.attempt).toBe(2)
    connection.disconnect()
    expect(connection.status).toEqual({ state: 'disconnected', attempt: 0 })
    connection.open()
    expect(connection.status).toEqual({ state: 'connecting', attempt: 0 })
  })
})

import { describe, expect, test } from 'vitest'
import { connectionOnTest, onlineOnTest, signalsOnTest } from '../../support/connection-on-test.ts'

/** What makes a connection that is up doubt its link. */
const doubts = [
  ['online', true],
  ['online', false],
  ['visible', true],
  ['frozen', false],
] as const

describe('a connection that is up', () => {
  test.each(doubts)('asks whether its link lives when %s turns %s', (name, isOn) => {
    const { connection, sockets, machine, sent } = onlineOnTest()
    machine.turn(name, isOn)
    expect(sent('ping')).toHaveLength(1)
    expect(connection.status).toEqual({ state: 'connected', attempt: 0 })
    expect(sockets.all).toHaveLength(1)
  })

  test.each(doubts)(
    'takes it for dead when nothing is heard for 5 s after %s turned %s',
    async (name, isOn) => {
      const { connection, sockets, clock, machine } = onlineOnTest()
      await clock.advance(20_000)
      machine.turn(name, isOn)
      await clock.advance(4_999)
      expect(connection.isOnline).toBe(true)
      await clock.advance(1)
      expect(connection.status).toMatchObject({
        state: 'connecting',
        attempt: 1,
        cause: { code: 'ping_timeout' },
      })
      expect(sockets.open).toEqual([])
    },
  )

  test.each(doubts)('stays when anything is heard in time after %s turned %s', async (name, isOn) => {
    const { connection, sockets, clock, machine } = onlineOnTest()
    await clock.advance(20_000)
    machine.turn(name, isOn)
    await clock.advance(4_999)
    sockets.last.receive('live', 1)
    await clock.advance(34_999)
    expect(connection.isOnline).toBe(true)
  })

  test('is given no longer by further signals while one is unanswered', async () => {
    const { connection, clock, machine, sent } = onlineOnTest()
    machine.turn('online', false)
    await clock.advance(3_000)
    machine.turn('online', true)
    machine.turn('visible', true)
    expect(sent('ping')).toHaveLength(3)
    await clock.advance(2_000)
    expect(connection.isOnline).toBe(false)
  })

  test('learns from the answer how long the way is', async () => {
    const { sockets, clock, machine, noted, sent } = onlineOnTest()
    machine.turn('visible', true)
    await clock.advance(80)
    sockets.last.receive('pong', sent('ping')[0]![1]!)
    expect(noted('roundTrip').map(({ ms }) => ms)).toEqual([80])
  })

  test('does not mind when it is not seen any more', () => {
    const { clock, machine, sent } = onlineOnTest()
    const timers = clock.pending
    machine.turn('visible', false)
    expect(sent('ping')).toEqual([])
    expect(clock.pending).toBe(timers)
  })
})

describe('a connection that waits', () => {
  test.each([
    ['online', true],
    ['visible', true],
    ['frozen', false],
  ] as const)('connects at once when %s turns %s', async (name, isOn) => {
    const { connection, sockets, clock, machine, drop } = onlineOnTest()
    drop()
    machine.turn(name, isOn)
    expect(sockets.all).toHaveLength(2)
    expect(connection.status).toMatchObject({ state: 'connecting', attempt: 1, nextAttemptAt: undefined })
    sockets.last.welcome()
    await clock.advance(3_000)
    expect(sockets.all).toHaveLength(2)
  })

  test.each([
    ['online', false],
    ['visible', false],
  ] as const)('waits on when %s turns %s', (name, isOn) => {
    const { connection, sockets, machine, drop } = onlineOnTest()
    drop()
    const before = connection.status
    machine.turn(name, isOn)
    expect(sockets.all).toHaveLength(1)
    expect(connection.status).toBe(before)
  })
})

describe('a page that sleeps', () => {
  test('has let go of its socket, has no timer, and stays so', async () => {
    const { connection, sockets, clock, machine, calls, failures } = onlineOnTest({ heartbeatMs: 1_000 })
    machine.turn('frozen', true)
    expect(connection.status).toEqual({ state: 'disconnected', attempt: 0 })
    expect(calls).toEqual(['online', 'offline'])
    expect([clock.pending, sockets.open, failures]).toEqual([0, [], []])
    connection.need()
    machine.turn('frozen', true)
    await clock.advance(3_600_000)
    expect(sockets.all).toHaveLength(1)
    expect(connection.status).toEqual({ state: 'disconnected', attempt: 0 })
  })

  test('connects at once when it wakes', () => {
    const { connection, sockets, machine } = onlineOnTest()
    machine.turn('frozen', true)
    machine.turn('frozen', false)
    expect(sockets.all).toHaveLength(2)
    sockets.last.welcome()
    expect(connection.status).toEqual({ state: 'connected', attempt: 0 })
  })

  test('connects at once when the app asks for it', () => {
    const { connection, sockets, machine } = onlineOnTest()
    machine.turn('frozen', true)
    connection.open()
    expect(sockets.all).toHaveLength(2)
  })

  test('fell asleep between two attempts: it does not wait, and counts on when it wakes', () => {
    const { connection, sockets, clock, machine, drop } = onlineOnTest()
    drop()
    machine.turn('frozen', true)
    expect(connection.status).toMatchObject({ state: 'disconnected', attempt: 1, nextAttemptAt: undefined })
    expect(clock.pending).toBe(0)
    machine.turn('frozen', false)
    expect(connection.status).toMatchObject({ state: 'connecting', attempt: 1 })
    expect(sockets.all).toHaveLength(2)
    drop()
    expect(connection.status.attempt).toBe(2)
  })

  test('wakes to nothing where there was nothing', () => {
    const { connection, sockets, machine } = onlineOnTest()
    connection.disconnect()
    machine.turn('frozen', true)
    machine.turn('frozen', false)
    expect(sockets.all).toHaveLength(1)
  })
})

describe('the signals', () => {
  test('are followed from the first attempt on', () => {
    const { connection, machine } = connectionOnTest()
    expect(machine.followers).toBe(0)
    connection.need()
    expect(machine.followers).toBe(3)
  })

  test('are followed once, however often it connects', async () => {
    const { sockets, clock, machine, drop, sent } = onlineOnTest()
    for (let i = 0; i < 3; i++) {
      drop()
      await clock.advance(10_000)
      sockets.last.welcome()
    }
    expect(machine.followers).toBe(3)
    machine.turn('online', true)
    expect(sent('ping')).toHaveLength(1)
  })

  test.each(['disconnect', 'close'] as const)('are not followed after %s', (end) => {
    const { connection, sockets, machine } = onlineOnTest()
    connection[end]()
    expect(machine.followers).toBe(0)
    if (end === 'close') return
    connection.open()
    expect(machine.followers).toBe(3)
    sockets.last.welcome()
    connection.close()
    expect(machine.followers).toBe(0)
  })

  test('may be some of them, or none', () => {
    const { machine } = connectionOnTest()
    const { online } = machine.signals
    for (const signals of [{}, { online }]) {
      const { connection, sockets } = onlineOnTest({ signals })
      connection.close()
      expect(sockets.open).toEqual([])
    }
    expect(machine.followers).toBe(0)
  })

  test.each([
    ['online', true],
    ['visible', true],
    ['frozen', false],
  ] as const)('may say at once what holds: %s is %s', (name, isOn) => {
    const { connection, sockets, clock } = connectionOnTest({
      signals: {
        [name]: (tell: (isOn: boolean) => void) => {
          tell(isOn)
          return () => {}
        },
      },
    })
    connection.open()
    expect(sockets.all).toHaveLength(1)
    sockets.last.welcome()
    expect(connection.status).toEqual({ state: 'connected', attempt: 0 })
    connection.close()
    expect(clock.pending).toBe(0)
  })

  test('are not followed by an app that closes when one says at once that the page sleeps', () => {
    const page = signalsOnTest()
    const { connection, clock, sockets, noted, onTold } = connectionOnTest({
      signals: {
        ...page.signals,
        frozen: (tell) => {
          const undo = page.signals.frozen(tell)
          tell(true)
          return undo
        },
      },
    })
    onTold((what) => what === 'changed' && connection.status.state === 'disconnected' && connection.close())
    connection.open()
    expect([page.followers, clock.pending, sockets.all.length]).toEqual([0, 0, 0])
    expect(noted('attempt')).toEqual([])
  })

  test('may say at once that the page sleeps', () => {
    let wake = () => {}
    const { connection, sockets, clock } = connectionOnTest({
      signals: {
        frozen: (tell) => {
          wake = () => tell(false)
          tell(true)
          return () => {}
        },
      },
    })
    connection.open()
    expect(connection.status.state).toBe('disconnected')
    expect([sockets.all.length, clock.pending]).toEqual([0, 0])
    wake()
    expect(sockets.all).toHaveLength(1)
  })
})

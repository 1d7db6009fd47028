import { describe, expect, test } from 'vitest'
import { Session } from '../../../src/server/session.ts'
import { SyncError } from '../../../src/shared/errors.ts'
import { FakeSessionSocket, fakeSettings, readySession } from '../../support/fake-sessions.ts'

describe('sending', () => {
  test('writes a frame as JSON and an encoded one as it is', () => {
    const { session, socket } = readySession(fakeSettings().settings)
    session.send(['pong', 3])
    session.sendText('["live", 1]')
    expect(socket.messages).toEqual(['["pong",3]', '["live", 1]'])
  })

  test('answers with an error, and with details where there are some', () => {
    const { session, socket } = readySession(fakeSettings().settings)
    session.refuse(4, new SyncError('forbidden', 'no'))
    session.refuse(null, { code: 'overloaded', message: 'later' }, { retryAfterMs: 50 })
    expect(socket.frames).toEqual([
      ['err', 4, 'forbidden', 'no'],
      ['err', null, 'overloaded', 'later', { retryAfterMs: 50 }],
    ])
  })

  test('cuts off a client for whom more waits than may, and sends no more', () => {
    const { session, socket } = readySession(fakeSettings({ maxBufferedBytes: 1_000 }).settings)
    socket.bufferedBytes = 1_000
    session.send(['live', 1])
    expect(socket.closes).toEqual([])
    socket.bufferedBytes = 1_001
    session.send(['live', 2])
    session.send(['live', 3])
    expect(socket.closes).toEqual([{ code: 4002, reason: 'slow_consumer: more than 1000 bytes wait unsent' }])
    expect(socket.frames).toEqual([
      ['live', 1],
      ['live', 2],
    ])
  })
})

describe('the end of a session', () => {
  test('names the code in the reason and tells whoever wants to know, once', () => {
    const { session, socket } = readySession(fakeSettings().settings)
    let undone = 0
    session.onEnd = () => void undone++
    session.close(4501, 'not JSON')
    session.close(4001, 'again')
    session.lost()
    expect(socket.closes).toEqual([{ code: 4501, reason: 'bad_frame: not JSON' }])
    expect([undone, session.machine.state]).toEqual([1, 'closed'])
  })

  test('says going away where the hub ends', () => {
    const { session, socket } = readySession(fakeSettings().settings)
    session.close(1001, 'the hub is closing')
    expect(socket.closes).toEqual([{ code: 1001, reason: 'going away: the hub is closing' }])
  })

  test('keeps the reason within what a close frame can carry', () => {
    const { session, socket } = readySession(fakeSettings().settings)
    session.close(4501, 'x'.repeat(1_000))
    expect(socket.closes[0]!.reason).toHaveLength(123)
  })

  test.each([
    ['closed', (session: Session) => session.close(4001, 'late')],
    ['lost', (session: Session) => session.lost(1006)],
  ])('gives up the request that asked for the connection, when it is %s', (_name, end) => {
    const request = { url: '/', headers: {} }
    const session = new Session(new FakeSessionSocket(), fakeSettings().settings, request)
    expect(session.request).toBe(request)
    end(session)
    expect(session.request).toBeUndefined()
  })

  test('says nothing to a transport that has gone', () => {
    const { session, socket } = readySession(fakeSettings().settings)
    let undone = 0
    session.onEnd = () => void undone++
    session.lost()
    session.send(['live', 1])
    session.close(4001, 'late')
    expect([socket.messages, socket.closes, undone]).toEqual([[], [], 1])
  })
})

test('a session knows when something last went to its client', async () => {
  const { clock, settings } = fakeSettings()
  const session = new Session(new FakeSessionSocket(), settings)
  const start = clock.now()
  expect([session.heardAt, session.toldAt]).toEqual([start, start])
  await clock.advance(40)
  session.send(['live', 1])
  expect([session.heardAt, session.toldAt]).toEqual([start, start + 40])
})

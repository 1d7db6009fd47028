import { expect, test } from 'vitest'
import { hubShapes } from '../../../src/protocol/hub-shapes.ts'
import { parseFrames } from '../../../src/protocol/parse.ts'
import { encodeBody, fanOut, messageOf } from '../../../src/server/fan-out.ts'
import type { Room } from '../../../src/server/rooms.ts'
import type { Session } from '../../../src/server/session.ts'
import { fakeSettings, readySession } from '../../support/fake-sessions.ts'

function roomOf(...sessions: Session[]): Room {
  return {
    name: 'a',
    cid: 7,
    sessions: new Set(sessions),
    log: undefined,
    slot: undefined,
    position: { epoch: 'E', offset: 0, tag: '' },
    ready: Promise.resolve(),
    isReady: true,
    holders: sessions.length,
  }
}

const entry = (data: unknown) => ({
  offset: 3,
  tag: 't3',
  previous: 't2',
  body: encodeBody({ time: 5, sender: 'someone', name: 'said', data }),
})

test('an entry becomes an ev frame with all that the log holds of it', () => {
  const { session, socket } = readySession(fakeSettings().settings)
  const data = { text: 'quotes " and \\ and é\n', deep: [null, { a: 1.5 }] }
  fanOut(roomOf(session), entry(data))
  expect(socket.frames).toEqual([['ev', 7, 3, 't3', 't2', 5, 'someone', 'said', data]])
  expect(parseFrames(socket.messages[0]!, hubShapes)).toMatchObject({ ok: true, unknown: [] })
})

test('a sender that nobody is, is null', () => {
  expect(JSON.parse(encodeBody({ time: 1, sender: null, name: 'n', data: {} }))).toEqual([1, null, 'n', {}])
})

test('every subscriber is sent the very same message, encoded once', () => {
  let encoded = 0
  const data = {
    toJSON() {
      encoded++
      return { text: 'hi' }
    },
  }
  const sent: unknown[] = []
  const sessions = Array.from({ length: 5 }, () => ({ sendShared: (message: unknown) => sent.push(message) }))
  fanOut(roomOf(...(sessions as unknown as Session[])), entry(data))
  expect([encoded, sent.length, new Set(sent).size]).toEqual([1, 5, 1])
})

test('nothing is encoded again at the fan-out', () => {
  const { stringify } = JSON
  const { session } = readySession(fakeSettings().settings)
  const one = entry({ text: 'hi' })
  let calls = 0
  JSON.stringify = ((...args: Parameters<typeof stringify>) => {
    calls++
    return stringify(...args)
  }) as typeof stringify
  try {
    fanOut(roomOf(session), one)
  } finally {
    JSON.stringify = stringify
  }
  expect(calls).toBe(0)
})

test('a slow consumer is cut off and the others are served', () => {
  const { settings } = fakeSettings({ maxBufferedBytes: 100 })
  const [first, slow, last] = [readySession(settings), readySession(settings), readySession(settings)]
  slow.socket.bufferedBytes = 101
  const room = roomOf(first.session, slow.session, last.session)
  slow.session.onEnd = () => void room.sessions.delete(slow.session)
  fanOut(room, entry({}))
  fanOut(room, entry({}))
  expect(slow.socket.closes).toMatchObject([{ code: 4002 }])
  expect([first, slow, last].map(({ socket }) => socket.of('ev').length)).toEqual([2, 1, 2])
})

test('what is replayed to many is encoded once for a room, and anew for another one', () => {
  const [room, other] = [roomOf(), { ...roomOf(), cid: 8 }]
  const one = entry('x')
  expect(messageOf(room, one)).toBe(messageOf(room, one))
  expect(messageOf(room, one).text).toContain('["ev",7,3,')
  expect(messageOf(other, one).text).toContain('["ev",8,3,')
})

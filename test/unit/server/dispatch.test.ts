import { describe, expect, test } from 'vitest'
import type { ClientFrame } from '../../../src/protocol/frames.ts'
import { dispatchFrame } from '../../../src/server/dispatch.ts'
import type { Memberships } from '../../../src/server/memberships.ts'
import { fakeSettings, readySession } from '../../support/fake-sessions.ts'

type Dispatched = Exclude<ClientFrame, readonly ['hello', ...unknown[]]>

function dispatch(frame: Dispatched) {
  const { session, socket } = readySession(fakeSettings().settings)
  const calls: unknown[] = []
  const memberships = {
    subscribe: async (_session: unknown, of: unknown) => calls.push(['subscribe', of]),
    unsubscribe: (_session: unknown, of: unknown) => calls.push(['unsubscribe', of]),
  }
  dispatchFrame(frame, session, memberships as unknown as Memberships)
  return { calls, frames: socket.frames, closes: socket.closes }
}

test('sub and unsub go to the memberships, and nothing is answered here', () => {
  expect(dispatch(['sub', 1, 'lobby'])).toEqual({
    calls: [['subscribe', ['sub', 1, 'lobby']]],
    frames: [],
    closes: [],
  })
  expect(dispatch(['unsub', 2, 'lobby']).calls).toEqual([['unsubscribe', ['unsub', 2, 'lobby']]])
})

test('ping is answered with the same echo, or with none', () => {
  expect(dispatch(['ping', 7]).frames).toEqual([['pong', 7]])
  expect(dispatch(['ping', 0]).frames).toEqual([['pong', 0]])
  expect(dispatch(['ping']).frames).toEqual([['pong']])
})

describe('a frame that this hub does not serve', () => {
  test.each<[Dispatched, number]>([
    [['req', 1, 'lobby', 'ask', {}], 1],
    [['enter', 2, 'lobby', {}], 2],
    [['leave', 3, 'lobby'], 3],
    [['history', 4, 'lobby', { limit: 5 }], 4],
    [['auth', 5, 'token'], 5],
  ])('is refused as unsupported: %j', (frame, ref) => {
    expect(dispatch(frame).frames).toEqual([['err', ref, 'unsupported', expect.any(String)]])
  })

  test('is refused with nak where it is a publication, by its channel and number', () => {
    expect(dispatch(['pub', 4, 2, 'lobby', 'said', {}]).frames).toEqual([
      ['nak', 'lobby', 4, 'unsupported', expect.any(String)],
    ])
  })

  test.each<[Dispatched]>([[['tell', 'lobby', 'typing', {}]], [['cancel', 1]], [['pong']], [['pong', 3]]])(
    'is passed over in silence where nothing is owed: %j',
    (frame) => {
      expect(dispatch(frame)).toEqual({ calls: [], frames: [], closes: [] })
    },
  )
})

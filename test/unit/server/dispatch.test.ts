import { manualClock } from 'syncline/testing'
import { expect, test } from 'vitest'
import type { ClientFrame } from '../../../src/protocol/frames.ts'
import { dispatchFrame, type FrameParts } from '../../../src/server/dispatch.ts'
import { fakeSettings, readySession } from '../../support/fake-sessions.ts'

type Dispatched = Exclude<ClientFrame, readonly ['hello', ...unknown[]]>

const methods = {
  memberships: ['subscribe', 'unsubscribe'],
  publications: ['publish'],
  requests: ['ask', 'cancel'],
  messages: ['tell'],
  attendance: ['enter', 'leave'],
  histories: ['read'],
} satisfies { [Part in keyof FrameParts]: (keyof FrameParts[Part])[] }

function dispatch(frame: Dispatched) {
  const { session, socket } = readySession(fakeSettings().settings)
  const calls: unknown[] = []
  const parts = Object.fromEntries(
    Object.entries(methods).map(([part, names]) => [
      part,
      Object.fromEntries(
        names.map((name) => [
          name,
          (of: unknown, what: unknown) => calls.push([`${part}.${name}`, of === session, what]),
        ]),
      ),
    ]),
  )
  dispatchFrame(frame, session, parts as unknown as FrameParts)
  return { calls, frames: socket.frames, closes: socket.closes }
}

test.each<[Dispatched, string]>([
  [['sub', 1, 'lobby'], 'memberships.subscribe'],
  [['unsub', 2, 'lobby'], 'memberships.unsubscribe'],
  [['pub', 4, 2, 'lobby', 'said', {}], 'publications.publish'],
  [['tell', 'lobby', 'typing', {}], 'messages.tell'],
  [['req', 1, 'lobby', 'ask', {}], 'requests.ask'],
  [['enter', 2, 'lobby', {}], 'attendance.enter'],
  [['leave', 3, 'lobby'], 'attendance.leave'],
  [['history', 4, 'lobby', { limit: 5 }], 'histories.read'],
])('%j goes to one part, and nothing is answered here', (frame, call) => {
  expect(dispatch(frame)).toEqual({ calls: [[call, true, frame]], frames: [], closes: [] })
})

test('cancel goes to the requests by its reference', () => {
  expect(dispatch(['cancel', 7]).calls).toEqual([['requests.cancel', true, 7]])
})

test('ping is answered with the same echo and the time at which it came, or with neither', () => {
  expect(dispatch(['ping', 7]).frames).toEqual([['pong', 7, manualClock().now()]])
  expect(dispatch(['ping', 0]).frames).toEqual([['pong', 0, manualClock().now()]])
  expect(dispatch(['ping']).frames).toEqual([['pong']])
})

test('pong says only that something was heard', () => {
  expect(dispatch(['pong', 3])).toEqual({ calls: [], frames: [], closes: [] })
})

test('auth is refused as unsupported: a token is replaced by connecting anew', () => {
  expect(dispatch(['auth', 5, 'token'])).toEqual({
    calls: [],
    frames: [['err', 5, 'unsupported', expect.any(String)]],
    closes: [],
  })
})

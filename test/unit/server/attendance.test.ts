import { channel, defineRegistry } from 'syncline'
import { describe, expect, test } from 'vitest'
import * as z from 'zod'
import { Attendance } from '../../../src/server/attendance.ts'
import type { AnyHandlers } from '../../../src/server/handlers.ts'
import { readySession } from '../../support/fake-sessions.ts'
import { hubParts } from '../../support/hub-parts.ts'

const registry = defineRegistry({
  room: channel('room/:id', { presence: z.object({ name: z.string() }) }),
  inbox: channel('inbox/:user', { presence: z.object({}) }),
  news: channel('news', {}),
})

function setUp(handlers: AnyHandlers = {}) {
  const parts = hubParts(registry)
  parts.served.add('room', handlers)
  parts.served.add('inbox', {})
  parts.served.add('news', {})
  const attendance = new Attendance(parts)
  const { session, socket } = readySession(parts.settings)
  const enter = (ref: number, state: unknown = { name: 'Ann' }, name = 'room/1') =>
    attendance.enter(session, ['enter', ref, name, state])
  const leave = (ref: number, name = 'room/1') => attendance.leave(session, ['leave', ref, name])
  const states = () => parts.presence.list('room/1').map(({ state }) => state)
  return { ...parts, session, socket, enter, leave, states }
}

test('who enters is present with what the schema lets through, and who leaves is gone', async () => {
  const { enter, leave, states, socket } = setUp()
  await enter(1, { name: 'Ann', secret: 1 })
  expect(states()).toEqual([{ name: 'Ann' }])
  leave(2)
  leave(3)
  expect(states()).toEqual([])
  expect(socket.frames).toEqual([
    ['res', 1, null],
    ['res', 2, null],
    ['res', 3, null],
  ])
})

describe('entering is refused', () => {
  test.each([
    ['unknown_channel', 'nowhere', {}],
    ['unsupported', 'news', {}],
    ['forbidden', 'inbox/bob', {}],
    ['bad_payload', 'room/1', { name: 5 }],
  ])('with %s on %s', async (code, name, state) => {
    const { enter, socket, presence, errors } = setUp()
    await enter(1, state, name)
    expect(socket.frames).toMatchObject([{ 0: 'err', 1: 1, 2: code }])
    expect([presence.list(name), errors]).toEqual([[], []])
  })
})

describe('while the app decides', () => {
  /** What the app is asked, to be answered by the test. */
  function holding() {
    const answers: ((isAllowed: boolean) => void)[] = []
    const all = setUp({ authorize: () => new Promise((resolve) => answers.push(resolve)) })
    return { ...all, answers }
  }

  test('a leave takes back what was asked before it', async () => {
    const { enter, leave, answers, states, socket } = holding()
    const entering = enter(1)
    leave(2)
    answers[0]!(true)
    await entering
    expect([socket.brief, states()]).toEqual([['res 2 null', 'err 1 aborted'], []])
  })

  test('the newest of several is what is shown, whichever is decided last', async () => {
    const { enter, answers, states, socket } = holding()
    const all = [enter(1, { name: 'old' }), enter(2, { name: 'new' })]
    answers[1]!(true)
    await all[1]
    answers[0]!(true)
    await all[0]
    expect([socket.brief, states()]).toEqual([['res 2 null', 'err 1 aborted'], [{ name: 'new' }]])
  })

  test('a session that ends is not present', async () => {
    const { enter, answers, states, session } = holding()
    const entering = enter(1)
    session.lost()
    answers[0]!(true)
    await entering
    expect(states()).toEqual([])
  })
})

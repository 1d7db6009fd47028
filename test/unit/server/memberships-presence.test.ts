import { channel, defineRegistry } from 'syncline'
import { expect, test } from 'vitest'
import * as z from 'zod'
import { Memberships } from '../../../src/server/memberships.ts'
import { readySession } from '../../support/fake-sessions.ts'
import { hubParts } from '../../support/hub-parts.ts'

const registry = defineRegistry({ room: channel('room', { presence: z.object({ at: z.number() }) }) })

function setUp() {
  const parts = hubParts(registry, { maxBufferedBytes: 100 })
  parts.served.add('room', {})
  const memberships = new Memberships(parts)
  const { session, socket } = readySession(parts.settings)
  session.onEnd = () => memberships.releaseAll(session)
  return { ...parts, memberships, session, socket }
}

test('who subscribes to a channel with presence is greeted with who is there, after it is live', async () => {
  const { memberships, session, socket } = setUp()
  await memberships.subscribe(session, ['sub', 1, 'room'])
  expect(socket.brief).toEqual(['subscribed 1 1', 'live 1', 'members 1 0'])
})

test('a session whose greeting is one too many is in no room', async () => {
  const { memberships, session, socket, rooms, watched } = setUp()
  Object.defineProperty(socket, 'bufferedBytes', { get: () => (socket.of('members').length > 0 ? 101 : 0) })
  const room = rooms.hold('room')
  await memberships.subscribe(session, ['sub', 1, 'room'])
  expect(socket.closes).toMatchObject([{ code: 4002 }])
  expect([room.sessions.size, room.holders]).toEqual([0, 1])
  rooms.release(room)
  expect(watched.following).toBe(0)
})

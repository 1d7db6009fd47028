import { channel, defineRegistry } from 'syncline'
import type { HubSettings } from 'syncline/server'
import { describe, expect, test } from 'vitest'
import * as z from 'zod'
import type { AnyHandlers } from '../../../src/server/handlers.ts'
import { Memberships } from '../../../src/server/memberships.ts'
import { Messages } from '../../../src/server/messages.ts'
import { readySession } from '../../support/fake-sessions.ts'
import { hubParts } from '../../support/hub-parts.ts'

const registry = defineRegistry({
  room: channel('room/:id', {
    events: { said: z.object({}) },
    messages: { typing: z.object({ name: z.string() }) },
  }),
  inbox: channel('inbox/:user', { messages: { typing: z.object({ name: z.string() }) } }),
  plain: channel('plain', {}),
})

type Fields = Partial<{ name: string; message: string; data: unknown }>

function setUp(handlers: AnyHandlers = {}, options: Partial<HubSettings> = {}) {
  const parts = hubParts(registry, options)
  parts.served.add('room', handlers)
  parts.served.add('inbox', {})
  parts.served.add('plain', {})
  const memberships = new Memberships(parts)
  const messages = new Messages(parts)
  const join = async (id: string, ...names: string[]) => {
    const { session, socket } = readySession(parts.settings, { id })
    session.onEnd = () => memberships.releaseAll(session)
    for (const name of names) await memberships.subscribe(session, ['sub', 1, name])
    const tell = ({ name = 'room/1', message = 'typing', data = { name: id } }: Fields = {}) =>
      messages.tell(session, ['tell', name, message, data])
    const unsub = (name: string) => memberships.unsubscribe(session, ['unsub', 2, name])
    return { session, socket, tell, unsub }
  }
  return { ...parts, join }
}

describe('a message', () => {
  test('reaches each other session of the channel once, without what its schema strips, and nobody else', async () => {
    const { join, watched } = setUp()
    const [ann, bob, eve] = [
      await join('ann', 'room/1'),
      await join('bob', 'room/1'),
      await join('eve', 'room/2'),
    ]
    await ann.tell({ data: { name: 'Ann', password: 'hunter2' } })
    expect(bob.socket.of('told')).toEqual([['told', 1, 'typing', { name: 'Ann' }, ann.session.id]])
    expect([ann, eve].map(({ socket }) => socket.of('told'))).toEqual([[], []])
    expect(watched.calls.filter((call) => call.startsWith('append'))).toEqual([])
  })

  test('is not kept for who comes later', async () => {
    const { join } = setUp()
    const ann = await join('ann', 'room/1')
    await ann.tell()
    expect((await join('bob', 'room/1')).socket.of('told')).toEqual([])
  })

  test('is not sent to a session that is congested, which loses nothing else, and is sent to one that is not', async () => {
    const { join } = setUp()
    const [ann, bob, eve] = [
      await join('ann', 'room/1'),
      await join('bob', 'room/1'),
      await join('eve', 'room/1'),
    ]
    bob.socket.bufferedBytes = 65_536
    eve.socket.bufferedBytes = 65_535
    await ann.tell()
    expect([bob, eve].map(({ socket }) => socket.of('told').length)).toEqual([0, 1])
    expect(bob.socket.closes).toEqual([])
  })

  test('is encoded once for all', async () => {
    const { join } = setUp()
    const ann = await join('ann', 'room/1')
    const shared: unknown[] = []
    for (const id of ['b', 'c', 'd']) {
      const { socket } = await join(id, 'room/1')
      Object.assign(socket, { sendShared: (message: unknown) => shared.push(message) })
    }
    await ann.tell()
    expect([shared.length, new Set(shared).size]).toEqual([3, 1])
  })
})

describe('a message is dropped, and that it was is taken down,', () => {
  test.each<[string, Fields, string]>([
    ['on a channel that the sender does not hold', { name: 'room/2' }, 'forbidden'],
    ['on the channel of another user', { name: 'inbox/bob' }, 'forbidden'],
    ['on a channel that is none', { name: 'nowhere' }, 'unknown_channel'],
    ['under a name that is none', { message: 'shouting' }, 'unknown_event'],
    ['under the name of an event', { message: 'said', data: {} }, 'unknown_event'],
    ['under a name that every object has', { message: 'toString' }, 'unknown_event'],
    ['under the name of the prototype', { message: '__proto__' }, 'unknown_event'],
    ['on a channel without messages', { name: 'plain', message: 'constructor' }, 'unknown_event'],
    ['when it does not fit its schema', { data: { name: 5 } }, 'bad_payload'],
  ])('%s', async (_name, fields, code) => {
    const { join, noted, errors } = setUp()
    const ann = await join('ann', 'room/1', 'plain')
    const bob = await join('bob', 'room/1', 'room/2', 'inbox/bob', 'plain')
    const sent = ann.socket.messages.length
    await ann.tell(fields)
    expect(noted.filter(({ type }) => type === 'refuse')).toMatchObject([
      { action: 'tell', code, user: 'ann' },
    ])
    expect([bob.socket.of('told'), errors, ann.socket.messages.length]).toEqual([[], [], sent])
  })

  test('when the app does not let it through', async () => {
    const asked: unknown[] = []
    const { join } = setUp({
      authorize: ({ action, name, user }) => {
        asked.push([action, name, user.id])
        return action === 'subscribe'
      },
    })
    const [ann, bob] = [await join('ann', 'room/1'), await join('bob', 'room/1')]
    await ann.tell()
    expect([asked.at(-1), bob.socket.of('told')]).toEqual([['tell', 'typing', 'ann'], []])
  })

  test('when the check of the app fails, which is reported', async () => {
    const { join, errors } = setUp({
      authorize: ({ action }) => action === 'subscribe' || Promise.reject(new Error('no database')),
    })
    const [ann, bob] = [await join('ann', 'room/1'), await join('bob', 'room/1')]
    await ann.tell()
    expect([bob.socket.of('told'), errors]).toMatchObject([
      [],
      [{ code: 'internal', stage: 'authorize', cause: { message: 'no database' } }],
    ])
  })

  test.each<[string, (ann: { unsub: (name: string) => void; session: { lost(): void } }) => void]>([
    ['has left', ({ unsub }) => unsub('room/1')],
    ['is gone', ({ session }) => session.lost()],
  ])('when the sender %s before the app lets it through', async (_name, end) => {
    let answer: (isAllowed: boolean) => void = () => {}
    const { join } = setUp({
      authorize: ({ action }) =>
        action === 'subscribe' ||
        new Promise((resolve) => {
          answer = resolve
        }),
    })
    const [ann, bob] = [await join('ann', 'room/1'), await join('bob', 'room/1')]
    const told = ann.tell()
    end(ann)
    answer(true)
    await told
    expect(bob.socket.of('told')).toEqual([])
  })
})

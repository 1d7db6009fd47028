import { channel, defineRegistry } from 'syncline'
import { createClient } from 'syncline/client'
import { createHub, type HubOptions } from 'syncline/server'
import { createNetwork, manualClock, seededRandom } from 'syncline/testing'
import { describe, expect, test } from 'vitest'
import * as z from 'zod'
import { SyncError } from '../../../src/shared/errors.ts'
import { FakeSessionSocket } from '../../support/fake-sessions.ts'
import { watchedBroadcaster } from '../../support/watched-broadcaster.ts'

const registry = defineRegistry({
  room: channel('room/:id', {
    events: { renamed: z.object({ title: z.string() }) },
    clientEvents: { said: z.object({ text: z.string() }) },
    messages: { typing: z.object({ name: z.string() }) },
    requests: {
      double: { input: z.object({ of: z.number() }), output: z.object({ is: z.number() }) },
      rename: { input: z.object({ title: z.string() }), output: z.null() },
    },
    presence: z.object({ name: z.string() }),
  }),
  inbox: channel('inbox/:user', {
    events: { mail: z.object({ subject: z.string() }) },
    clientEvents: { noted: z.object({}) },
    messages: { nudge: z.object({}) },
    requests: { ask: { input: z.null(), output: z.null() } },
    presence: z.object({}),
  }),
})

/** A hub whose users are who their token says, with real clients over a network in memory. */
function setUp(options: HubOptions = {}) {
  const clock = manualClock()
  const random = seededRandom(1)
  const reported: string[] = []
  const hub = createHub(registry, {
    clock,
    random,
    authenticate: ({ token }) => (token === undefined ? undefined : { id: token }),
    onError: ({ code }, { stage }) => reported.push(`${stage} ${code}`),
    ...options,
  })
  hub.serve('room', {
    onPublish: ({ data }) => {
      if (data.text === 'spam') throw new SyncError('forbidden', 'No spam here')
      return undefined
    },
    requests: {
      double: ({ input }) => ({ is: input.of * 2 }),
      rename: async ({ input, params }) => {
        await hub.channel('room', { id: params.id }).publish('renamed', input)
        return null
      },
    },
  })
  hub.serve('inbox', { requests: { ask: () => null } })
  const network = createNetwork(hub, { clock })
  const connect = (user: string) => {
    const errors: string[] = []
    const client = createClient(registry, {
      url: 'ws://hub/sync',
      clock,
      random,
      socket: network.socket,
      auth: () => user,
      onError: ({ code }) => errors.push(code),
    })
    return { client, errors, room: client.channel('room', { id: '1' }) }
  }
  return { clock, hub, network, connect, reported }
}

/** What came of a promise: what it gave, or the code that it failed with. */
function outcome(sent: Promise<unknown>): Promise<unknown> {
  return sent.catch((error: SyncError) => error.code)
}

async function setUpRoom(options: HubOptions = {}) {
  const subject = setUp(options)
  const { clock, hub, connect } = subject
  const [ann, bob] = [connect('ann'), connect('bob')]
  const heard: string[] = []
  bob.room.on('said', ({ text }, { sender }) =>
    heard.push(`${sender === ann.client.id ? 'ann' : sender}: ${text}`),
  )
  bob.room.on('renamed', ({ title }) => heard.push(`renamed to ${title}`))
  bob.room.on('typing', ({ name }) => heard.push(`${name} types`))
  ann.room.on('renamed', () => {})
  await clock.advance(100)
  const room = hub.channel('room', { id: '1' })
  return { ...subject, ann, bob, room, heard }
}

describe('a client', () => {
  test('publishes to the others, whom the app lets hear it, and hears where it is in the log', async () => {
    const { clock, ann, heard, room } = await setUpRoom()
    const sent = ann.room.publish('said', { text: 'hi' })
    const refused = outcome(ann.room.publish('said', { text: 'spam' }))
    await clock.advance(100)
    expect([await sent, await refused, heard]).toEqual([await room.position(), 'forbidden', ['ann: hi']])
  })

  test('asks, and is answered after what the handler has published', async () => {
    const { clock, ann, heard, reported } = await setUpRoom()
    const [answer, done] = [
      ann.room.request('double', { of: 21 }),
      ann.room.request('rename', { title: 'New' }),
    ]
    await clock.advance(100)
    expect([await answer, await done, heard, reported]).toEqual([{ is: 42 }, null, ['renamed to New'], []])
  })

  test('tells the others, and nothing is kept of it', async () => {
    const { clock, ann, heard, room } = await setUpRoom()
    ann.room.tell('typing', { name: 'Ann' })
    await clock.advance(100)
    expect([heard, (await room.history()).entries]).toEqual([['Ann types'], []])
  })

  test('has what it published while the link was cut applied once', async () => {
    const { clock, ann, heard, network } = await setUpRoom()
    const sends = [ann.room.publish('said', { text: 'one' })]
    await clock.settle()
    for (const link of network.links) link.cut()
    sends.push(ann.room.publish('said', { text: 'two' }))
    await clock.advance(60_000)
    expect((await Promise.all(sends)).map(({ offset }) => offset)).toEqual([1, 2])
    expect(heard).toEqual(['ann: one', 'ann: two'])
  })
})

describe('a channel whose app says nothing of who may what', () => {
  /** A session of ann, as frames. */
  async function setUpRaw() {
    const { clock, hub, connect } = setUp()
    const socket = new FakeSessionSocket()
    const handlers = hub.accept(socket, { url: '/', headers: {} })
    handlers.received('["hello",{"registry":[1,""],"session":"abcdefghijklmnopqrstuvwx","token":"ann"}]')
    await clock.settle()
    const say = async (frame: unknown) => {
      handlers.received(JSON.stringify(frame))
      await clock.settle()
      return socket.frames
        .at(-1)!
        .map(String)
        .filter((field) => /^[a-z_]+$/.test(field))
    }
    return { clock, hub, connect, socket, say }
  }
  const frames: readonly [action: string, frame: (name: string) => unknown, granted: string][] = [
    ['subscribed to', (name) => ['sub', 1, name], 'members'],
    ['published to', (name) => ['pub', 1, 1, name, 'noted', {}], 'ack'],
    ['asked', (name) => ['req', 2, name, 'ask', null], 'res'],
    ['entered', (name) => ['enter', 3, name, {}], 'res'],
    ['read back', (name) => ['history', 4, name, { limit: 5 }], 'res'],
  ]

  test.each(frames)("is not %s where it is another user's", async (_action, frame, granted) => {
    const { say } = await setUpRaw()
    const [refusal, code] = await say(frame('inbox/bob'))
    expect([refusal, code]).toEqual([granted === 'ack' ? 'nak' : 'err', 'forbidden'])
    expect((await say(frame('inbox/ann')))[0]).toBe(granted)
  })

  test("is not spoken on where it is another user's", async () => {
    const { say, connect, clock } = await setUpRaw()
    const heard: string[] = []
    for (const user of ['ann', 'bob']) {
      connect(user)
        .client.channel('inbox', { user })
        .on('nudge', () => heard.push(user))
    }
    await clock.advance(100)
    for (const name of ['inbox/ann', 'inbox/bob']) {
      await say(['sub', 1, name])
      await say(['tell', name, 'nudge', {}])
    }
    await clock.advance(100)
    expect(heard).toEqual(['ann'])
  })
})

describe('the users of a hub', () => {
  test('each hear what is published for them on a channel of their own, on all of their devices', async () => {
    const { clock, hub, connect } = setUp()
    const heard: string[] = []
    for (const [user, device] of [
      ['ann', 'phone'],
      ['ann', 'desk'],
      ['bob', 'phone'],
      ['eve', 'phone'],
    ] as const) {
      connect(user)
        .client.channel('inbox', { user })
        .on('mail', ({ subject }) => heard.push(`${user} ${device}: ${subject}`))
    }
    await clock.advance(100)
    const positions = await hub.users(['ann', 'bob', 'ann']).publish('inbox', 'mail', { subject: 'hi' })
    await clock.advance(100)
    expect(positions.map(({ offset }) => offset)).toEqual([1, 1])
    expect(heard.sort()).toEqual(['ann desk: hi', 'ann phone: hi', 'bob phone: hi'])
  })

  test('may be numbers, and nobody at all', async () => {
    const { hub } = setUp()
    await hub.users(new Set([7, '7'])).publish('inbox', 'mail', { subject: 'hi' })
    expect(await hub.users([]).publish('inbox', 'mail', { subject: 'hi' })).toEqual([])
    expect(await hub.channel('inbox', { user: '7' }).position()).toMatchObject({ offset: 1 })
  })

  test('who can be reached are, when one cannot', async () => {
    const watched = watchedBroadcaster()
    const { hub, reported } = setUp({ broadcaster: watched.broadcaster })
    watched.failNext('append', new SyncError('unavailable', 'engine gone'))
    const published = hub.users(['ann', 'bob']).publish('inbox', 'mail', { subject: 'hi' })
    await expect(published).rejects.toMatchObject({ code: 'unavailable' })
    expect(await hub.channel('inbox', { user: 'bob' }).position()).toMatchObject({ offset: 1 })
    expect(reported).toEqual([])
  })

  test('hear of a wrong payload for none of them', async () => {
    const { hub } = setUp()
    const wrong = hub.users(['ann', 'bob']).publish('inbox', 'mail', { subject: 5 as never })
    await expect(wrong).rejects.toMatchObject({ code: 'bad_payload' })
    expect(await hub.channel('inbox', { user: 'ann' }).position()).toMatchObject({ offset: 0 })
  })
})

describe('the sessions of a hub', () => {
  test('are found by their public id, while they are connected', async () => {
    const { hub, ann, clock } = await setUpRoom()
    const { id } = ann.client
    expect(hub.session(id!)).toMatchObject({ id, user: { id: 'ann' }, channels: ['room/1'] })
    expect(hub.session('nobody')).toBeUndefined()
    ann.client.close()
    await clock.advance(100)
    expect(hub.session(id!)).toBeUndefined()
  })

  test('of a user can be sent away, all at once, and do not come back', async () => {
    const { hub, ann, bob, connect, clock } = await setUpRoom()
    const desk = connect('ann')
    desk.client.connect()
    await clock.advance(100)
    expect([hub.disconnect({ user: 'ann' }), hub.disconnect({ user: 'ann' })]).toEqual([2, 0])
    await clock.advance(600_000)
    expect([ann, desk, bob].map(({ client }) => client.status.state)).toEqual(['error', 'error', 'connected'])
    expect([hub.connections, hub.disconnect({ user: 'nobody' })]).toEqual([1, 0])
  })

  test('can be sent away one by one', async () => {
    const { hub, ann, bob, clock } = await setUpRoom()
    expect(hub.disconnect({ session: ann.client.id! })).toBe(1)
    await clock.advance(100)
    expect([ann, bob].map(({ client }) => client.status.state)).toEqual(['error', 'connected'])
  })
})

describe('a channel of a hub', () => {
  test('gives back what its clients published, with who did', async () => {
    const { clock, ann, room } = await setUpRoom()
    await room.publish('renamed', { title: 'New' }, { from: ann.client.id })
    void ann.room.publish('said', { text: 'hi' })
    await clock.advance(100)
    const { entries, more } = await room.history({ limit: 10 })
    expect(entries.map(({ event, data, sender }) => [event, data, sender])).toEqual([
      ['renamed', { title: 'New' }, ann.client.id],
      ['said', { text: 'hi' }, ann.client.id],
    ])
    expect([entries[1]!.position, more]).toEqual([await room.position(), false])
  })

  test('tells all of its subscribers, or one of them', async () => {
    const { clock, ann, bob, heard, room } = await setUpRoom()
    expect(room.tell('typing', { name: 'All' })).toBe(2)
    expect(room.tell('typing', { name: 'Bob' }, { to: bob.client.id })).toBe(1)
    expect(room.tell('typing', { name: 'Ann' }, { to: ann.client.id })).toBe(1)
    expect(room.tell('typing', { name: 'Nobody' }, { to: 'nobody' })).toBe(0)
    expect(room.tell('typing', { name: 'Whoever' }, { to: undefined })).toBe(2)
    await clock.advance(100)
    expect(heard).toEqual(['All types', 'Bob types', 'Whoever types'])
  })
})

/** A session of eve that is present in the room. */
async function present({ hub, clock }: Pick<ReturnType<typeof setUp>, 'hub' | 'clock'>, session: string) {
  const handlers = hub.accept(new FakeSessionSocket(), { url: '/', headers: {} })
  handlers.received(JSON.stringify(['hello', { registry: [1, ''], session, token: 'eve' }]))
  await clock.settle()
  handlers.received('["enter",1,"room/1",{"name":"Eve"}]')
  return handlers
}

describe('the end of a hub', () => {
  test.each<[string, (hub: ReturnType<typeof setUp>['hub']) => Promise<void>]>([
    ['is closed', (hub) => hub.close()],
    ['is drained, and then closed', (hub) => hub.drain({ overMs: 1_000 }).then(() => hub.close())],
  ])('leaves no timer when it %s in the middle of everything', async (_name, end) => {
    const subject = await setUpRoom({ presenceGraceMs: 600_000 })
    const { hub, ann, bob, clock, network, room } = subject
    hub.accept(new FakeSessionSocket(), { url: '/', headers: {} })
    await present(subject, 'present-and-connected-x')
    const lost = await present(subject, 'present-and-lost-xxxxxx')
    lost.closed(1006)
    expect(await room.count()).toEqual({ members: 2, users: 1 })
    for (const each of [ann.room, bob.room]) {
      void outcome(each.publish('said', { text: 'hi' }))
      void outcome(each.request('double', { of: 1 }))
    }
    await clock.settle()
    network.hub = undefined
    let isOver = false
    const over = end(hub).then(() => {
      isOver = true
    })
    await clock.advance(10_000)
    await over
    for (const { client } of [ann, bob]) client.close()
    await clock.advance(0)
    expect([isOver, hub.connections, hub.health().status, clock.pending]).toEqual([true, 0, 'closed', 0])
  })

  test('is told to whoever comes after it', async () => {
    const { hub } = setUp()
    await hub.close()
    await hub.close()
    const closes: number[] = []
    const socket = { bufferedBytes: 0, send: () => {}, close: (code: number) => closes.push(code) }
    hub.accept(socket, { url: '/', headers: {} })
    expect([closes, hub.isTakingSessions]).toEqual([[1001], false])
  })

  test('sends clients to the hub that takes over, without an error', async () => {
    const { hub, ann, bob, clock, network } = await setUpRoom()
    const next = setUp().hub
    network.hub = next
    const over = hub.drain({ overMs: 1_000 })
    await clock.advance(1_000)
    await over
    await clock.advance(100)
    expect([ann, bob].map(({ client, errors }) => [client.status.state, errors])).toEqual([
      ['connected', []],
      ['connected', []],
    ])
    expect([hub.connections, next.connections, hub.health().status]).toEqual([0, 2, 'draining'])
  })
})

import { inspect } from 'node:util'
import { channel, defineRegistry } from 'syncline'
import { type ClientDiagnostic, type ClientOptions, createClient } from 'syncline/client'
import { manualClock } from 'syncline/testing'
import { describe, expect, onTestFinished, test } from 'vitest'
import * as z from 'zod'
import { connectionOnTest, onlineOnTest } from '../../support/connection-on-test.ts'
import { fakeSockets } from '../../support/fake-sockets.ts'

describe('an attempt', () => {
  test('is told of with its number, each time that one begins', async () => {
    const { connection, clock, noted, drop } = connectionOnTest()
    expect(noted('attempt')).toEqual([])
    connection.open()
    drop()
    await clock.advance(1_500)
    drop()
    await clock.advance(1_000)
    expect(noted('attempt').map(({ attempt }) => attempt)).toEqual([0, 1, 2])
  })
})

describe('what was lost', () => {
  test('is told of with its cause, its attempt, and when the next one starts', async () => {
    const { connection, clock, noted, drop } = connectionOnTest()
    connection.open()
    drop()
    const first = connection.status
    await clock.advance(1_500)
    drop()
    expect(noted('lost')).toEqual([
      { type: 'lost', attempt: 0, cause: first.cause, nextAttemptAt: first.nextAttemptAt },
      {
        type: 'lost',
        attempt: 1,
        cause: connection.status.cause,
        nextAttemptAt: connection.status.nextAttemptAt,
      },
    ])
    expect(first.cause?.code).toBe('connect_failed')
    expect(first.nextAttemptAt).toBe(clock.now())
  })

  test('is told of without a next attempt when there will be none', () => {
    const { sockets, noted, connection } = onlineOnTest()
    sockets.last.listener.closed(4503, 'forbidden: not you')
    expect(noted('lost')).toEqual([
      { type: 'lost', attempt: 0, cause: connection.status.cause, nextAttemptAt: undefined },
    ])
  })

  test('is not what the app ended, or its page', () => {
    for (const end of ['disconnect', 'close', 'freeze'] as const) {
      const { connection, machine, noted } = onlineOnTest()
      if (end === 'freeze') machine.turn('frozen', true)
      else connection[end]()
      expect(noted('lost')).toEqual([])
    }
  })
})

test('every frame is told of with its type and its way, in order', () => {
  const { sockets, noted } = onlineOnTest()
  sockets.last.listener.received('[["live",1],["ping",7],["pong",1],["bye","draining",{}]]')
  expect(noted('frame').map(({ direction, frame }) => `${direction} ${frame}`)).toEqual([
    'out hello',
    'in welcome',
    'in live',
    'in ping',
    'out pong',
    'out ping',
    'in pong',
    'in bye',
  ])
})

const secret = { token: 'token-7f3a', payload: 'payload-91bc' }

const registry = defineRegistry({
  room: channel('room/:id', {
    events: { moved: z.object({ to: z.string() }) },
    clientEvents: { said: z.object({ text: z.string() }) },
    messages: { cursor: z.object({ at: z.string() }) },
    requests: { join: { input: z.object({ as: z.string() }), output: z.object({ seat: z.string() }) } },
  }),
})

function client(options: Partial<ClientOptions> = {}) {
  const clock = manualClock()
  const sockets = fakeSockets()
  const diagnostics: ClientDiagnostic[] = []
  const made = createClient(registry, {
    url: 'ws://hub/sync',
    auth: () => secret.token,
    clock,
    socket: sockets.factory,
    random: () => 0.5,
    onError: () => {},
    ...options,
  })
  onTestFinished(() => made.close())
  made.onDiagnostic((diagnostic) => diagnostics.push(diagnostic))
  return { client: made, clock, sockets, diagnostics }
}

/** A client that has been through all that it tells of, with a secret in every place that is the app's. */
async function longLife() {
  const all = client({ unknownEvents: 'error' })
  const { sockets, clock } = all
  const room = all.client.channel('room', { id: 'A' })
  room.on('moved', () => {
    throw new Error('broken')
  })
  const { payload } = secret
  const outcomes = Promise.allSettled([
    room.publish('said', { text: payload }),
    room.publish('said', { text: payload }),
    room.publish('said', { text: payload }),
    room.request('join', { as: payload }),
    room.request('join', { as: payload }, { timeoutMs: 60_000 }),
  ])
  await clock.settle()
  sockets.last.listener.closed(1006, 'unreachable')
  await clock.advance(1_500)
  sockets.last.welcome({ registry: [registry.version, registry.hash] })
  await clock.settle()
  const refs = sockets.last.sent
    .filter(([type]) => type === 'req' || type === 'sub')
    .map(([, ref]) => ref as number)
  const [sub, join, late] = refs
  sockets.last.receive('subscribed', sub!, 1, { position: ['epoch', 5, 'five'], recovered: null })
  sockets.last.receive('live', 1)
  sockets.last.receive('ack', 'room/A', 1, ['epoch', 6, 'six'])
  sockets.last.receive('nak', 'room/A', 2, 'forbidden', 'not you')
  sockets.last.receive('res', join!, { seat: payload })
  sockets.last.receive('ev', 1, 6, 'six', 'five', 1_000, null, 'moved', { to: payload })
  sockets.last.receive('ev', 1, 7, 'seven', 'six', 1_000, null, 'moved', { to: 5, [payload]: payload })
  sockets.last.receive('ev', 1, 8, 'eight', 'seven', 1_000, null, 'novel', { to: payload })
  sockets.last.receive('told', 1, 'cursor', { at: payload }, null)
  room.tell('cursor', { at: payload })
  sockets.last.receive('gap', 1, ['epoch', 9, 'nine'], 'rollback')
  sockets.last.receive('ping', 7)
  await clock.advance(25)
  const echo = sockets.last.sent.filter(([type]) => type === 'ping').at(-1)![1] as number
  sockets.last.receive('pong', echo)
  sockets.last.receive('err', late!, 'unavailable', 'the log is away')
  sockets.last.listener.received(`["ev",1,"${payload}"`)
  await clock.advance(1_000)
  all.client.close()
  await outcomes
  return all
}

describe('the diagnostics of a whole client', () => {
  test('are of every type there is', async () => {
    const { diagnostics } = await longLife()
    expect([...new Set(diagnostics.map(({ type }) => type))].sort()).toEqual([
      'acknowledged',
      'attempt',
      'connected',
      'error',
      'frame',
      'gap',
      'indeterminate',
      'lost',
      'received',
      'refused',
      'roundTrip',
      'sent',
      'subscribed',
    ])
  })

  test('hold neither the token nor any payload, however deep one looks', async () => {
    const { diagnostics, sockets, client } = await longLife()
    const told = [
      JSON.stringify([diagnostics, client.stats(), client.status]),
      // Messages and causes of errors are in no JSON.
      inspect([diagnostics, client.stats(), client.status], {
        depth: 20,
        showHidden: true,
        maxArrayLength: null,
      }),
    ]
    // What is looked for was on the wire, and the search finds it there.
    expect(
      inspect(
        sockets.all.map(({ sent }) => sent),
        { depth: 20 },
      ),
    ).toContain(secret.token)
    expect(
      inspect(
        sockets.all.map(({ sent }) => sent),
        { depth: 20 },
      ),
    ).toContain(secret.payload)
    for (const text of told) {
      expect(text).not.toContain(secret.token)
      expect(text).not.toContain(secret.payload)
    }
  })

  test('tell whether the session and the registry were known', async () => {
    const { client: one, sockets, clock, diagnostics } = client()
    one.connect()
    await clock.settle()
    sockets.last.welcome({ resumed: true, registry: [registry.version, registry.hash] })
    one.disconnect()
    one.connect()
    await clock.settle()
    sockets.last.welcome({ resumed: false, registry: [2, 'another'] })
    expect(diagnostics.filter(({ type }) => type === 'connected')).toEqual([
      { type: 'connected', resumed: true, sameRegistry: true },
      { type: 'connected', resumed: false, sameRegistry: false },
    ])
  })

  test('are counted by type, whether anybody listens or not', async () => {
    const { client: one, diagnostics } = await longLife()
    const counts: Record<string, number> = {}
    for (const { type } of diagnostics) counts[type] = (counts[type] ?? 0) + 1
    expect(one.stats().counts).toEqual(counts)
    expect(one.stats().roundTripMs).toBe(25)
    const deaf = client()
    expect(deaf.client.stats()).toMatchObject({ counts: {}, roundTripMs: undefined })
    deaf.client.connect()
    expect(deaf.client.stats().counts).toEqual({ attempt: 1 })
  })

  test('are told no more to one that has taken itself back, and to the others when one throws', async () => {
    const { client: one, clock, sockets, diagnostics } = client()
    const heard: string[] = []
    const undo = one.onDiagnostic(({ type }) => heard.push(type))
    one.onDiagnostic(() => {
      throw new Error('broken')
    })
    const last: string[] = []
    one.onDiagnostic(({ type }) => last.push(type))
    one.connect()
    undo()
    await clock.settle()
    sockets.last.welcome()
    expect(heard).toEqual(['attempt'])
    expect(last).toEqual(diagnostics.map(({ type }) => type))
  })

  test('are counted in a record of their own: who has read it sees no change', () => {
    const { client: one } = client()
    one.connect()
    const before = one.stats()
    one.disconnect()
    one.connect()
    expect(before.counts).toEqual({ attempt: 1 })
    expect(one.stats().counts).toEqual({ attempt: 2 })
  })
})

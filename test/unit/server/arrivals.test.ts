import { channel, defineRegistry } from 'syncline'
import { type Credentials, createHub, type HubUser } from 'syncline/server'
import { manualClock } from 'syncline/testing'
import { describe, expect, test } from 'vitest'
import * as z from 'zod'
import { SyncError } from '../../../src/shared/errors.ts'
import { FakeSessionSocket } from '../../support/fake-sessions.ts'
import { registry as rooms } from '../../support/room-registry.ts'

const registry = defineRegistry({
  ...rooms.channels,
  club: channel('club', { presence: z.object({ name: z.string() }) }),
})

/** A hub that is asked who clients are; the test answers, in any order. */
function setUp() {
  const clock = manualClock()
  const answers: ((user: HubUser) => void)[] = []
  const errors: string[] = []
  const authenticate = (_: Credentials) => new Promise<HubUser>((resolve) => answers.push(resolve))
  const onError = ({ code }: { code: string }) => errors.push(code)
  const hub = createHub(registry, { clock, authenticate, onError })
  const connect = async (letter = 'a') => {
    const socket = new FakeSessionSocket()
    const handlers = hub.accept(socket, { url: '/', headers: {} })
    const say = (...frame: unknown[]) => handlers.received(JSON.stringify(frame))
    say('hello', { registry: [1, ''], session: letter.repeat(26) })
    await clock.settle()
    return { socket, say, handlers }
  }
  const answer = async (which: number, id: string) => {
    answers[which]!({ id })
    await clock.settle()
  }
  return { clock, hub, connect, answer, errors }
}

describe('two connections of one session', () => {
  test('are told apart by when they came, not by when it was decided who they are', async () => {
    const { connect, answer, hub } = setUp()
    const [older, newer] = [await connect(), await connect()]
    await answer(1, 'ann')
    await answer(0, 'ann')
    expect([older.socket.closes, newer.socket.closes]).toMatchObject([[{ code: 4506 }], []])
    expect(hub.connections).toBe(1)
  })
})

describe('who is sent away', () => {
  test('while it is asked who this is does not come in as this user', async () => {
    const { connect, answer, hub } = setUp()
    const [banned, other, later] = [await connect('a'), await connect('b'), 2]
    expect(hub.disconnect({ user: 'ann' })).toBe(0)
    await answer(0, 'ann')
    await answer(1, 'bob')
    expect(banned.socket.closes).toMatchObject([{ code: 4503 }])
    expect(other.socket.of('welcome')).toHaveLength(1)
    // Whether the user may come again is for the app to say, when they do.
    const again = await connect('c')
    await answer(later, 'ann')
    expect(again.socket.of('welcome')).toHaveLength(1)
  })

  test('is no longer present, also where the connection was lost before', async () => {
    const { connect, answer, hub, clock } = setUp()
    hub.serve('club', {})
    const { socket, say, handlers } = await connect()
    await answer(0, 'ann')
    say('enter', 1, 'club', { name: 'Ann' })
    await clock.settle()
    expect(socket.of('res')).toHaveLength(1)
    handlers.closed()
    expect(await hub.channel('club').count()).toEqual({ members: 1, users: 1 })
    expect(hub.disconnect({ user: 'ann' })).toBe(0)
    expect(await hub.channel('club').count()).toEqual({ members: 0, users: 0 })
    await hub.close()
    expect(clock.pending).toBe(0)
  })
})

describe("what the hub's own methods throw at a handler that lets it pass", () => {
  test.each([
    [
      'publish',
      (hub: ReturnType<typeof setUp>['hub']) =>
        hub.channel('room', { id: 1 }).publish('renamed', { title: 5 } as never),
    ],
    [
      'tell',
      async (hub: ReturnType<typeof setUp>['hub']) =>
        hub.channel('room', { id: 1 }).tell('cursor', { x: 'a' } as never),
    ],
  ])('is internal to the client, and reported: %s', async (_name, call) => {
    const { connect, answer, hub, errors, clock } = setUp()
    hub.serve('room', {
      requests: {
        add: async () => {
          await call(hub)
          return { sum: 1 }
        },
      },
    })
    const { say, socket } = await connect()
    await answer(0, 'ann')
    say('req', 1, 'room/1', 'add', { a: 1, b: 1 })
    await clock.settle()
    expect([socket.brief.at(-1), errors]).toEqual(['err 1 internal', ['internal']])
    await hub.close()
  })

  test("is told from the app's own words", async () => {
    const { connect, answer, hub, errors, clock } = setUp()
    hub.serve('room', {
      requests: {
        add: () => {
          throw new SyncError('bad_payload', 'Not these two')
        },
      },
    })
    const { say, socket } = await connect()
    await answer(0, 'ann')
    say('req', 1, 'room/1', 'add', { a: 1, b: 1 })
    await clock.settle()
    expect([socket.brief.at(-1), errors]).toEqual(['err 1 bad_payload', []])
    await hub.close()
  })
})

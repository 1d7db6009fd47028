import type { HubSettings, HubUser } from 'syncline/server'
import { describe, expect, test } from 'vitest'
import { Diagnostics } from '../../../src/server/diagnostics.ts'
import { Directory } from '../../../src/server/directory.ts'
import type { FrameParts } from '../../../src/server/dispatch.ts'
import type { Session } from '../../../src/server/session.ts'
import { type SessionHandlers, Sessions } from '../../../src/server/sessions.ts'
import { SyncError } from '../../../src/shared/errors.ts'
import { registry } from '../../support/challenge-registry.ts'
import { FakeSessionSocket, fakeSettings } from '../../support/fake-sessions.ts'

const hello = (letter = 'a') => [
  'hello',
  { registry: [registry.version, registry.hash], session: letter.repeat(26) },
]

type Authenticate = () => Promise<HubUser | null>

function setUp(options: Partial<HubSettings> & { authenticate?: Authenticate } = {}) {
  const { authenticate, ...rest } = options
  const { clock, errors, settings } = fakeSettings(rest)
  const subscribed: unknown[] = []
  const released: Session[] = []
  const memberships = {
    subscribe: async (_session: unknown, frame: unknown) => void subscribed.push(frame),
    releaseAll: (session: Session) => void released.push(session),
  }
  const byId = new Directory()
  const presence = {
    lost: (session: Session, isSentAway: boolean) => void lost.push([session.id, isSentAway]),
    resumed: (session: Session) => void resumed.push(session.id),
  }
  const lost: [string, boolean][] = []
  const resumed: string[] = []
  const sessions = new Sessions({
    registry,
    settings,
    authenticate,
    directory: byId,
    memberships,
    frames: { memberships } as unknown as FrameParts,
    presence,
    diagnostics: new Diagnostics(clock.now, () => {}),
  })
  const connect = () => {
    const socket = new FakeSessionSocket()
    const handlers = sessions.accept(socket, { url: '/sync', headers: {} })
    const say = (message: unknown) =>
      handlers.received(typeof message === 'string' ? message : JSON.stringify(message))
    return { socket, handlers, say }
  }
  const greet = async (letter = 'a') => {
    const connected = connect()
    connected.say(hello(letter))
    await clock.settle()
    return connected
  }
  return { clock, errors, sessions, byId, subscribed, released, lost, resumed, connect, greet }
}

describe('a connection', () => {
  test('is counted from the start, and ready with its hello', async () => {
    const { sessions, byId, connect, clock } = setUp()
    const { socket, say } = connect()
    expect([sessions.count, byId.size]).toEqual([1, 0])
    say(hello())
    await clock.settle()
    expect([socket.of('welcome').length, byId.size]).toEqual([1, 1])
  })

  test('that says no hello in time is closed with 4006', async () => {
    const { clock, connect, sessions } = setUp({ handshakeTimeoutMs: 3_000 })
    const { socket } = connect()
    await clock.advance(2_999)
    expect(socket.closes).toEqual([])
    await clock.advance(1)
    expect(socket.closes).toEqual([{ code: 4006, reason: 'handshake_timeout: no hello in 3000 ms' }])
    expect([sessions.count, clock.pending]).toEqual([0, 0])
  })

  test('whose check takes too long is closed with 4006 too, and its late yes is not heard', async () => {
    let answer: (user: HubUser) => void = () => {}
    const authenticate = () =>
      new Promise<HubUser>((resolve) => {
        answer = resolve
      })
    const { clock, connect, byId } = setUp({ handshakeTimeoutMs: 3_000, authenticate })
    const { socket, say } = connect()
    say(hello())
    await clock.advance(3_000)
    answer({ id: 'ann' })
    await clock.settle()
    expect(socket.closes).toMatchObject([{ code: 4006 }])
    expect([socket.frames, byId.size, clock.pending]).toEqual([[], 0, 0])
  })

  test('that is ready is not closed by the deadline of its hello', async () => {
    const { clock, greet } = setUp({ handshakeTimeoutMs: 3_000 })
    const { socket } = await greet()
    await clock.advance(5_000)
    expect(socket.closes).toEqual([])
  })

  test('that was taken over loses only itself', async () => {
    const { greet, byId, released, sessions } = setUp()
    const older = await greet()
    const newer = await greet()
    older.handlers.closed()
    expect(older.socket.closes).toMatchObject([{ code: 4506 }])
    expect([newer.socket.closes, byId.size, released.length, sessions.count]).toEqual([[], 1, 1, 1])
  })

  test('that could not take another over leaves the other one known', async () => {
    const users = ['ann', 'eve', 'ann']
    const { greet, byId } = setUp({ authenticate: async () => ({ id: users.shift()! }) })
    const owner = await greet()
    const thief = await greet()
    expect(thief.socket.closes).toMatchObject([{ code: 4503 }])
    expect([owner.socket.closes, byId.size]).toEqual([[], 1])
    await greet()
    expect(owner.socket.closes).toMatchObject([{ code: 4506 }])
  })

  test('that goes away is forgotten, with its channels and its timers', async () => {
    const { clock, greet, sessions, byId, released } = setUp()
    const { handlers, socket } = await greet()
    handlers.closed()
    handlers.closed()
    expect([sessions.count, byId.size, released.length, clock.pending]).toEqual([0, 0, 1, 0])
    expect(socket.closes).toEqual([])
  })
})

describe('whoever is present', () => {
  test.each([
    ['its own', (handlers: SessionHandlers) => handlers.closed(1001), false],
    ['a broken frame', (handlers: SessionHandlers) => handlers.received('rubbish'), true],
  ])(
    'is told of a connection that ends by %s, and whether it will come back',
    async (_name, end, isSentAway) => {
      const { greet, lost, resumed } = setUp()
      const { handlers } = await greet()
      end(handlers)
      expect([resumed.length, lost]).toEqual([1, [[resumed[0], isSentAway]]])
    },
  )

  test('is not told of a connection that was never ready, and of one that was replaced that it may come back', async () => {
    const { connect, greet, lost } = setUp()
    connect().handlers.closed()
    expect(lost).toEqual([])
    await greet()
    await greet()
    expect(lost).toMatchObject([[expect.any(String), false]])
  })
})

describe('limits', () => {
  test('so many connections are let in, and one that comes all the same is closed with 4005', async () => {
    const { connect, sessions } = setUp({ maxConnections: 2 })
    const first = connect()
    connect()
    expect(sessions.status).toBe('full')
    const third = connect()
    expect(third.socket.closes).toMatchObject([{ code: 4005 }])
    first.handlers.closed()
    expect([sessions.status, sessions.count]).toEqual(['ok', 1])
  })

  test('so many sessions of a user are let in, and one more is closed with 4504', async () => {
    const { greet, byId } = setUp({ maxSessionsPerUser: 2, authenticate: async () => ({ id: 'ann' }) })
    const [first] = [await greet('a'), await greet('b')]
    const third = await greet('c')
    expect(third.socket.closes).toMatchObject([{ code: 4504 }])
    expect(byId.ofUser('ann')).toHaveLength(2)
    first.handlers.closed()
    expect((await greet('d')).socket.closes).toEqual([])
  })

  test('a session that connects anew does not count twice', async () => {
    const { greet } = setUp({ maxSessionsPerUser: 1, authenticate: async () => ({ id: 'ann' }) })
    await greet('a')
    expect((await greet('a')).socket.closes).toEqual([])
  })

  test.each([
    [0, 1],
    [1, 0],
    [2, 3],
  ])('a publication numbered %i with base %i ends the session with 4501', async (n, base) => {
    const { greet } = setUp()
    const { say, socket } = await greet()
    say(['pub', n, base, 'lobby', 'said', {}])
    expect(socket.closes).toMatchObject([{ code: 4501 }])
  })
})

describe('a drain', () => {
  test('tells each session when to come back, takes no more, and ends when all have gone', async () => {
    const { connect, greet, sessions, clock } = setUp()
    const [one, other] = [await greet('a'), await greet('b')]
    const waiting = connect()
    let isOver = false
    const over = sessions.drain(10_000, 5_000).then(() => {
      isOver = true
    })
    expect(one.socket.of('bye')).toEqual([['bye', 'draining', { afterMs: [0, 10_000] }]])
    expect(waiting.socket.closes).toMatchObject([{ code: 4000 }])
    expect(connect().socket.closes).toMatchObject([{ code: 4000 }])
    expect(sessions.status).toBe('draining')
    one.handlers.closed()
    await clock.settle()
    expect(isOver).toBe(false)
    other.handlers.closed()
    await over
    expect([isOver, clock.pending]).toEqual([true, 0])
  })

  test('closes with 4000 who is left after the last moment and the grace', async () => {
    const { greet, sessions, clock } = setUp()
    const { socket, say } = await greet()
    const over = sessions.drain(10_000, 5_000)
    await clock.advance(14_999)
    say(['ping', 1])
    expect([socket.of('pong'), socket.closes]).toEqual([[['pong', 1, expect.any(Number)]], []])
    await clock.advance(1)
    await over
    expect(socket.closes).toMatchObject([{ code: 4000 }])
    expect(clock.pending).toBe(0)
  })

  test('of a hub without sessions is over at once', async () => {
    const { sessions, clock } = setUp()
    await sessions.drain(10_000, 5_000)
    expect(clock.pending).toBe(0)
  })
})

describe('a frame before the welcome', () => {
  test('ends the connection with 4501', () => {
    const { connect, errors } = setUp()
    const { socket, say } = connect()
    say(['sub', 1, 'lobby'])
    expect(socket.closes).toMatchObject([{ code: 4501 }])
    expect(errors).toMatchObject([{ code: 'bad_frame', stage: 'frame' }])
  })

  test('ends it also while the app is asked who it is', async () => {
    const { connect, subscribed, clock } = setUp({ authenticate: async () => ({ id: 'ann' }) })
    const { socket, say } = connect()
    say([hello(), ['sub', 1, 'lobby']])
    await clock.settle()
    expect(socket.closes).toMatchObject([{ code: 4501 }])
    expect([socket.frames, subscribed]).toEqual([[], []])
  })
})

test('an unknown frame before the welcome is ignored: nothing comes before that', async () => {
  const { connect, clock, errors } = setUp()
  const { say, socket } = connect()
  say(['early'])
  say([['early'], hello()])
  say(['early'])
  await clock.settle()
  expect([socket.frames.map(([type]) => type), socket.closes, errors]).toEqual([['welcome'], [], []])
  say(['late'])
  expect([socket.of('err').length, errors.length]).toEqual([1, 1])
})

describe('a ready session', () => {
  test('has each frame of a batch taken in order', async () => {
    const { greet, subscribed } = setUp()
    const { say, socket } = await greet()
    say([
      ['sub', 1, 'lobby'],
      ['ping', 5],
      ['sub', 2, 'inbox/a'],
    ])
    expect(subscribed).toEqual([
      ['sub', 1, 'lobby'],
      ['sub', 2, 'inbox/a'],
    ])
    expect(socket.of('pong')).toEqual([['pong', 5, expect.any(Number)]])
  })

  test('has an unknown frame answered with unknown_frame and goes on', async () => {
    const { greet, subscribed, errors } = setUp()
    const { say, socket } = await greet()
    say([['brandNew', 1, 2], ['sub', 1, 'lobby'], ['x'.repeat(100_000)]])
    expect(socket.of('err')).toMatchObject([
      ['err', null, 'unknown_frame', expect.stringContaining('brandNew')],
      ['err', null, 'unknown_frame', expect.any(String)],
    ])
    expect(socket.messages.at(-1)!.length).toBeLessThan(200)
    expect([subscribed.length, socket.closes]).toEqual([1, []])
    expect(errors).toMatchObject([{ code: 'unknown_frame', stage: 'frame' }])
  })

  test('has an unknown type answered once for a message, however often it is in there', async () => {
    const { greet, errors } = setUp()
    const { say, socket } = await greet()
    say([['new'], ['other'], ...Array.from({ length: 1_000 }, () => ['new'])])
    expect(socket.of('err').length).toBe(2)
    say(['new'])
    expect(socket.of('err').length).toBe(3)
    expect(errors).toMatchObject([{ code: 'unknown_frame' }])
  })

  test('is closed when it says hello again', async () => {
    const { greet } = setUp()
    const { say, socket } = await greet()
    say(hello())
    expect(socket.closes).toMatchObject([{ code: 4501 }])
  })

  test('is watched for silence, and leaves no timer when it is given up', async () => {
    const { clock, greet, sessions } = setUp({ pingMs: 1_000, pongMs: 300 })
    const { socket, say } = await greet()
    await clock.advance(800)
    expect(socket.of('ping')).toHaveLength(1)
    say(['pong'])
    await clock.advance(300)
    expect(socket.closes).toEqual([])
    await clock.advance(10_000)
    expect(socket.closes).toMatchObject([{ code: 4001 }])
    expect([sessions.count, clock.pending]).toEqual([0, 0])
  })
})

describe('hostile input', () => {
  const nested = '['.repeat(10_000) + ']'.repeat(10_000)

  test.each([
    ['no JSON', 'hello?'],
    ['an empty message', ''],
    ['no array', '{"type":"sub"}'],
    ['an empty array', '[]'],
    ['a batch with something else in it', '[["ping"],5]'],
    ['a type that is no text', '[5]'],
    ['a wrong shape', '["sub","one","lobby"]'],
    ['a missing element', '["sub",1]'],
    ['a __proto__ key', '["enter",1,"lobby",{"__proto__":{"admin":true}}]'],
    ['10,000 levels', nested],
  ])('ends the session with 4501, reported once: %s', async (_name, message) => {
    const { greet, errors } = setUp()
    const [{ say, socket }, other] = [await greet('a'), await greet('b')]
    say(message)
    say(message)
    say([['ping', 1], ['brandNew']])
    expect(socket.closes).toMatchObject([{ code: 4501, reason: expect.stringMatching(/^bad_frame: /) }])
    expect(errors).toMatchObject([
      { code: 'bad_frame', stage: 'frame', client: expect.stringMatching(/^.{16}$/) },
    ])
    expect([socket.of('pong'), other.socket.closes]).toEqual([[], []])
  })

  test('takes nothing of a batch in which one frame has a wrong shape', async () => {
    const { greet, subscribed } = setUp()
    const { say } = await greet()
    say('[["sub",1,"lobby"],["sub","x","lobby"]]')
    expect(subscribed).toEqual([])
  })

  test('is judged before hello too', () => {
    const { connect, errors } = setUp()
    const { socket, say } = connect()
    say(nested)
    expect(socket.closes).toMatchObject([{ code: 4501 }])
    expect(errors).toHaveLength(1)
    expect(errors[0]!.client).toBeUndefined()
  })

  test('that the transport refuses ends the session with a code for it, reported once', async () => {
    for (const [code, close] of [
      ['too_large', 4505],
      ['bad_frame', 4501],
    ] as const) {
      const { greet, errors } = setUp()
      const { handlers, socket } = await greet()
      handlers.failed(new SyncError(code, 'refused'))
      handlers.failed(new SyncError(code, 'refused again'))
      expect(socket.closes).toMatchObject([{ code: close }])
      expect(errors).toMatchObject([{ code, message: 'refused' }])
    }
  })
})

test('the end of the hub closes every session with 1001 and takes no more', async () => {
  const { clock, connect, greet, sessions } = setUp()
  const [ready, waiting] = [await greet(), connect()]
  sessions.close()
  const late = connect()
  for (const { socket } of [ready, waiting, late]) expect(socket.closes).toMatchObject([{ code: 1001 }])
  late.say(hello('b'))
  late.handlers.closed()
  await clock.settle()
  expect([late.socket.frames, sessions.count, clock.pending]).toEqual([[], 0, 0])
})

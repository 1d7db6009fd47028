import { createHash } from 'node:crypto'
import { defineRegistry } from 'syncline'
import type { Credentials, HubSettings, HubUser } from 'syncline/server'
import { describe, expect, test } from 'vitest'
import type { HelloOptions } from '../../../src/protocol/frames.ts'
import { Directory } from '../../../src/server/directory.ts'
import { type HandshakeParts, shakeHands } from '../../../src/server/handshake.ts'
import { Session } from '../../../src/server/session.ts'
import { SyncError } from '../../../src/shared/errors.ts'
import { registry } from '../../support/challenge-registry.ts'
import { FakeSessionSocket, fakeSettings } from '../../support/fake-sessions.ts'

const secretOf = (letter: string) => letter.repeat(26)
const publicIdOf = (secret: string) => createHash('sha256').update(secret).digest('base64url').slice(0, 16)
const request = { url: '/sync?a=1', headers: { cookie: 'c=1' } }

function setUp(options: Partial<HubSettings & Pick<HandshakeParts, 'authenticate' | 'registry'>> = {}) {
  const { authenticate, registry: of = registry, ...rest } = options
  const { settings, errors, clock } = fakeSettings(rest)
  const parts: HandshakeParts = { registry: of, settings, authenticate, directory: new Directory() }
  const greet = (hello: Partial<HelloOptions> = {}) => {
    const socket = new FakeSessionSocket()
    const session = new Session(socket, settings, request)
    session.machine.send('hello')
    const options = { registry: [of.version, of.hash] as [number, string], session: secretOf('a'), ...hello }
    const done = shakeHands(session, options, parts).then(Boolean)
    return { session, socket, done }
  }
  return { parts, greet, errors, clock, settings }
}

test("an expired token is told apart from one that is nobody's, so that the client asks for a new one", async () => {
  const authenticate = () => {
    throw new SyncError('token_expired', 'It ended at noon')
  }
  const { greet, errors } = setUp({ authenticate })
  const { socket, done } = greet()
  expect(await done).toBe(false)
  expect(socket.closes).toEqual([{ code: 4004, reason: 'token_expired: the token has expired' }])
  expect(errors).toEqual([])
})

describe('a client that is let in', () => {
  test('is welcomed with its public id and what the hub runs with', async () => {
    const { greet, parts, clock } = setUp({ pingMs: 1_000, pongMs: 200, maxMessageBytes: 5_000 })
    const { session, socket, done } = greet()
    expect(await done).toBe(true)
    const client = publicIdOf(secretOf('a'))
    expect(socket.frames).toEqual([
      [
        'welcome',
        {
          client,
          resumed: false,
          pingMs: 1_000,
          pongMs: 200,
          maxBytes: 5_000,
          time: clock.now(),
          registry: [registry.version, registry.hash],
        },
      ],
    ])
    expect([session.machine.state, session.id, parts.directory.get(client)]).toEqual([
      'ready',
      client,
      session,
    ])
  })

  test('is a guest under its public id where nobody is asked', async () => {
    const { greet } = setUp()
    const { session, done } = greet()
    await done
    expect(session.user).toEqual({ id: session.id })
  })

  test('is whoever the app says, by its token and its request', async () => {
    const asked: Credentials[] = []
    const user = { id: 'ann', team: 7 }
    const { greet } = setUp({
      authenticate: async (credentials) => {
        asked.push(credentials)
        return user
      },
    })
    const { session, done } = greet({ token: 't' })
    await done
    expect(session.user).toBe(user)
    expect(asked).toEqual([{ token: 't', request }])
  })

  test('may have another hash of the registry, and a newer version', async () => {
    const { greet } = setUp()
    expect(await greet({ registry: [99, 'other'] }).done).toBe(true)
  })
})

describe('a client is turned away', () => {
  test.each([
    ['null', null],
    ['undefined', undefined],
  ])('with 4500 when the app answers %s', async (_name, nobody) => {
    const { greet, errors, parts } = setUp({ authenticate: () => nobody })
    const { session, socket, done } = greet()
    expect(await done).toBe(false)
    expect(socket.closes).toEqual([{ code: 4500, reason: 'unauthorized: the credentials were not accepted' }])
    expect([socket.frames, errors, parts.directory.size, session.user]).toEqual([[], [], 0, undefined])
  })

  test('with 4500 when the app throws a final SyncError, whose words stay here', async () => {
    const { greet, errors } = setUp({
      authenticate: () => Promise.reject(new SyncError('unauthorized', 'hunter2')),
    })
    const { socket, done } = greet()
    await done
    expect([socket.closes, errors]).toEqual([
      [{ code: 4500, reason: 'unauthorized: the credentials were not accepted' }],
      [],
    ])
  })

  test.each([
    [
      'throws',
      () => {
        throw new Error('hunter2')
      },
    ],
    ['rejects', () => Promise.reject(new Error('hunter2'))],
    ['rejects with a SyncError that may pass', () => Promise.reject(new SyncError('unavailable', 'hunter2'))],
  ])(
    'with 4003, to come back, when the check %s: it is reported and nothing of it travels',
    async (_name, authenticate) => {
      const { greet, errors } = setUp({ authenticate })
      const { session, socket, done } = greet()
      expect(await done).toBe(false)
      expect(socket.closes).toEqual([
        { code: 4003, reason: 'internal: the credentials could not be checked' },
      ])
      expect(socket.messages).toEqual([])
      expect(errors).toMatchObject([
        { code: 'internal', stage: 'authenticate', client: session.id, cause: { message: 'hunter2' } },
      ])
    },
  )

  test('with 4502, before the app is asked, when its registry is older than the hub serves', async () => {
    let asked = 0
    const of = defineRegistry({}, { version: 5, minVersion: 3 })
    const { greet } = setUp({ registry: of, authenticate: () => void asked++ })
    const { socket, done } = greet({ registry: [2, of.hash] })
    expect(await done).toBe(false)
    expect(socket.closes).toEqual([
      { code: 4502, reason: 'upgrade_required: the registry must be at version 3 or later' },
    ])
    expect(asked).toBe(0)
    expect((await greet({ registry: [3, 'x'] }).done) || asked).toBe(1)
  })
})

describe('a session that exists already', () => {
  const byToken = ({ token }: Credentials): HubUser => ({ id: token ?? 'nobody' })

  test('is taken over by the same user, and the older connection ends with 4506', async () => {
    const { greet, parts } = setUp({ authenticate: byToken })
    const older = greet({ token: 'ann' })
    await older.done
    const newer = greet({ token: 'ann' })
    expect(await newer.done).toBe(true)
    expect(older.socket.closes).toEqual([
      { code: 4506, reason: 'replaced: the session has a newer connection' },
    ])
    expect(newer.socket.frames[0]).toMatchObject(['welcome', { resumed: true }])
    expect([parts.directory.size, parts.directory.get(newer.session.id)]).toEqual([1, newer.session])
  })

  test('is not taken over by another user, who is turned away with 4503', async () => {
    const { greet, parts } = setUp({ authenticate: byToken })
    const older = greet({ token: 'ann' })
    await older.done
    const thief = greet({ token: 'eve' })
    expect(await thief.done).toBe(false)
    expect(thief.socket.closes).toEqual([
      { code: 4503, reason: 'forbidden: this session belongs to another user' },
    ])
    expect([older.socket.closes, parts.directory.get(older.session.id)]).toEqual([[], older.session])
  })

  test('is not touched by another secret', async () => {
    const { greet, parts } = setUp()
    const one = greet({ session: secretOf('a') })
    const other = greet({ session: secretOf('b') })
    await Promise.all([one.done, other.done])
    expect([one.socket.closes, parts.directory.size]).toEqual([[], 2])
  })
})

describe('a session that goes away while the app is asked', () => {
  test.each([
    ['lets it in', (answer: (user: HubUser | null) => void) => answer({ id: 'ann' })],
    ['turns it away', (answer: (user: HubUser | null) => void) => answer(null)],
  ])('stays gone when the app %s later', async (_name, decide) => {
    let answer: (user: HubUser | null) => void = () => {}
    const { greet, parts } = setUp({
      authenticate: () =>
        new Promise((resolve) => {
          answer = resolve
        }),
    })
    const { session, socket, done } = greet()
    session.lost()
    decide(answer)
    expect(await done).toBe(false)
    expect([socket.frames, socket.closes, parts.directory.size, session.machine.state]).toEqual([
      [],
      [],
      0,
      'closed',
    ])
  })

  test('ends no other connection of the session', async () => {
    const answers: ((user: HubUser) => void)[] = []
    const { greet } = setUp({ authenticate: () => new Promise((resolve) => answers.push(resolve)) })
    const gone = greet()
    const there = greet()
    answers[1]!({ id: 'ann' })
    await there.done
    gone.session.lost()
    answers[0]!({ id: 'ann' })
    await gone.done
    expect([there.socket.closes, there.session.machine.state]).toEqual([[], 'ready'])
  })
})

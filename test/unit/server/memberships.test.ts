import { describe, expect, test, vi } from 'vitest'
import type { SubOptions } from '../../../src/protocol/frames.ts'
import { encodeBody } from '../../../src/server/fan-out.ts'
import { Memberships } from '../../../src/server/memberships.ts'
import type { HubSettings } from '../../../src/server/options.ts'
import { SyncError } from '../../../src/shared/errors.ts'
import { registry } from '../../support/challenge-registry.ts'
import { readySession } from '../../support/fake-sessions.ts'
import { hubParts } from '../../support/hub-parts.ts'

/** Serves `lobby` and `inbox` to everyone they are for; `game` as the test says; nothing else. */
function setUp(options: Partial<HubSettings> = {}) {
  const parts = hubParts(registry, options)
  const { clock, settings, errors, watched, served, rooms } = parts
  const decisions: { params: unknown; decide: (answer: boolean | Promise<never>) => void }[] = []
  served.add('lobby', {})
  served.add('inbox', {})
  served.add('game', {
    authorize: ({ params }) => new Promise((resolve) => decisions.push({ params, decide: resolve as never })),
  })
  const memberships = new Memberships(parts)
  const join = (id = 'ann') => {
    const { session, socket } = readySession(settings, { id })
    session.onEnd = () => memberships.releaseAll(session)
    const sub = (ref: number, name: string, of?: SubOptions) =>
      memberships.subscribe(session, of ? ['sub', ref, name, of] : ['sub', ref, name])
    const unsub = (ref: number, name: string) => memberships.unsubscribe(session, ['unsub', ref, name])
    return { session, socket, sub, unsub }
  }
  const publish = (name: string, text: string) =>
    watched.append(name, encodeBody({ time: 0, sender: null, name: 'said', data: { text } }))
  return { clock, errors, watched, rooms, decisions, join, publish }
}

describe('a subscription', () => {
  test('is answered with where the log stands, then it is live, then come the events', async () => {
    const { join, publish } = setUp()
    const { socket, sub } = join()
    const top = await publish('lobby', 'before')
    await sub(1, 'lobby')
    await publish('lobby', 'after')
    const position = [top.epoch, 1, top.tag]
    expect(socket.frames).toEqual([
      ['subscribed', 1, 1, { position, recovered: null }],
      ['live', 1],
      ['ev', 1, 2, expect.any(String), top.tag, 0, null, 'said', { text: 'after' }],
    ])
  })

  test('follows the log once for many sessions, and lets go of it with the last', async () => {
    const { join, watched, publish } = setUp()
    const [a, b] = [join('ann'), join('bob')]
    await Promise.all([a.sub(1, 'lobby'), b.sub(1, 'lobby')])
    await publish('lobby', 'hi')
    expect([a.socket.of('ev').length, b.socket.of('ev').length]).toEqual([1, 1])
    expect(watched.calls).toEqual(['subscribe lobby', 'read lobby'])
    a.unsub(2, 'lobby')
    expect(watched.following).toBe(1)
    b.session.lost()
    expect(watched.following).toBe(0)
    await publish('lobby', 'nobody')
    expect(a.socket.of('ev')).toHaveLength(1)
  })

  test('tells of the last position whether anything was missed, and why', async () => {
    const { join, publish, clock } = setUp()
    const { sub, socket } = join()
    const first = await publish('lobby', 'a')
    const { epoch, offset, tag } = await publish('lobby', 'b')
    await sub(1, 'lobby', { since: [epoch, offset, tag] })
    await sub(2, 'lobby', { since: ['other', offset, tag] })
    await sub(3, 'lobby', { since: [epoch, 1, 'x'] })
    const ahead = sub(4, 'lobby', { since: [epoch, 9, 'x'] })
    await clock.advance(2_000)
    await ahead
    await sub(5, 'lobby', { since: [epoch, offset, 'fork'] })
    expect(socket.of('ev')).toEqual([])
    await sub(6, 'lobby', { since: [epoch, 1, first.tag] })
    const told = socket.of('subscribed').map(([, , , options]) => {
      const { recovered, reason } = options as { recovered: boolean; reason?: string }
      return [recovered, reason]
    })
    expect(told).toEqual([
      [true, undefined],
      [false, 'epoch'],
      [false, 'rollback'],
      [false, 'rollback'],
      [false, 'rollback'],
      [true, undefined],
    ])
    expect(socket.frames.slice(-3)).toEqual([
      ['subscribed', 6, 6, { position: [epoch, 2, tag], recovered: true }],
      ['ev', 6, 2, tag, first.tag, 0, null, 'said', { text: 'b' }],
      ['live', 6],
    ])
  })

  test('of the same channel replaces the one before, which is given back', async () => {
    const { join, watched, publish } = setUp()
    const { socket, sub } = join()
    await sub(1, 'lobby')
    await sub(2, 'lobby')
    await publish('lobby', 'once')
    expect(socket.brief.slice(-3)).toEqual(['subscribed 2 2', 'live 2', 'ev 2 1'])
    expect([socket.of('ev').length, socket.of('err').length, watched.following]).toEqual([1, 0, 1])
  })
})

describe('a channel is refused', () => {
  test('with unknown_channel when no pattern writes its name, and the name is cut short', async () => {
    const { join, errors } = setUp()
    const { socket, sub } = join()
    await sub(1, `${'x'.repeat(5_000)}`)
    expect(socket.brief).toEqual(['err 1 unknown_channel'])
    expect(socket.messages[0]!.length).toBeLessThan(300)
    expect(errors).toEqual([])
  })

  test("with forbidden when it is another user's own", async () => {
    const { join, watched } = setUp()
    const { socket, sub } = join('ann')
    await sub(1, 'inbox/ann')
    await sub(2, 'inbox/bob')
    expect(socket.brief).toEqual(['subscribed 1 1', 'live 1', 'err 2 forbidden'])
    expect(watched.calls).not.toContain('subscribe inbox/bob')
  })

  test('with forbidden when the app says no', async () => {
    const { join, decisions, errors, watched } = setUp()
    const { socket, sub } = join()
    const done = sub(1, 'game/ABC')
    expect(decisions[0]!.params).toEqual({ code: 'ABC' })
    decisions[0]!.decide(false)
    await done
    expect(socket.brief).toEqual(['err 1 forbidden'])
    expect([errors, watched.calls]).toEqual([[], []])
  })

  test('with internal when the check fails: the cause is reported here and does not travel', async () => {
    const { join, decisions, errors } = setUp()
    const { socket, sub } = join()
    const done = sub(1, 'game/ABC')
    decisions[0]!.decide(Promise.reject(new Error('hunter2')))
    await done
    expect(socket.brief).toEqual(['err 1 internal'])
    expect(socket.messages.join()).not.toContain('hunter2')
    expect(errors).toMatchObject([{ code: 'internal', stage: 'authorize', cause: { message: 'hunter2' } }])
  })

  test('with the code and the words of the app when it throws its own SyncError', async () => {
    const { join, decisions, errors } = setUp()
    const { socket, sub } = join()
    const done = sub(1, 'game/ABC')
    decisions[0]!.decide(Promise.reject(new SyncError('not_found', 'No such game')))
    await done
    expect([socket.frames, errors]).toEqual([[['err', 1, 'not_found', 'No such game']], []])
  })

  test('with limit_exceeded when as many are held as may be, until one is given up', async () => {
    const { join } = setUp({ maxChannels: 2 })
    const { socket, sub, unsub } = join()
    await sub(1, 'lobby')
    await sub(2, 'inbox/ann')
    await sub(3, 'game/ABC')
    expect(socket.brief.at(-1)).toBe('err 3 limit_exceeded')
    await sub(4, 'lobby')
    unsub(5, 'inbox/ann')
    await sub(6, 'inbox/ann')
    expect(socket.of('err')).toHaveLength(1)
    expect(socket.of('subscribed')).toHaveLength(4)
  })
})

describe('while the app is deciding', () => {
  test('a newer request for the channel has the older one answered with aborted, and its late yes changes nothing', async () => {
    const { join, decisions, watched } = setUp()
    const { socket, sub } = join()
    const [first, second] = [sub(1, 'game/ABC'), sub(2, 'game/ABC')]
    expect(socket.brief).toEqual(['err 1 aborted'])
    decisions[0]!.decide(true)
    await first
    expect([socket.frames.length, watched.calls]).toEqual([1, []])
    decisions[1]!.decide(true)
    await second
    expect(socket.brief.slice(1)).toEqual(['subscribed 2 1', 'live 1'])
  })

  test('the late failure of a replaced request is not answered a second time', async () => {
    const { join, decisions } = setUp()
    const { socket, sub } = join()
    const [first, second] = [sub(1, 'game/ABC'), sub(2, 'game/ABC')]
    decisions[0]!.decide(Promise.reject(new Error('late')))
    await first
    await vi.waitFor(() => expect(decisions).toHaveLength(2))
    decisions[1]!.decide(true)
    await second
    expect(socket.frames.map(([type]) => type)).toEqual(['err', 'subscribed', 'live'])
  })

  test('asks the app once at a time for each name, however often a client asks', async () => {
    const { join, decisions } = setUp()
    const { socket, sub, unsub } = join()
    const all: unknown[] = []
    for (let ref = 1; ref <= 100; ref++) {
      all.push(sub(ref, 'game/ABC'))
      if (ref % 2 === 0 && ref < 100) unsub(1_000 + ref, 'game/ABC')
    }
    expect(decisions).toHaveLength(1)
    decisions[0]!.decide(true)
    await vi.waitFor(() => expect(decisions).toHaveLength(2))
    decisions[1]!.decide(true)
    await Promise.all(all)
    expect(decisions).toHaveLength(2)
    expect(socket.brief.filter((line) => line.startsWith('subscribed'))).toHaveLength(1)
  })

  test('counts what was given up until the app has decided', async () => {
    const { join, decisions } = setUp({ maxChannels: 3 })
    const { socket, sub, unsub } = join()
    const all = ['A', 'B', 'C', 'D'].map((code, i) => {
      const done = sub(i, `game/${code}`)
      unsub(10 + i, `game/${code}`)
      return done
    })
    expect(decisions).toHaveLength(3)
    expect(socket.brief).toContain('err 3 limit_exceeded')
    for (const { decide } of decisions) decide(true)
    await Promise.all(all)
    const done = sub(20, 'game/D')
    decisions[3]!.decide(true)
    await done
    expect(socket.brief.at(-1)).toMatch(/^live/)
  })

  test('a channel that is refused for the limit leaves what is being decided counted', async () => {
    const { join, decisions } = setUp({ maxChannels: 1 })
    const { sub, unsub } = join()
    void sub(1, 'game/A')
    for (let ref = 2; ref < 40; ref += 2) {
      void sub(ref, 'game/A')
      unsub(1_000 + ref, 'game/A')
      void sub(ref + 1, 'game/B')
    }
    await Promise.resolve()
    expect(decisions).toHaveLength(1)
  })

  test('a full session may leave a channel and come back to it at once', async () => {
    const { join, decisions } = setUp({ maxChannels: 1 })
    const { socket, sub, unsub } = join()
    void sub(1, 'game/A')
    unsub(2, 'game/A')
    const back = sub(3, 'game/A')
    decisions[0]!.decide(true)
    await vi.waitFor(() => expect(decisions).toHaveLength(2))
    decisions[1]!.decide(true)
    await back
    expect(socket.brief.at(-1)).toMatch(/^live/)
  })

  test('a check that hangs is given up, and the next one is asked', async () => {
    const { join, decisions, clock, errors } = setUp({ decisionTimeoutMs: 1_000 })
    const { socket, sub } = join()
    const first = sub(1, 'game/A')
    await clock.advance(1_000)
    await first
    expect(socket.brief).toEqual(['err 1 unavailable'])
    expect(errors).toMatchObject([{ code: 'unavailable', stage: 'authorize', channel: 'game/A' }])
    const second = sub(2, 'game/A')
    decisions[0]!.decide(true)
    decisions[1]!.decide(true)
    await second
    expect(socket.brief.filter((line) => line.startsWith('subscribed'))).toHaveLength(1)
    expect(clock.pending).toBe(0)
  })

  test('an unsub answers both, and nothing is held', async () => {
    const { join, decisions, watched } = setUp()
    const { socket, sub, unsub } = join()
    const done = sub(1, 'game/ABC')
    unsub(2, 'game/ABC')
    expect(socket.brief).toEqual(['err 1 aborted', 'unsubscribed null 2'])
    decisions[0]!.decide(true)
    await done
    expect([socket.frames.length, watched.calls]).toEqual([2, []])
  })

  test('an unsub while the log is not followed yet names no number, as none was given', async () => {
    const { join, watched } = setUp()
    const { socket, sub, unsub } = join()
    const go = watched.hold('subscribe')
    const done = sub(1, 'lobby')
    await vi.waitFor(() => expect(watched.calls).toEqual(['subscribe lobby']))
    unsub(2, 'lobby')
    go()
    await done
    expect(socket.brief).toEqual(['err 1 aborted', 'unsubscribed null 2'])
    await vi.waitFor(() => expect(watched.following).toBe(0))
  })

  test('a session that goes away leaves nothing behind', async () => {
    const { join, decisions, watched } = setUp()
    const { session, socket, sub } = join()
    const done = sub(1, 'game/ABC')
    session.lost()
    decisions[0]!.decide(true)
    await done
    expect([socket.frames, watched.calls]).toEqual([[], []])
  })
})

describe('while the log is not followed yet', () => {
  test('an unsub gives the channel back as soon as it is followed', async () => {
    const { join, watched, clock } = setUp()
    const release = watched.hold('subscribe')
    const { socket, sub, unsub } = join()
    const done = sub(1, 'lobby')
    await clock.settle()
    unsub(2, 'lobby')
    release()
    await done
    await clock.settle()
    expect(socket.frames.map(([type]) => type)).toEqual(['err', 'unsubscribed'])
    expect(watched.following).toBe(0)
  })

  test('a session that goes away leaves the others waiting', async () => {
    const { join, watched, clock } = setUp()
    const release = watched.hold('read')
    const [gone, there] = [join('ann'), join('bob')]
    const done = [gone.sub(1, 'lobby'), there.sub(1, 'lobby')]
    await clock.settle()
    gone.session.lost()
    release()
    await Promise.all(done)
    expect([gone.socket.frames, there.socket.of('live')]).toEqual([[], [['live', 1]]])
    expect(watched.following).toBe(1)
  })
})

test.each(['subscribe', 'read'] as const)(
  'a log that cannot be followed (%s) is answered with unavailable, reported with its cause, and tried anew by the next',
  async (method) => {
    const { join, watched, errors } = setUp()
    const { socket, sub } = join()
    watched.failNext(method, new Error('redis://user:hunter2 is gone'))
    await sub(1, 'lobby')
    expect(socket.brief).toEqual(['err 1 unavailable'])
    expect(socket.messages.join()).not.toContain('hunter2')
    expect(errors).toMatchObject([
      {
        code: 'unavailable',
        stage: 'deliver',
        channel: 'lobby',
        client: 'client of ann',
        cause: expect.any(Error),
      },
    ])
    expect(watched.following).toBe(0)
    await sub(2, 'lobby')
    expect(socket.of('live')).toHaveLength(1)
  },
)

describe('a slow consumer', () => {
  test('that its own answer cuts off holds nothing, also where others hold the channel', async () => {
    const { join, watched, rooms } = setUp()
    const [there, slow] = [join('ann'), join('bob')]
    await there.sub(1, 'lobby')
    slow.socket.bufferedBytes = Number.POSITIVE_INFINITY
    await slow.sub(1, 'lobby')
    expect(slow.socket.closes).toMatchObject([{ code: 4002 }])
    const room = rooms.hold('lobby')
    expect([...room.sessions]).toEqual([there.session])
    rooms.release(room)
    there.unsub(2, 'lobby')
    expect(watched.following).toBe(0)
  })

  test('that is cut off by the answer to a replaced request asks for nothing more', async () => {
    const { join, decisions, watched } = setUp()
    const { session, socket, sub } = join()
    void sub(1, 'game/ABC')
    socket.bufferedBytes = Number.POSITIVE_INFINITY
    await sub(2, 'game/ABC')
    expect([session.machine.state, decisions.length, watched.calls]).toEqual(['closed', 1, []])
  })
})

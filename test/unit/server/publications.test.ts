import { channel, defineRegistry } from 'syncline'
import { describe, expect, test } from 'vitest'
import * as z from 'zod'
import type { PubFrame } from '../../../src/protocol/frames.ts'
import type { AnyHandlers } from '../../../src/server/handlers.ts'
import { Publications } from '../../../src/server/publications.ts'
import { SyncError } from '../../../src/shared/errors.ts'
import { readySession } from '../../support/fake-sessions.ts'
import { hubParts } from '../../support/hub-parts.ts'

const registry = defineRegistry({
  room: channel('room/:id', {
    events: { closed: z.object({}) },
    clientEvents: {
      said: z.object({ text: z.string() }),
      later: z.object({ at: z.iso.date().transform((at) => new Date(at)) }),
    },
  }),
  inbox: channel('inbox/:user', { clientEvents: { noted: z.object({}) } }),
})

function setUp(handlers: AnyHandlers = {}, options = {}) {
  const parts = hubParts(registry, options)
  parts.served.add('room', handlers)
  parts.served.add('inbox', {})
  const publications = new Publications(parts)
  const { session, socket } = readySession(parts.settings)
  const publish = (
    n: number,
    fields: Partial<{ base: number; name: string; event: string; data: unknown; ageMs: number }> = {},
  ) => {
    const { base = n, name = 'room/1', event = 'said', data = { text: `text ${n}` }, ageMs } = fields
    const frame: PubFrame = ['pub', n, base, name, event, data]
    if (ageMs !== undefined) frame[6] = ageMs
    publications.publish(session, frame)
  }
  const log = async (name = 'room/1') => {
    const { entries } = await parts.broadcaster.read(name, { after: 0 })
    return entries.map(({ body }) => JSON.parse(body))
  }
  return { ...parts, session, socket, publish, log, settle: () => parts.clock.settle() }
}

describe('a publication of a client', () => {
  test('is appended under its name, with its sender, and acknowledged with its position', async () => {
    const { publish, socket, log, session, clock, settle, noted } = setUp()
    publish(1)
    await settle()
    expect(socket.frames).toEqual([['ack', 'room/1', 1, [expect.any(String), 1, expect.any(String)]]])
    expect(await log()).toEqual([[clock.now(), session.id, 'said', { text: 'text 1' }]])
    expect(noted).toMatchObject([
      { type: 'publish', channel: 'room/1', name: 'said', offset: 1, client: session.id, user: 'ann' },
    ])
  })

  test('travels without what its schema strips, and as it came where the schema changes it', async () => {
    const { publish, log, settle } = setUp()
    publish(1, { data: { text: 'hi', password: 'hunter2' } })
    publish(2, { event: 'later', data: { at: '2026-11-27' } })
    await settle()
    expect((await log()).map(([, , , data]) => data)).toEqual([{ text: 'hi' }, { at: '2026-11-27' }])
  })

  test('that is sent again is acknowledged as a duplicate, and appended once', async () => {
    const { publish, socket, log, settle } = setUp()
    publish(1)
    publish(1, { ageMs: 5_000 })
    await settle()
    expect(socket.frames.map((frame) => frame.slice(0, 3).concat(frame[4]))).toEqual([
      ['ack', 'room/1', 1, undefined],
      ['ack', 'room/1', 1, true],
    ])
    expect(await log()).toHaveLength(1)
  })
})

test('a publication that comes twice is taken down once', async () => {
  const { publish, socket, noted, settle } = setUp()
  publish(1)
  publish(1)
  await settle()
  expect([socket.frames[1]![4], noted.map(({ type }) => type)]).toEqual([true, ['publish']])
})

test('a publication that is sent again grows older while it waits for those before it', async () => {
  const answers: (() => void)[] = []
  const { publish, socket, clock } = setUp({
    authorize: () => new Promise((resolve) => answers.push(() => resolve(true))),
  })
  publish(1)
  publish(2, { base: 1, ageMs: 595_000 })
  await clock.advance(5_000)
  answers[0]!()
  await clock.settle()
  expect(socket.brief).toEqual(['ack room/1 1', 'nak room/1 2'])
  expect(socket.of('nak')[0]![3]).toBe('indeterminate')
})

describe('the order of the publications of a session on a channel', () => {
  test('is that of their numbers, however long each check takes', async () => {
    const answers: (() => void)[] = []
    const { publish, log, settle } = setUp({
      authorize: () => new Promise((resolve) => answers.push(() => resolve(true))),
    })
    for (const n of [1, 2, 3]) publish(n, { base: 1 })
    await settle()
    expect(answers, 'one at a time').toHaveLength(1)
    answers[0]!()
    await settle()
    publish(4, { base: 1 })
    await settle()
    expect(answers, 'also when some are answered already').toHaveLength(2)
    for (const i of [1, 2, 3]) {
      answers[i]!()
      await settle()
    }
    expect((await log()).map(([, , , { text }]) => text)).toEqual(['text 1', 'text 2', 'text 3', 'text 4'])
  })

  test('does not hold another channel up', async () => {
    const { publish, log, settle, socket } = setUp({
      authorize: ({ params }) => params['id'] === '2' || new Promise<boolean>(() => {}),
    })
    publish(1)
    publish(1, { name: 'room/2' })
    await settle()
    expect([await log('room/2'), socket.brief]).toMatchObject([{ length: 1 }, ['ack room/2 1']])
  })

  test('has what came after a refused one sent again, from the new base', async () => {
    let isMuted = true
    const { publish, socket, log, settle } = setUp({ authorize: () => !isMuted })
    publish(1)
    publish(2, { base: 1 })
    await settle()
    expect(socket.frames.map((frame) => frame.slice(2, 4))).toEqual([
      [1, 'forbidden'],
      [2, 'forbidden'],
    ])
    isMuted = false
    publish(4, { base: 3 })
    publish(3)
    publish(4, { base: 3 })
    await settle()
    expect(socket.frames.slice(2).map((frame) => frame.slice(2, 4))).toEqual([
      [4, 'out_of_order'],
      [3, expect.any(Array)],
      [4, expect.any(Array)],
    ])
    expect(await log()).toHaveLength(2)
  })
})

describe('a publication is refused', () => {
  test.each([
    ['unknown_channel', { name: 'nowhere' }],
    ['forbidden', { name: 'inbox/bob', event: 'noted', data: {} }],
    ['unknown_event', { event: 'shouted' }],
    ['unknown_event', { event: 'closed', data: {} }],
    ['unknown_event', { event: 'toString' }],
    ['unknown_event', { event: '__proto__' }],
    ['bad_payload', { data: { text: 5 } }],
    ['bad_payload', { data: null }],
  ])('with %s, and nothing is appended: %j', async (code, fields) => {
    const { publish, socket, settle, errors, watched, noted } = setUp()
    publish(1, fields)
    await settle()
    expect(socket.frames.map((frame) => frame.slice(0, 5))).toEqual([
      ['nak', 'name' in fields ? fields.name : 'room/1', 1, code, expect.stringMatching(/^.{1,300}$/)],
    ])
    expect([errors, watched.calls.filter((call) => call.startsWith('append'))]).toEqual([[], []])
    expect(noted).toMatchObject([{ type: 'refuse', action: 'publish', code }])
  })

  test('with what the schema found', async () => {
    const { publish, socket, settle } = setUp()
    publish(1, { data: { text: 5 } })
    await settle()
    expect(socket.frames[0]![5]).toEqual({ issues: [{ path: ['text'], message: expect.any(String) }] })
  })

  test('only after a look whether it was applied, when it is sent again, and then as indeterminate', async () => {
    let isAllowed = true
    const { publish, socket, settle } = setUp({ authorize: () => isAllowed })
    publish(1)
    await settle()
    isAllowed = false
    publish(1, { ageMs: 10, data: { text: 5 } })
    publish(2, { ageMs: 10 })
    publish(3, { ageMs: 600_000 })
    await settle()
    expect(socket.frames.map((frame) => [frame[0], frame[2], frame[4] ?? null])).toMatchObject([
      ['ack', 1, null],
      ['ack', 1, true],
      ['nak', 2, expect.any(String)],
      ['nak', 3, expect.any(String)],
    ])
    expect(socket.of('nak').map(([, , , code]) => code)).toEqual(['indeterminate', 'indeterminate'])
    expect(socket.of('nak')[0]![4]).toContain('forbidden')
  })

  test('with unavailable when the broadcaster says so, and as indeterminate when it breaks its contract', async () => {
    const { publish, socket, settle, watched, errors } = setUp()
    watched.failNext('append', new SyncError('unavailable', 'engine gone'))
    publish(1)
    await settle()
    watched.failNext('append', new Error('hunter2'))
    publish(1, { ageMs: 5 })
    await settle()
    expect(socket.of('nak').map(([, , , code]) => code)).toEqual(['unavailable', 'indeterminate'])
    expect(socket.messages.join()).not.toContain('hunter2')
    expect(errors).toMatchObject([
      { code: 'unavailable', stage: 'publish', channel: 'room/1' },
      { code: 'indeterminate', stage: 'publish', cause: { message: 'hunter2' } },
    ])
  })

  test('with overloaded when too many are being worked on', async () => {
    const { publish, socket, settle, session } = setUp(
      { authorize: () => new Promise(() => {}) },
      { maxPending: 2 },
    )
    for (const n of [1, 2, 3]) publish(n, { base: 1 })
    await settle()
    expect(socket.frames).toMatchObject([['nak', 'room/1', 3, 'overloaded', expect.any(String)]])
    expect(session.pending).toBe(2)
  })
})

describe('the hook for publications', () => {
  test('is told what is published, as the schema makes it, by whom and where', async () => {
    const heard: unknown[] = []
    const { publish, settle, session } = setUp({ onPublish: (publication) => void heard.push(publication) })
    publish(1, { event: 'later', data: { at: '2026-11-27', extra: 1 } })
    await settle()
    expect(heard).toEqual([
      {
        user: { id: 'ann' },
        client: session.id,
        params: { id: '1' },
        event: 'later',
        data: { at: new Date('2026-11-27') },
      },
    ])
  })

  test.each([
    ['at once', (text: string) => ({ text })],
    ['later', async (text: string) => ({ text })],
  ])(
    'may publish something else instead, %s, of which too only what the schema lets through travels',
    async (_name, change) => {
      const { publish, settle, log } = setUp({
        onPublish: ({ data }) => {
          const changed = change((data as { text: string }).text.toUpperCase())
          return changed instanceof Promise
            ? changed.then((of) => ({ ...of, secret: 1 }))
            : { ...changed, secret: 1 }
        },
      })
      publish(1, { data: { text: 'hi', extra: 1 } })
      await settle()
      expect((await log())[0][3]).toEqual({ text: 'HI' })
    },
  )

  test.each<[string, NonNullable<AnyHandlers['onPublish']>, string]>([
    [
      'refuses with a code of the app',
      () => {
        throw new SyncError('rate_limited', 'Slowly', { retryAfterMs: 40.4 })
      },
      'rate_limited',
    ],
    ['fails', () => Promise.reject(new Error('hunter2')), 'internal'],
    ['gives what does not fit', () => ({ text: 5 }), 'internal'],
    [
      'fails with a code that is none of a hub',
      () => Promise.reject(new SyncError('no_provider', 'hunter2')),
      'internal',
    ],
  ])('leaves the log alone when it %s', async (_name, onPublish, code) => {
    const { publish, settle, socket, errors, log } = setUp({ onPublish })
    publish(1)
    await settle()
    expect(socket.frames.map((frame) => frame.slice(0, 5))).toEqual([
      ['nak', 'room/1', 1, code, expect.not.stringContaining('hunter2')],
    ])
    if (code === 'rate_limited') expect(socket.frames[0]![5]).toEqual({ retryAfterMs: 40 })
    expect([errors.length, await log()]).toEqual([code === 'internal' ? 1 : 0, []])
  })

  test('that hangs is given up, and its late answer changes nothing', async () => {
    let answer: (value: unknown) => void = () => {}
    const { publish, socket, clock, log, errors } = setUp(
      {
        onPublish: () =>
          new Promise((resolve) => {
            answer = resolve
          }),
      },
      { handlerTimeoutMs: 1_000 },
    )
    publish(1)
    await clock.advance(1_000)
    expect(socket.of('nak')).toMatchObject([['nak', 'room/1', 1, 'timeout', expect.any(String)]])
    answer(undefined)
    await clock.settle()
    expect([await log(), errors, clock.pending]).toMatchObject([
      [],
      [{ code: 'timeout', stage: 'publish' }],
      0,
    ])
  })
})

test('nothing of a session that has ended is applied any more, as it asks again if it comes back', async () => {
  let answer: (isAllowed: boolean) => void = () => {}
  const { publish, session, settle, log, socket } = setUp({
    authorize: () =>
      new Promise((resolve) => {
        answer = resolve
      }),
  })
  publish(1)
  await settle()
  session.close(4503, 'sent away')
  answer(true)
  await settle()
  expect([await log(), socket.frames, session.pending]).toEqual([[], [], 0])
})

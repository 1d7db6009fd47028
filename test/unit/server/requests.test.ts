import { describe, expect, test } from 'vitest'
import { SyncError } from '../../../src/shared/errors.ts'
import { type Fields, type Handler, requestsOnTest as setUp, sum } from '../../support/requests-on-test.ts'

describe('a request', () => {
  test('is answered with what the schema lets through of the reply, and where the log stands then', async () => {
    const { ask, socket, settle, broadcaster } = setUp(sum)
    const { epoch, tag } = await broadcaster.append('room/1', '[]')
    ask(7, { data: { a: 2, extra: 1 } })
    await settle()
    expect(socket.frames).toEqual([['res', 7, { sum: 3 }, [epoch, 1, tag]]])
  })

  test('reaches its handler with the valid input, who asks, where, and a key without the secret', async () => {
    const { ask, held, settle, session } = setUp()
    ask(7)
    await settle()
    const { signal, ...request } = held[0]!.request
    expect({ ...request }).toEqual({
      input: { a: 1, b: 1 },
      user: { id: 'ann' },
      client: session.id,
      params: { id: '1' },
      key: `${session.id}:ann:7`,
    })
    expect(signal.aborted).toBe(false)
  })

  test('whose handler publishes is answered with a position that is not before it', async () => {
    const { ask, socket, settle, broadcaster } = setUp(async () => {
      await broadcaster.append('room/1', '[]')
      return { sum: 0 }
    })
    ask(1)
    await settle()
    expect(socket.frames[0]).toMatchObject([
      'res',
      1,
      { sum: 0 },
      [expect.any(String), 1, expect.any(String)],
    ])
  })

  test('is answered without a position when that cannot be read', async () => {
    const { ask, socket, settle, watched } = setUp(sum)
    watched.failNext('read', new Error('gone'))
    ask(1)
    await settle()
    expect(socket.frames).toEqual([['res', 1, { sum: 2 }]])
  })

  test('does not wait for another one', async () => {
    const { ask, held, settle, socket } = setUp()
    ask(1)
    ask(2)
    await settle()
    held[1]!.answer({ sum: 2 })
    await settle()
    held[0]!.answer({ sum: 1 })
    await settle()
    expect(socket.frames.map((frame) => frame.slice(0, 3))).toEqual([
      ['res', 2, { sum: 2 }],
      ['res', 1, { sum: 1 }],
    ])
  })
})

describe('a request is refused', () => {
  test.each<[string, Fields]>([
    ['unknown_channel', { name: 'nowhere' }],
    ['unknown_request', { request: 'multiply' }],
    ['unknown_request', { request: 'toString' }],
    ['unknown_request', { request: '__proto__' }],
    ['unsupported', { request: 'spare', data: null }],
    ['unsupported', { request: 'constructor', data: null }],
    ['bad_payload', { data: { a: 'one' } }],
  ])('with %s, and no handler runs: %j', async (code, fields) => {
    const { ask, socket, settle, held, errors, noted } = setUp()
    ask(1, fields)
    await settle()
    expect(socket.frames).toMatchObject([{ 0: 'err', 1: 1, 2: code }])
    expect([held, errors]).toEqual([[], []])
    expect(noted).toMatchObject([{ type: 'refuse', action: 'request', code }])
  })

  test('with forbidden when the app says no, also later', async () => {
    for (const authorize of [() => false, async () => false]) {
      const { ask, socket, settle, held } = setUp(undefined, { authorize })
      ask(1)
      await settle()
      expect([socket.brief, held]).toEqual([['err 1 forbidden'], []])
    }
  })

  test('with overloaded when too many are being worked on', async () => {
    const { ask, socket, settle, held, session } = setUp(undefined, { maxPending: 1 })
    ask(1)
    ask(2)
    await settle()
    expect(socket.brief).toEqual(['err 2 overloaded'])
    held[0]!.answer({ sum: 1 })
    await settle()
    expect(session.pending).toBe(0)
  })
})

describe('a handler that fails', () => {
  const fails: Record<string, Handler> = {
    throws: () => {
      throw new Error('hunter2')
    },
    rejects: () => Promise.reject(new Error('hunter2')),
    'gives what does not fit': () => ({ sum: 'hunter2' }),
    'gives nothing': () => undefined,
    'gives what is no JSON': () => ({ sum: Number.NaN }),
    'throws a code that is none of a hub': () => {
      throw new SyncError('no_provider', 'hunter2')
    },
  }

  test.each(Object.keys(fails))(
    'is answered with internal, and reported once with its cause, when it %s',
    async (how) => {
      const { ask, socket, settle, errors, noted } = setUp(fails[how])
      ask(1)
      await settle()
      expect(socket.brief).toEqual(['err 1 internal'])
      expect(socket.messages.join()).not.toContain('hunter2')
      expect(errors).toMatchObject([{ code: 'internal', stage: 'request', channel: 'room/1', event: 'add' }])
      expect(errors[0]!.cause).toBeDefined()
      expect(noted.filter(({ type }) => type === 'request')).toMatchObject([
        { name: 'add', code: 'internal' },
      ])
    },
  )

  test('answers with the code, words and delay of its own SyncError, which is no failure', async () => {
    const { ask, socket, settle, errors } = setUp(() => {
      throw new SyncError('not_found', 'No such room', { retryAfterMs: 7 })
    })
    ask(1)
    await settle()
    expect(socket.frames).toEqual([['err', 1, 'not_found', 'No such room', { retryAfterMs: 7 }]])
    expect(errors).toEqual([])
  })
})

describe('the deadline', () => {
  test.each([
    ['of the hub', undefined, 1_000],
    ['of the client, when that is sooner', { timeoutMs: 400 }, 400],
    ['of the hub, when the client would wait longer', { timeoutMs: 9_999 }, 1_000],
  ])('%s is answered with timeout, reported once, and aborts the signal', async (_name, options, ms) => {
    const { ask, socket, clock, held, errors } = setUp(undefined, { handlerTimeoutMs: 1_000 })
    ask(1, options && { options })
    await clock.settle()
    const { signal } = held[0]!.request
    await clock.advance(ms - 1)
    expect(socket.frames).toEqual([])
    await clock.advance(1)
    expect([socket.brief, signal.aborted]).toEqual([['err 1 timeout'], true])
    held[0]!.fail(new Error('late'))
    await clock.settle()
    expect([socket.frames.length, clock.pending]).toEqual([1, 0])
    expect(errors).toMatchObject([{ code: 'timeout', stage: 'request' }])
  })

  test('leaves the answer to whoever asks again', async () => {
    const { ask, connect, clock, held, settle } = setUp(undefined, { handlerTimeoutMs: 1_000 })
    ask(1)
    await clock.advance(1_000)
    held[0]!.answer({ sum: 5 })
    await settle()
    const again = connect()
    again.ask(1, { options: { ageMs: 2_000 } })
    await settle()
    expect(again.socket.frames).toMatchObject([['res', 1, { sum: 5 }, expect.any(Array)]])
    expect(held).toHaveLength(1)
  })

  test('means nothing any more once the answer is there', async () => {
    const { ask, socket, clock, held, errors } = setUp(undefined, { handlerTimeoutMs: 1_000 })
    ask(1)
    await clock.settle()
    held[0]!.answer({ sum: 5 })
    await clock.settle()
    expect(clock.pending).toBe(0)
    await clock.advance(1_000)
    expect([socket.brief.length, held[0]!.request.signal.aborted, errors]).toEqual([1, false, []])
  })

  test('costs no timer where a handler answers at once', async () => {
    const { ask, clock } = setUp(sum)
    ask(1)
    expect(clock.pending).toBe(0)
    await clock.settle()
  })
})

test('a request that is cancelled is not answered, its signal is aborted, and its failure is no news', async () => {
  const { ask, cancel, socket, settle, held, errors, noted } = setUp()
  ask(1)
  await settle()
  const { signal } = held[0]!.request
  cancel(2)
  cancel(1)
  expect(signal.aborted).toBe(true)
  held[0]!.fail(signal.reason)
  await settle()
  expect([socket.frames, errors]).toEqual([[], []])
  expect(noted.filter(({ type }) => type === 'request')).toMatchObject([{ code: 'aborted' }])
})

test('a signal that is asked for after the cancellation is aborted from the start', async () => {
  const { ask, cancel, settle, held } = setUp()
  ask(1)
  await settle()
  cancel(1)
  expect(held[0]!.request.signal.aborted).toBe(true)
})

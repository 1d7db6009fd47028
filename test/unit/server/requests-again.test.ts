import { describe, expect, test } from 'vitest'
import type { Session } from '../../../src/server/session.ts'
import { SyncError } from '../../../src/shared/errors.ts'
import { requestsOnTest as setUp, sum } from '../../support/requests-on-test.ts'

describe('a request that is sent again', () => {
  const resend = { options: { ageMs: 50 } }

  test('gets the first answer, and its handler does not run again', async () => {
    const { ask, connect, held, settle, socket } = setUp()
    ask(1)
    await settle()
    held[0]!.answer({ sum: 5 })
    await settle()
    const again = connect()
    again.ask(1, resend)
    await settle()
    expect(again.socket.frames).toEqual(socket.frames)
    expect(held).toHaveLength(1)
  })

  test('gets the first refusal of the handler', async () => {
    const { ask, connect, held, settle } = setUp()
    ask(1)
    await settle()
    held[0]!.fail(new SyncError('not_found', 'No such room'))
    await settle()
    const again = connect()
    again.ask(1, resend)
    await settle()
    expect(again.socket.frames).toEqual([['err', 1, 'not_found', 'No such room']])
  })

  test('while its handler runs gets the answer, and the older connection does not', async () => {
    const { ask, connect, held, settle, socket } = setUp()
    ask(1)
    await settle()
    const again = connect()
    again.ask(1, resend)
    await settle()
    held[0]!.answer({ sum: 5 })
    await settle()
    expect([socket.frames, again.socket.brief.length, held.length]).toEqual([[], 1, 1])
  })

  test('and never arrived before runs now', async () => {
    const { connect, settle, clock } = setUp(sum)
    await clock.advance(1_000)
    const again = connect()
    again.ask(1, resend)
    await settle()
    expect(again.socket.frames).toMatchObject([['res', 1, { sum: 2 }, expect.any(Array)]])
  })

  test('and was on its way for so long that the process before may have run it is indeterminate', async () => {
    const { connect, settle, clock, held } = setUp()
    await clock.advance(40)
    const again = connect()
    await clock.advance(60_000)
    again.ask(1, resend)
    await settle()
    expect([again.socket.brief, held]).toEqual([['err 1 indeterminate'], []])
  })

  test('is looked up before it is checked, as it may have run', async () => {
    let isAllowed = true
    const { ask, connect, settle, socket, clock } = setUp(sum, { authorize: () => isAllowed })
    await clock.advance(1_000)
    ask(1)
    await settle()
    isAllowed = false
    const again = connect()
    again.ask(1, { ...resend, data: 'rubbish' })
    again.ask(2, resend)
    await settle()
    expect([again.socket.frames[0], again.socket.brief[1]]).toEqual([socket.frames[0], 'err 2 forbidden'])
    isAllowed = true
    again.ask(2, resend)
    await settle()
    const why = 'what is still on its way does not run after the refusal'
    expect([again.socket.brief[2], why]).toEqual(['err 2 forbidden', why])
  })

  test('and was begun by another node, or so long ago that nobody knows, is indeterminate', async () => {
    const { ask, socket, settle, broadcaster, session, held } = setUp()
    await broadcaster.claim({ key: `${session.id}:ann:1`, owner: 'node 2' })
    ask(1, resend)
    ask(2, { options: { ageMs: 600_000 } })
    await settle()
    expect([socket.brief, held]).toEqual([['err 1 indeterminate', 'err 2 indeterminate'], []])
  })

  test('runs again where the app has said that it may, and nothing is kept of it', async () => {
    const { ask, connect, held, settle, broadcaster, session } = setUp()
    ask(1, { request: 'look', data: null })
    await settle()
    held[0]!.answer(1)
    await settle()
    const again = connect()
    again.ask(1, { ...resend, request: 'look', data: null })
    await settle()
    held[1]!.answer(2)
    await settle()
    expect(again.socket.frames).toMatchObject([['res', 1, 2, expect.any(Array)]])
    expect(await broadcaster.claim({ key: `${session.id}:ann:1`, owner: 'x' })).toEqual({ state: 'granted' })
  })

  test('while it runs joins that run, also where it might run twice, and can be cancelled', async () => {
    const { ask, connect, held, settle } = setUp()
    ask(1, { request: 'look', data: null })
    const again = connect()
    again.ask(1, { ...resend, request: 'look', data: null })
    await settle()
    again.cancel(1)
    expect([held.length, held[0]!.request.signal.aborted]).toEqual([1, true])
  })

  test('while the first one is still being decided is answered once, on the connection that lives', async () => {
    const answers: ((isAllowed: boolean) => void)[] = []
    const { ask, connect, session, socket, held, settle } = setUp(undefined, {
      authorize: () => new Promise((resolve) => answers.push(resolve)),
    })
    ask(1)
    await settle()
    session.lost()
    const again = connect()
    again.ask(1, resend)
    await settle()
    for (const decide of answers) decide(true)
    await settle()
    held[0]!.answer({ sum: 5 })
    await settle()
    expect([answers.length, held.length, socket.frames]).toEqual([1, 1, []])
    expect(again.socket.frames).toMatchObject([['res', 1, { sum: 5 }, expect.any(Array)]])
  })

  test('twice, while the app decides, runs once and is refused by nobody', async () => {
    const answers: ((isAllowed: boolean) => void)[] = []
    const { connect, held, settle, clock } = setUp(undefined, {
      authorize: () => new Promise((resolve) => answers.push(resolve)),
    })
    await clock.advance(1_000)
    const [one, two] = [connect(), connect()]
    one.ask(1, resend)
    await settle()
    two.ask(1, resend)
    await settle()
    answers[0]!(true)
    await settle()
    held[0]!.answer({ sum: 5 })
    await settle()
    expect([held.length, one.socket.frames, two.socket.brief.length]).toEqual([1, [], 1])
  })

  test('after the deadline of a handler that still runs is told so at once', async () => {
    const { ask, connect, clock, settle } = setUp(undefined, { handlerTimeoutMs: 1_000 })
    ask(1)
    await clock.advance(1_000)
    const again = connect()
    again.ask(1, { options: { ageMs: 1_500 } })
    await settle()
    expect(again.socket.brief).toEqual(['err 1 timeout'])
  })

  test('and cannot be looked up is indeterminate, also when too much is being worked on', async () => {
    const { ask, socket, settle, broadcaster, clock } = setUp(undefined, { maxPending: 1 })
    await clock.advance(1_000)
    broadcaster.claim = () => Promise.reject(new SyncError('unavailable', 'engine gone'))
    ask(1, resend)
    await settle()
    expect(socket.brief).toEqual(['err 1 indeterminate'])
    ask(2, { request: 'look', data: null })
    await settle()
    ask(3, resend)
    await settle()
    expect(socket.brief.at(-1)).toBe('err 3 indeterminate')
  })

  test('by another session is another request', async () => {
    const { ask, connect, held, settle } = setUp()
    ask(1)
    connect('bob').ask(1)
    await settle()
    expect(held.map(({ request }) => request.user.id)).toEqual(['ann', 'bob'])
  })
})

describe('who is gone before it is allowed', () => {
  test.each([
    ['was sent away', (session: Session) => session.close(4503, 'sent away')],
    ['has lost the connection', (session: Session) => session.lost()],
  ])('has nothing done, and may ask again: %s', async (_name, end) => {
    let decide: (isAllowed: boolean) => void = () => {}
    const { ask, connect, session, held, settle, clock } = setUp(undefined, {
      authorize: () =>
        new Promise((resolve) => {
          decide = resolve
        }),
    })
    await clock.advance(1_000)
    ask(1, { options: { ageMs: 5 } })
    await settle()
    end(session)
    decide(true)
    await settle()
    expect([held, session.pending]).toEqual([[], 0])
    const again = connect()
    again.ask(1, { options: { ageMs: 10 } })
    await settle()
    decide(true)
    await settle()
    expect(held).toHaveLength(1)
  })

  test('has it cancelled when it says so before the app has decided', async () => {
    let decide: (isAllowed: boolean) => void = () => {}
    const { ask, cancel, held, settle, socket } = setUp(undefined, {
      authorize: () =>
        new Promise((resolve) => {
          decide = resolve
        }),
    })
    ask(1)
    await settle()
    cancel(1)
    decide(true)
    await settle()
    expect([held, socket.frames]).toEqual([[], []])
  })
})

test('another user with the same session has requests of their own', async () => {
  const { ask, held, settle, connect, session } = setUp()
  ask(1)
  await settle()
  held[0]!.answer({ sum: 5 })
  await settle()
  const thief = connect('bob')
  thief.session.id = session.id
  thief.ask(1, { options: { ageMs: 0 } })
  await settle()
  expect([held.length, thief.socket.frames]).toEqual([2, []])
})

import { channel, defineRegistry } from 'syncline'
import { describe, expect, test } from 'vitest'
import type { Action, AnyHandlers } from '../../../src/server/handlers.ts'
import { Served } from '../../../src/server/served.ts'
import { SyncError } from '../../../src/shared/errors.ts'
import { fakeSettings, readySession } from '../../support/fake-sessions.ts'

const registry = defineRegistry({ game: channel('game/:code', {}), inbox: channel('inbox/:user', {}) })

function setUp(authorize?: AnyHandlers['authorize']) {
  const { settings, clock } = fakeSettings({ decisionTimeoutMs: 1_000 })
  const served = new Served(registry, settings)
  for (const key of ['game', 'inbox']) served.add(key, authorize ? { authorize } : {})
  const { session } = readySession(settings)
  const may = (action: Action, channelName = 'game/ABC', name?: string) =>
    served.authorize({ session, channel: served.find(channelName), action, name })
  return { served, clock, may, session }
}

/** What `authorize` gives, throws or rejects with, as a promise. */
const ask = async (authorize?: AnyHandlers['authorize'], channelName?: string) =>
  setUp(authorize).may('subscribe', channelName)

describe('a name', () => {
  test('stands for its channel and its parameters, and is looked up once', () => {
    const { served } = setUp()
    const found = served.find('game/a%2Fb')
    expect([found.params, found.definition]).toEqual([{ code: 'a/b' }, registry.channels.game])
    expect(served.find('game/a%2Fb')).toBe(found)
  })

  test('that no pattern writes is an unknown channel, and cut short in the words of the error', () => {
    const { served } = setUp()
    expect(() => served.find('x'.repeat(5_000))).toThrow(
      expect.objectContaining({ code: 'unknown_channel', message: expect.stringMatching(/^.{1,200}$/) }),
    )
  })

  test('of a channel that is not served is refused, with what to do, until it is served', () => {
    const served = new Served(registry, fakeSettings().settings)
    expect(() => served.find('game/ABC')).toThrow(
      expect.objectContaining({
        code: 'forbidden',
        message: 'Channel "game" is not served; call hub.serve("game", …)',
      }),
    )
    served.add('game', {})
    expect(served.find('game/ABC').name).toBe('game/ABC')
  })

  test('stays right when more names come than are remembered', () => {
    const { served } = setUp()
    const first = served.find('game/0')
    for (let i = 1; i < 10_000; i++) served.find(`game/${i}`)
    expect(served.find('game/0'), 'still known').toBe(first)
    served.find('game/10000')
    const again = served.find('game/0')
    expect([again === first, again.params]).toEqual([false, { code: '0' }])
  })
})

test('a channel is served once, so that no check replaces another', () => {
  const { served } = setUp()
  expect(() => served.add('game', { authorize: () => true })).toThrow(
    expect.objectContaining({ code: 'bad_options' }),
  )
})

test('the app is told who wants to do what, and where', async () => {
  const requests: unknown[] = []
  const { may, session } = setUp((request) => requests.push(request) > 0)
  await may('request', 'game/ABC', 'assign')
  expect(requests).toEqual([
    { user: { id: 'ann' }, client: session.id, params: { code: 'ABC' }, action: 'request', name: 'assign' },
  ])
})

describe('whether a user may', () => {
  test('is granted when the app says yes, without a promise where it says so at once', async () => {
    expect(setUp(() => true).may('publish')).toBeUndefined()
    await expect(ask(async () => true)).resolves.toBeUndefined()
  })

  test.each([
    ['says no', () => false],
    ['says no later', async () => false],
    ['answers nothing', () => undefined as unknown as boolean],
    ['answers what is no yes', () => 'yes' as unknown as boolean],
    ['answers with a row', async () => ({ id: 1 }) as unknown as boolean],
  ])('is refused with forbidden when the app %s', async (_name, authorize) => {
    await expect(ask(authorize)).rejects.toMatchObject({ code: 'forbidden' })
  })

  test.each([
    [
      'throws',
      () => {
        throw new Error('the password is hunter2')
      },
    ],
    ['rejects', () => Promise.reject(new Error('the password is hunter2'))],
  ])('is refused with internal when the app %s, and the words stay here', async (_name, authorize) => {
    const error = await ask(authorize).catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ code: 'internal', cause: { message: 'the password is hunter2' } })
    expect((error as Error).message).not.toContain('hunter2')
  })

  test('is refused in the words of the app when it throws a SyncError', async () => {
    const own = new SyncError('not_found', 'No such game')
    await expect(ask(() => Promise.reject(own))).rejects.toBe(own)
    await expect(
      ask(() => {
        throw own
      }),
    ).rejects.toBe(own)
  })

  test('is not decided when the app takes too long, which leaves no timer', async () => {
    const { may, clock } = setUp(() => new Promise(() => {}))
    const answer = Promise.resolve(may('tell')).catch(({ code }) => code)
    await clock.advance(1_000)
    expect([await answer, clock.pending]).toEqual(['unavailable', 0])
  })

  test.each<Action>(['subscribe', 'publish', 'tell', 'request', 'presence'])(
    "is granted by default to everyone where the channel is nobody's, else to its user alone: %s",
    (action) => {
      const { may } = setUp()
      expect(may(action, 'game/ABC')).toBeUndefined()
      expect(may(action, 'inbox/ann')).toBeUndefined()
      expect(() => may(action, 'inbox/bob')).toThrow(expect.objectContaining({ code: 'forbidden' }))
    },
  )
})

import { describe, expect, test } from 'vitest'
import { Served } from '../../../src/server/served.ts'
import { SyncError } from '../../../src/shared/errors.ts'

type Authorize = Parameters<Served['add']>[1]

function ask(authorize: Authorize, params: Record<string, string> = {}) {
  const served = new Served()
  served.add('game', authorize)
  return served.authorize({ key: 'game', params, user: { id: 'ann' } })
}

test('a channel that is not served is refused, with what to do', async () => {
  await expect(
    new Served().authorize({ key: 'game', params: {}, user: { id: 'ann' } }),
  ).rejects.toMatchObject({
    code: 'forbidden',
    message: 'Channel "game" is not served; call hub.serve("game", …)',
  })
})

test('a channel is served once, so that no check replaces another', () => {
  const served = new Served()
  served.add('game', undefined)
  expect(() => served.add('game', () => true)).toThrow(expect.objectContaining({ code: 'bad_options' }))
})

test('the app is told who wants to do what, and where', async () => {
  const requests: unknown[] = []
  await ask((request) => requests.push(request) > 0, { code: 'ABC' })
  expect(requests).toEqual([{ user: { id: 'ann' }, params: { code: 'ABC' }, action: 'subscribe' }])
})

describe('whether a user may', () => {
  test.each([
    ['says yes', () => true],
    ['says yes later', async () => true],
  ])('is granted when the app %s', async (_name, authorize) => {
    await expect(ask(authorize)).resolves.toBeUndefined()
  })

  test.each([
    ['says no', () => false],
    ['says no later', async () => false],
    ['answers nothing', () => undefined as unknown as boolean],
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
  })

  test('is granted to everyone by default where the channel belongs to nobody', async () => {
    await expect(ask(undefined, { code: 'ABC' })).resolves.toBeUndefined()
  })

  test('is granted to its own user alone by default where the channel has a parameter user', async () => {
    await expect(ask(undefined, { user: 'ann' })).resolves.toBeUndefined()
    await expect(ask(undefined, { user: 'bob' })).rejects.toMatchObject({ code: 'forbidden' })
  })
})

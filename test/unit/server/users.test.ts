import { describe, expect, test } from 'vitest'
import { allPublished } from '../../../src/server/users.ts'
import { SyncError } from '../../../src/shared/errors.ts'
import { fakeSettings } from '../../support/fake-sessions.ts'

const at = (offset: number) => ({ epoch: 'E', offset, tag: `tag ${offset}` })

describe('what is published to several users', () => {
  test('has its positions in the order of the users, whichever is there first', async () => {
    let finish: (position: ReturnType<typeof at>) => void = () => {}
    const slow = new Promise<ReturnType<typeof at>>((resolve) => {
      finish = resolve
    })
    const all = allPublished([slow, Promise.resolve(at(2))], () => {})
    finish(at(1))
    expect(await all).toEqual([at(1), at(2)])
  })

  test('to nobody is nothing', async () => {
    expect(await allPublished([], () => {})).toEqual([])
  })

  test('fails with its first failure once all have been tried, and the others are reported', async () => {
    const { settings, errors } = fakeSettings()
    let isTried = false
    const last = Promise.resolve().then(() => {
      isTried = true
      return at(3)
    })
    const first = new SyncError('too_large', 'too large')
    const publications = [Promise.reject(first), Promise.reject(new Error('engine gone')), last]
    await expect(allPublished(publications, settings.onError)).rejects.toBe(first)
    expect([isTried, errors]).toMatchObject([
      true,
      [{ code: 'unavailable', stage: 'publish', message: 'engine gone' }],
    ])
  })
})

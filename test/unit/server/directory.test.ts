import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Directory } from '../../../src/server/directory.ts'
import type { Session } from '../../../src/server/session.ts'
import { fakeSettings, readySession } from '../../support/fake-sessions.ts'

function sessionOf(id: string, user: string): Session {
  const { session } = readySession(fakeSettings().settings, { id: user })
  session.id = id
  return session
}

describe('a directory', () => {
  test('finds a session by its public id and by its user', () => {
    const directory = new Directory()
    const [phone, desk, other] = [sessionOf('a', 'ann'), sessionOf('b', 'ann'), sessionOf('c', 'bob')]
    for (const session of [phone, desk, other]) directory.add(session)
    expect([directory.get('a'), directory.get('x'), directory.size]).toEqual([phone, undefined, 3])
    expect([directory.ofUser('ann'), directory.ofUser('x')]).toEqual([[phone, desk], []])
    expect(directory.chosen({ user: 'ann' })).toEqual([phone, desk])
    expect([directory.chosen({ session: 'c' }), directory.chosen({ session: 'x' })]).toEqual([[other], []])
  })

  test('knows a user by a number as by its text', () => {
    const directory = new Directory()
    const session = sessionOf('a', '7')
    directory.add(session)
    expect(directory.chosen({ user: 7 })).toEqual([session])
  })

  test('keeps what it chose as it was, so that all of them can be ended', () => {
    const directory = new Directory()
    for (const id of ['a', 'b', 'c']) directory.add(sessionOf(id, 'ann'))
    const chosen = directory.chosen({ user: 'ann' })
    for (const session of chosen) directory.remove(session)
    expect([chosen.length, directory.size]).toEqual([3, 0])
  })

  test('keeps the newer session of an id when the older one is removed', () => {
    const directory = new Directory()
    const [older, newer] = [sessionOf('a', 'ann'), sessionOf('a', 'ann')]
    directory.add(older)
    directory.add(newer)
    directory.remove(older)
    expect([directory.get('a'), directory.ofUser('ann')]).toEqual([newer, [newer]])
  })

  test('finds no session that was never added, nor one that was removed twice', () => {
    const directory = new Directory()
    const [one, other] = [sessionOf('a', 'ann'), sessionOf('b', 'ann')]
    directory.add(one)
    directory.remove(other)
    expect(directory.ofUser('ann')).toEqual([one])
    for (let i = 0; i < 2; i++) directory.remove(one)
    expect([directory.get('a'), directory.ofUser('ann'), directory.size]).toEqual([undefined, [], 0])
  })

  test('finds the same as a list would, whatever comes and goes', () => {
    const step = fc.record({ isAdded: fc.boolean(), at: fc.nat({ max: 7 }) })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const all = Array.from({ length: 8 }, (_, i) => sessionOf(`id ${i}`, `user ${i % 3}`))
        const directory = new Directory()
        let present: Session[] = []
        for (const { isAdded, at } of steps) {
          const session = all[at]!
          const isThere = present.includes(session)
          if (isAdded && !isThere) {
            directory.add(session)
            present.push(session)
          } else if (!isAdded) {
            directory.remove(session)
            present = present.filter((other) => other !== session)
          }
        }
        expect(directory.size).toBe(present.length)
        for (const session of all) {
          expect(directory.get(session.id)).toBe(present.includes(session) ? session : undefined)
          const ofUser = present.filter(({ user }) => user?.id === session.user?.id)
          expect(directory.ofUser(session.user!.id)).toEqual(ofUser)
        }
      }),
    )
  })
})

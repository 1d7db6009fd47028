import { describe, expect, test } from 'vitest'
import { presenceFrames, presenceOnTest } from '../../support/presence-on-test.ts'

describe('a session that comes back as another user', () => {
  test('ends the presence of the user before on every channel, and enters under its own mark', async () => {
    const { presence, clock, connect } = presenceOnTest()
    const [ann, reader] = [connect('a', 'ann'), connect('reader')]
    reader.sub()
    ann.enter(1)
    ann.enter(1, 'other')
    await clock.advance(50)
    ann.lose()
    const bob = connect('a', 'bob')
    bob.resumed()
    expect([presence.list('lobby'), presence.list('other')]).toEqual([[], []])
    bob.enter(1)
    expect(presence.list('lobby')).toMatchObject([{ client: 'a', user: 'bob' }])
    await clock.advance(60_000)
    const [, entered, changed] = presenceFrames(reader.socket)
    const [mark] = entered![3][0]!
    expect(changed).toEqual(['diff', 1, 2, [[expect.any(String), 'a', 'bob', 1]], [mark]])
    expect(changed![3][0]![0]).not.toBe(mark)
    expect(presence.count('lobby').members).toBe(1)
    expect(clock.pending).toBe(0)
  })

  test('and enters at once is not taken for the user before', () => {
    const { presence, diagnostics, connect } = presenceOnTest({ maxPresenceBytes: 10 })
    const heard: unknown[] = []
    diagnostics.on((diagnostic) => heard.push(diagnostic))
    connect('a', 'ann').enter(1)
    connect('a', 'bob').enter(1)
    expect(presence.list('lobby')).toMatchObject([{ client: 'a', user: 'bob' }])
    expect(heard).toMatchObject([
      { user: 'ann', change: 'enter' },
      { user: 'ann', change: 'leave' },
      { user: 'bob', change: 'enter' },
    ])
  })

  test('ends the presence before also when its own state is refused', () => {
    const { presence, connect } = presenceOnTest({ maxPresenceBytes: 10 })
    connect('a', 'ann').enter(1)
    expect(() => connect('a', 'bob').enter('x'.repeat(10))).toThrow(
      expect.objectContaining({ code: 'too_large' }),
    )
    expect(presence.list('lobby')).toEqual([])
  })

  test('does not leave what the connection before holds of its end', async () => {
    const { presence, clock, connect } = presenceOnTest()
    const [ann, bob] = [connect('a', 'ann'), connect('a', 'bob')]
    ann.enter(1)
    bob.resumed()
    bob.enter(2)
    ann.lose(true)
    await clock.advance(60_000)
    expect(presence.list('lobby')).toMatchObject([{ user: 'bob' }])
  })
})

describe('a user who is sent away', () => {
  test('leaves every channel at once where the connection is lost, and nobody else does', async () => {
    const { presence, clock, connect } = presenceOnTest()
    const [phone, laptop, bob] = [connect('phone', 'ann'), connect('laptop', 'ann'), connect('b', 'bob')]
    for (const one of [phone, laptop, bob]) {
      one.enter(1, 'one')
      one.enter(1, 'two')
      one.lose()
    }
    presence.sentAway('ann')
    expect(presence.list('one')).toMatchObject([{ user: 'bob' }])
    expect(presence.list('two')).toMatchObject([{ user: 'bob' }])
    await clock.advance(50)
    expect(clock.pending).toBe(1)
    await clock.advance(10_000)
    expect(presence.list('one')).toEqual([])
    await clock.advance(50)
    expect(clock.pending).toBe(0)
  })

  test('stays where they are connected, until that connection ends', () => {
    const { presence, connect } = presenceOnTest()
    const [phone, laptop] = [connect('phone', 'ann'), connect('laptop', 'ann')]
    phone.enter(1)
    laptop.enter(1)
    phone.lose()
    presence.sentAway('ann')
    expect(presence.list('lobby')).toMatchObject([{ client: 'laptop' }])
    laptop.lose(true)
    expect(presence.list('lobby')).toEqual([])
  })
})

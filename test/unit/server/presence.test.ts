import { describe, expect, test } from 'vitest'
import { presenceFrames, presenceOnTest } from '../../support/presence-on-test.ts'

describe('someone who enters', () => {
  test('is listed at once, oldest first, with their user, state and time', async () => {
    const { presence, clock, connect } = presenceOnTest()
    connect('a', 'ann').enter({ name: 'Ann' })
    await clock.advance(5)
    connect('b', 'bob').enter(null)
    const since = clock.now()
    expect(presence.list('lobby')).toEqual([
      { client: 'a', user: 'ann', state: { name: 'Ann' }, since: since - 5 },
      { client: 'b', user: 'bob', state: null, since },
    ])
    expect(presence.list('other')).toEqual([])
  })

  test('is told to all who subscribe, themselves too, after the moment in which changes are gathered', async () => {
    const { clock, connect } = presenceOnTest({ presenceDiffMs: 50 })
    const [a, b] = [connect('a'), connect('b')]
    a.sub()
    b.sub()
    a.enter(1)
    await clock.advance(49)
    expect(b.told()).toEqual(['members 0'])
    await clock.advance(1)
    expect(a.told()).toEqual(['members 0', 'diff 1 a=1'])
    expect(b.told()).toEqual(['members 0', 'diff 1 a=1'])
  })

  test('again shows something else under the same mark and since the same time', async () => {
    const { presence, clock, connect } = presenceOnTest()
    const a = connect('a')
    a.sub()
    a.enter({ at: 1 })
    await clock.advance(50)
    const { since } = presence.list('lobby')[0]!
    a.enter({ at: 2 })
    await clock.advance(50)
    expect(a.told()).toEqual(['members 0', 'diff 1 a={"at":1}', 'diff 2 a={"at":2}'])
    const marks = presenceFrames(a.socket).flatMap(([, , , members]) => members.map(([mark]) => mark))
    expect(new Set(marks).size).toBe(1)
    expect(presence.list('lobby')).toMatchObject([{ since }])
  })

  test('again with an equal state changes nothing', async () => {
    const { clock, connect } = presenceOnTest()
    const a = connect('a')
    a.sub()
    a.enter({ at: 1 })
    await clock.advance(50)
    a.enter({ at: 1 })
    expect(clock.pending).toBe(0)
    expect(a.told()).toHaveLength(2)
  })

  test('from two devices is two members and one user', () => {
    const { presence, connect } = presenceOnTest()
    connect('phone', 'ann').enter(null)
    connect('laptop', 'ann').enter(null)
    connect('b', 'bob').enter(null)
    expect(presence.count('lobby')).toEqual({ members: 3, users: 2 })
    expect(presence.count('other')).toEqual({ members: 0, users: 0 })
  })
})

describe('someone who leaves', () => {
  test('is gone from the list at once, and told once by their mark', async () => {
    const { presence, clock, connect } = presenceOnTest()
    const [a, b] = [connect('a'), connect('b')]
    b.sub()
    a.enter(1)
    await clock.advance(50)
    a.leave()
    a.leave()
    expect(presence.list('lobby')).toEqual([])
    await clock.advance(50)
    const [, entered, left] = presenceFrames(b.socket)
    expect(left).toEqual(['diff', 1, 2, [], [entered![3][0]![0]]])
    expect(clock.pending).toBe(0)
  })

  test('before anyone was told of them is never told of', async () => {
    const { clock, connect } = presenceOnTest()
    const [a, b] = [connect('a'), connect('b')]
    b.sub()
    a.enter(1)
    a.leave()
    await clock.advance(50)
    expect(b.told()).toEqual(['members 0'])
    a.enter(2)
    await clock.advance(50)
    expect(b.told()).toEqual(['members 0', 'diff 1 a=2'])
  })

  test('and comes back in the same moment has another mark', async () => {
    const { clock, connect } = presenceOnTest()
    const a = connect('a')
    a.sub()
    a.enter(1)
    await clock.advance(50)
    a.leave()
    a.enter(1)
    await clock.advance(50)
    expect(a.told()).toEqual(['members 0', 'diff 1 a=1', 'diff 2 a=1 -'])
    const [, first, second] = presenceFrames(a.socket)
    expect(second![3][0]![0]).not.toBe(first![3][0]![0])
  })

  test('one channel stays on the others', () => {
    const { presence, connect } = presenceOnTest()
    const a = connect('a')
    a.enter(1, 'one')
    a.enter(1, 'two')
    a.leave('one')
    expect([presence.count('one').members, presence.count('two').members]).toEqual([0, 1])
  })
})

describe('someone whose connection is lost', () => {
  test('leaves every channel after the grace', async () => {
    const { presence, clock, connect } = presenceOnTest({ presenceGraceMs: 10_000 })
    const [a, b] = [connect('a'), connect('b')]
    b.sub('one')
    a.enter(1, 'one')
    a.enter(1, 'two')
    await clock.advance(50)
    a.lose()
    await clock.advance(9_999)
    expect([presence.count('one').members, presence.count('two').members]).toEqual([1, 1])
    await clock.advance(1)
    expect([presence.count('one').members, presence.count('two').members]).toEqual([0, 0])
    await clock.advance(50)
    expect(b.told()).toEqual(['members 0', 'diff 1 a=1', 'diff 2 -'])
    expect(clock.pending).toBe(0)
  })

  test('leaves at once when they were sent away, also during their grace', async () => {
    const { presence, connect, clock } = presenceOnTest()
    const [a, b] = [connect('a'), connect('b')]
    a.enter(1)
    a.lose(true)
    b.enter(1)
    b.lose()
    presence.lost(b.session, true)
    expect(presence.list('lobby')).toEqual([])
    await clock.advance(50)
    expect(clock.pending).toBe(0)
  })

  test('stays, under the same mark, when their session is back before the grace ends', async () => {
    const { presence, clock, connect } = presenceOnTest()
    const [a, b] = [connect('a'), connect('b')]
    b.sub()
    a.enter(1)
    await clock.advance(50)
    a.lose()
    await clock.advance(9_999)
    const again = connect('a')
    again.resumed()
    expect(clock.pending).toBe(0)
    again.enter(1)
    await clock.advance(60_000)
    expect(b.told()).toEqual(['members 0', 'diff 1 a=1'])
    again.lose()
    await clock.advance(10_000)
    expect(presence.list('lobby')).toEqual([])
  })

  test.each([
    ['before', ['lost', 'resumed']],
    ['after', ['resumed', 'lost']],
  ])('stays when the end of the older connection is heard of %s the newer one is there', async (_, order) => {
    const { presence, clock, connect } = presenceOnTest()
    const [older, newer] = [connect('a'), connect('a')]
    older.enter(1)
    for (const step of order)
      if (step === 'lost') older.lose()
      else newer.resumed()
    await clock.advance(60_000)
    expect(presence.count('lobby').members).toBe(1)
  })

  test('leaves though the end of an older connection is heard of during the grace of the newer', async () => {
    const { presence, clock, connect } = presenceOnTest()
    const [older, newer] = [connect('a'), connect('a')]
    older.enter(1)
    newer.resumed()
    newer.lose()
    await clock.advance(5_000)
    older.lose()
    await clock.advance(5_000)
    expect(presence.list('lobby')).toEqual([])
  })

  test('and was not present anywhere costs no timer', () => {
    const { clock, connect } = presenceOnTest()
    connect('a').lose()
    expect(clock.pending).toBe(0)
  })
})

describe('who begins to subscribe', () => {
  test('is told who is there, and from then on every change', async () => {
    const { clock, connect } = presenceOnTest()
    const [a, b] = [connect('a'), connect('b')]
    a.enter(1)
    await clock.advance(50)
    b.sub()
    a.enter(2)
    await clock.advance(50)
    expect(b.told()).toEqual(['members 1 a=1', 'diff 2 a=2'])
  })

  test('gets what is still being gathered with the diff for all, not ahead of it', async () => {
    const { clock, connect } = presenceOnTest()
    const [a, b, c] = [connect('a'), connect('b'), connect('c')]
    b.sub()
    a.enter(1)
    c.sub()
    a.enter(2)
    await clock.advance(50)
    expect(b.told()).toEqual(['members 0', 'diff 1 a=2'])
    expect(c.told()).toEqual(['members 0', 'diff 1 a=2'])
  })

  test('hears no version again while the room is held, also when everyone has left in between', async () => {
    const { clock, connect } = presenceOnTest()
    const [a, b, c] = [connect('a'), connect('b'), connect('c')]
    b.sub()
    a.enter(1)
    await clock.advance(50)
    a.leave()
    await clock.advance(50)
    a.enter(2)
    c.sub()
    await clock.advance(50)
    expect(b.told()).toEqual(['members 0', 'diff 1 a=1', 'diff 2 -', 'diff 3 a=2'])
    expect(c.told()).toEqual(['members 2', 'diff 3 a=2'])
  })

  test('goes on with the versions of those who are present, and anew where nobody was or listened', async () => {
    const { clock, connect } = presenceOnTest()
    const [a, b] = [connect('a'), connect('b')]
    a.enter(1)
    await clock.advance(50)
    b.sub()
    b.unsub()
    a.leave()
    await clock.advance(50)
    b.sub()
    expect(b.told()).toEqual(['members 1 a=1', 'members 0'])
  })

  test('begins anew where everyone had left before the last subscriber did', async () => {
    const { clock, connect } = presenceOnTest()
    const [a, b] = [connect('a'), connect('b')]
    b.sub()
    a.enter(1)
    await clock.advance(50)
    a.leave()
    await clock.advance(50)
    b.unsub()
    b.sub()
    expect(b.told().at(-1)).toBe('members 0')
  })

  test('gets the number that the channel has now, when the room was opened anew', async () => {
    const { clock, connect } = presenceOnTest()
    const [a, b] = [connect('a'), connect('b')]
    a.enter(1)
    await clock.advance(50)
    b.sub()
    b.unsub()
    b.sub()
    expect(presenceFrames(b.socket).map(([, cid]) => cid)).toEqual([1, 2])
  })
})

describe('a crowd of a thousand that comes within a second', () => {
  test('is told of in twenty diffs, though each of them subscribes, too', async () => {
    const { presence, clock, connect } = presenceOnTest({ presenceDiffMs: 50 })
    const first = connect('first')
    first.sub()
    const crowd = Array.from({ length: 1_000 }, (_, i) => connect(`client ${i}`))
    for (const one of crowd) {
      one.sub()
      one.enter({ name: one.id })
      await clock.advance(1)
    }
    await clock.advance(50)
    expect(presence.count('lobby').members).toBe(1_000)
    const [, ...diffs] = presenceFrames(first.socket)
    // From the first change, so that a window is as long as it and the way to the next change.
    expect(diffs.length).toBeLessThanOrEqual(21)
    expect(diffs.flatMap(([, , , entered]) => entered)).toHaveLength(1_000)
  })

  test('is encoded once for all whom a diff, or a greeting, goes to', async () => {
    const { clock, connect } = presenceOnTest()
    const shared = new Set<unknown>()
    const crowd = Array.from({ length: 10 }, (_, i) => {
      const one = connect(`client ${i}`)
      const sendShared = one.session.sendShared.bind(one.session)
      one.session.sendShared = (message) => {
        shared.add(message)
        sendShared(message)
      }
      return one
    })
    crowd[0]!.enter(1)
    await clock.advance(50)
    for (const one of crowd) one.sub()
    crowd[0]!.enter(2)
    await clock.advance(50)
    expect(shared.size).toBe(2)
    expect(crowd.map((one) => one.told())).toEqual(
      crowd.map(() => ['members 1 client 0=1', 'diff 2 client 0=2']),
    )
  })
})

test('whoever a diff cuts off for reading too slowly does not keep it from the others', async () => {
  const { clock, connect } = presenceOnTest()
  const [a, slow, b] = [connect('a'), connect('slow'), connect('b')]
  for (const one of [a, slow, b]) one.sub()
  slow.session.onEnd = () => slow.lose()
  slow.enter(0)
  slow.socket.bufferedBytes = Number.POSITIVE_INFINITY
  a.enter(1)
  await clock.advance(50)
  expect(slow.socket.closes).toMatchObject([{ code: 4002 }])
  expect(b.told()).toEqual(['members 0', 'diff 1 slow=0 a=1'])
  await clock.advance(10_050)
  expect(b.told().at(-1)).toBe('diff 2 -')
})

test('diagnostics tell of who comes and goes, not of what they show', async () => {
  const { diagnostics, connect } = presenceOnTest()
  const heard: unknown[] = []
  diagnostics.on((diagnostic) => heard.push(diagnostic))
  const a = connect('a', 'ann')
  a.enter({ secret: 1 })
  a.enter({ secret: 2 })
  a.leave()
  const common = { type: 'presence', time: expect.any(Number), client: 'a', user: 'ann', channel: 'lobby' }
  expect(heard).toEqual([
    { ...common, change: 'enter' },
    { ...common, change: 'leave' },
  ])
})

test('after the end no timer is left', async () => {
  const { presence, clock, connect } = presenceOnTest()
  const [a, b] = [connect('a'), connect('b')]
  a.enter(1)
  b.enter(1)
  b.lose()
  expect(clock.pending).toBe(2)
  presence.close()
  expect(clock.pending).toBe(0)
  expect(presence.list('lobby')).toEqual([])
})

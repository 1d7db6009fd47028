import { attend, createClient } from 'syncline/client'
import { describe, expect, test } from 'vitest'
import { member, presenceClient } from '../../support/presence-client.ts'

type Options = Parameters<typeof attend>[1]

/** A room where parts of an app want to be present; what they want is answered at once unless the test does that itself. */
async function setUp() {
  const test = presenceClient()
  const { clock, sockets, room, sent, receive } = test
  test.online()
  let refusal: string | undefined
  let answered = 0
  /** Answers what was sent, until nothing more is. */
  const settle = async () => {
    await clock.settle()
    while (answered < sent().length) {
      const [, ref] = sent()[answered++]!
      if (refusal) receive('err', ref, refusal, 'No')
      else receive('res', ref, null)
      await clock.settle()
    }
  }
  return {
    ...test,
    settle,
    part: (options?: Options) => attend(room, options),
    refuseWith: (code: string) => {
      refusal = code
    },
    /** What this client has told that it shows, by name, or that it leaves. */
    shown: () => sent().map((frame) => (frame[0] === 'enter' ? (frame[3] as { name: string }).name : 'left')),
    types: () => sockets.last.sent.map(([type]) => type),
    advance: async (ms: number) => {
      await settle()
      await clock.advance(ms)
      await settle()
    },
  }
}

describe('one part of an app', () => {
  test('enters with its first state, and leaves', async () => {
    const { part, shown, advance, settle, clock } = await setUp()
    const before = clock.pending
    const one = part()
    expect([shown(), clock.pending]).toEqual([[], before])
    one.update({ name: 'Ann' })
    await settle()
    one.leave()
    one.leave()
    await settle()
    expect(shown()).toEqual(['Ann', 'left'])
    await advance(1_000)
    expect(clock.pending).toBe(before)
  })

  test('that never wanted to be present leaves nothing', async () => {
    const { part, shown, types, settle } = await setUp()
    part().leave()
    await settle()
    expect([shown(), types()]).toEqual([[], ['hello']])
  })

  test('tells the latest of what it shows each 100 ms', async () => {
    const { part, shown, advance } = await setUp()
    const one = part()
    for (let step = 0; step < 25; step++) {
      one.update({ name: `Ann ${step}` })
      await advance(10)
    }
    await advance(100)
    expect(shown()).toEqual(['Ann 0', 'Ann 9', 'Ann 19', 'Ann 24'])
  })

  test('tells it as often as the app says', async () => {
    const { part, shown, advance } = await setUp()
    const one = part({ throttleMs: 1_000 })
    for (const name of ['a', 'b', 'c']) one.update({ name })
    await advance(999)
    expect(shown()).toEqual(['a'])
    await advance(1)
    expect(shown()).toEqual(['a', 'c'])
  })

  test('that leaves drops what waits, and enters at once when it comes back', async () => {
    const { part, shown, advance, settle } = await setUp()
    const one = part()
    one.update({ name: 'a' })
    one.update({ name: 'b' })
    one.leave()
    await advance(1_000)
    expect(shown()).toEqual(['a', 'left'])
    one.update({ name: 'c' })
    one.leave()
    one.update({ name: 'd' })
    await settle()
    expect(shown()).toEqual(['a', 'left', 'c', 'd'])
  })
})

describe('several parts of an app', () => {
  test('have one presence, which shows what was wanted last', async () => {
    const { part, shown, settle } = await setUp()
    const [one, two] = [part(), part()]
    one.update({ name: 'one' })
    await settle()
    two.update({ name: 'two' })
    await settle()
    expect(shown()).toEqual(['one', 'two'])
  })

  test('fall back to what another wants, from the newest to the oldest, and leave with the last', async () => {
    const { part, shown, advance, settle } = await setUp()
    const parts = [part(), part(), part()]
    for (const [index, one] of parts.entries()) {
      one.update({ name: String(index) })
      await settle()
    }
    await advance(100)
    parts[0]!.update({ name: '0 again' })
    await settle()
    for (const index of [0, 2, 1]) {
      parts[index]!.leave()
      await settle()
    }
    expect(shown()).toEqual(['0', '1', '2', '0 again', '2', '1', 'left'])
  })

  test('stay as they are when one leaves whose state is not shown', async () => {
    const { part, shown, settle } = await setUp()
    const [one, two] = [part(), part()]
    one.update({ name: 'one' })
    await settle()
    two.update({ name: 'two' })
    await settle()
    one.leave()
    await settle()
    expect(shown()).toEqual(['one', 'two'])
    two.leave()
    await settle()
    expect(shown()).toEqual(['one', 'two', 'left'])
  })

  test('are those of one channel of one client', async () => {
    const { client, part, room, types, sockets, settle } = await setUp()
    const elsewhere = attend(client.channel('room', { id: 2 }))
    const other = createClient(client.registry, { url: 'ws://hub', enabled: false })
    const foreign = attend(other.channel('room', { id: 1 }))
    const one = part()
    one.update({ name: 'Ann' })
    elsewhere.update({ name: 'Ann' })
    foreign.update({ name: 'Bea' })
    await settle()
    elsewhere.leave()
    await settle()
    foreign.leave()
    other.close()
    expect(types().filter((type) => type === 'leave')).toHaveLength(1)
    expect(sockets.last.sent.at(-1)).toEqual(['leave', expect.any(Number), 'room/2'])
    one.leave()
    await settle()
    expect(sockets.last.sent.at(-1)).toEqual(['leave', expect.any(Number), room.name])
  })
})

describe('why this client is not present', () => {
  test('goes to the part that asked, else to the client', async () => {
    const { part, errors, refuseWith, settle } = await setUp()
    refuseWith('forbidden')
    const codes: string[] = []
    part({ onError: ({ code }) => codes.push(code) }).update({ name: 'Ann' })
    await settle()
    expect([codes, errors]).toEqual([['forbidden'], []])
    part().update({ name: 'Bea' })
    await settle()
    expect([codes, errors]).toEqual([
      ['forbidden'],
      [{ code: 'forbidden', stage: 'subscribe', channel: 'room/1' }],
    ])
  })

  test('is told of a channel without presence', async () => {
    const { client, clock } = await setUp()
    const codes: string[] = []
    const one = attend(client.channel('news'), { onError: ({ code }) => codes.push(code) })
    one.update({ name: 'Ann' } as never)
    await clock.settle()
    one.leave()
    await clock.settle()
    expect(codes).toEqual(['unsupported'])
  })

  test('is told of a state that does not fit, for which the one before stays, also that of another part', async () => {
    const { part, shown, advance, settle } = await setUp()
    const codes: string[] = []
    const options: Options = { onError: ({ code }) => codes.push(code) }
    const [one, two] = [part(options), part(options)]
    one.update({ name: 'one' })
    await settle()
    two.update({ name: 7 as never })
    await advance(100)
    one.update({ name: 7 as never })
    await settle()
    expect([shown(), codes]).toEqual([['one'], ['bad_payload', 'bad_payload']])
    one.leave()
    await settle()
    expect(shown()).toEqual(['one', 'left'])
    two.leave()
    await settle()
    expect(shown()).toEqual(['one', 'left'])
  })

  test('is no error where the client is closed after the part has left', async () => {
    const { client, part, errors, settle, clock } = await setUp()
    const one = part()
    one.update({ name: 'Ann' })
    await settle()
    one.leave()
    client.close()
    await clock.settle()
    expect(errors).toEqual([])
  })

  test('is one where the client is closed while the part wants to enter', async () => {
    const { client, part, errors, clock } = await setUp()
    part().update({ name: 'Ann' })
    await clock.settle()
    client.close()
    await clock.settle()
    expect(errors).toEqual([expect.objectContaining({ code: 'indeterminate', stage: 'subscribe' })])
  })
})

test('a part stays present over a reconnect with what it showed last', async () => {
  const { part, shown, advance, settle, cut, sockets, accept, diff, clock } = await setUp()
  const one = part()
  one.update({ name: 'a' })
  await settle()
  accept(1, member('me', 'a'))
  one.update({ name: 'b' })
  await advance(100)
  diff(2, [member('me', 'b')])
  expect(shown()).toEqual(['a', 'b'])
  cut()
  await clock.advance(3_000)
  sockets.last.welcome()
  accept(0)
  await clock.settle()
  expect(shown()).toEqual(['b'])
})

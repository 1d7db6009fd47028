import { presence } from 'syncline/client'
import { describe, expect, test } from 'vitest'
import { watch } from '../../support/outbox-on-test.ts'
import { member, presenceClient } from '../../support/presence-client.ts'

describe('entering', () => {
  test('sends the state as it was then, and resolves when the hub has accepted it', async () => {
    const { who, clock, sent, online, accept, answer } = presenceClient()
    const state = { name: 'Ann' }
    const entering = watch(who.enter(state))
    state.name = 'Bea'
    await clock.settle()
    online()
    accept(0)
    expect(sent()).toEqual([['enter', expect.any(Number), 'room/1', { name: 'Ann' }]])
    await clock.settle()
    expect(entering.outcome).toBeUndefined()
    answer()
    await clock.settle()
    expect(entering.outcome).toBe('done')
  })

  test('a channel without presence, or with what does not fit, is refused here, and nothing is sent or kept', async () => {
    const { client, who, clock, sockets } = presenceClient()
    const news = presence(client.channel('news'))
    await expect(news.enter(null as never)).rejects.toMatchObject({ code: 'unsupported' })
    await expect(who.enter({ name: 5 as never })).rejects.toMatchObject({ code: 'bad_payload' })
    await clock.settle()
    expect(sockets.all).toEqual([])
  })

  test('again while one is under way sends the newest only, after it', async () => {
    const { who, clock, sent, online, answer } = presenceClient()
    online()
    const all = ['a', 'b', 'c', 'd'].map((name) => watch(who.enter({ name })))
    await clock.settle()
    expect(sent().map(([, , , state]) => state)).toEqual([{ name: 'a' }])
    answer()
    await clock.settle()
    expect(all.map(({ outcome }) => outcome)).toEqual(['done', undefined, undefined, undefined])
    expect(sent().map(([, , , state]) => state)).toEqual([{ name: 'a' }, { name: 'd' }])
    answer()
    await clock.settle()
    expect(all.map(({ outcome }) => outcome)).toEqual(['done', 'done', 'done', 'done'])
    expect(sent()).toHaveLength(2)
  })

  test('that the hub refuses for good rejects, and is not tried again', async () => {
    const { who, clock, sent, online, accept, refuse, cut, subs } = presenceClient()
    const entering = watch(who.enter({ name: 'Ann' }))
    await clock.settle()
    online()
    accept(0)
    refuse('forbidden')
    await clock.settle()
    expect(entering.outcome).toBe('forbidden')
    await clock.advance(1_000)
    cut()
    await clock.advance(5_000)
    online()
    expect([subs(), sent()]).toEqual([0, []])
  })

  test('that changes what is shown, and is refused for good, takes the old state from the others, too', async () => {
    const { who, online, accept, sent, answer, refuse } = presenceClient()
    online()
    const first = who.enter({ name: 'Ann' })
    accept(0, member('me', 'Ann'))
    answer()
    await first
    const second = who.enter({ name: 'Anna' })
    refuse('forbidden')
    await expect(second).rejects.toMatchObject({ code: 'forbidden' })
    await Promise.resolve()
    expect(sent().map(([type]) => type)).toEqual(['enter', 'enter', 'leave'])
    refuse('forbidden')
    await Promise.resolve()
    expect(sent()).toHaveLength(3)
  })

  test('that a newer one has followed is refused alone', async () => {
    const { who, clock, sent, online, answer, refuse } = presenceClient()
    online()
    const [first, second] = [watch(who.enter({ name: 'a' })), watch(who.enter({ name: 'b' }))]
    await clock.settle()
    refuse('forbidden')
    await clock.settle()
    answer()
    await clock.settle()
    expect([first.outcome, second.outcome]).toEqual(['forbidden', 'done'])
    expect(sent().map(([, , , state]) => state)).toEqual([{ name: 'a' }, { name: 'b' }])
  })

  test('waits for a connection as long as it takes, and ends with the client', async () => {
    const { client, who, clock } = presenceClient({ enabled: false })
    const entering = watch(who.enter({ name: 'Ann' }))
    await clock.advance(86_400_000)
    expect(entering.outcome).toBeUndefined()
    client.close()
    await clock.settle()
    expect(entering.outcome).toBe('closed')
    expect(clock.pending).toBe(0)
    const late = watch(who.enter({ name: 'Ann' }))
    await clock.settle()
    expect([late.outcome, clock.pending]).toEqual(['closed', 0])
  })
})

describe('who has entered', () => {
  const entered = async () => {
    const test = presenceClient()
    test.online()
    const entering = test.who.enter({ name: 'Ann' })
    await test.clock.settle()
    test.accept(0)
    test.answer()
    await entering
    test.diff(1, [member('me', 'Ann')])
    return test
  }
  const reconnect = async ({ cut, clock, online }: ReturnType<typeof presenceClient>) => {
    cut()
    await clock.advance(5_000)
    online()
  }

  test('knows the members without listening', async () => {
    const { who } = await entered()
    expect(who.members).toMatchObject([{ client: 'me', own: true }])
  })

  test('enters again, with the newest state, on a hub that does not know them', async () => {
    const test = await entered()
    const updating = test.who.enter({ name: 'Bea' })
    await test.clock.settle()
    test.answer()
    await updating
    await reconnect(test)
    test.accept(0)
    await test.clock.settle()
    expect(test.sent()).toEqual([['enter', expect.any(Number), 'room/1', { name: 'Bea' }]])
  })

  test('does not enter again on a hub that still has them', async () => {
    const test = await entered()
    await reconnect(test)
    test.accept(1, member('me', 'Ann'))
    await test.clock.settle()
    expect(test.sent()).toEqual([])
  })

  test('enters again when the hub says that they have left', async () => {
    const test = await entered()
    test.diff(2, [], ['mark of me'])
    await test.clock.settle()
    expect(test.sent()).toHaveLength(2)
    test.diff(3, [member('a')])
    await test.clock.settle()
    expect(test.sent()).toHaveLength(2)
  })

  test('and may not enter again is reported, and does not try once more', async () => {
    const test = await entered()
    await reconnect(test)
    test.accept(0)
    await test.clock.settle()
    test.refuse('forbidden')
    await test.clock.settle()
    expect(test.errors).toEqual([{ code: 'forbidden', stage: 'subscribe', channel: 'room/1' }])
    await test.clock.advance(1_000)
    await reconnect(test)
    expect(test.subs()).toBe(0)
  })

  test('and cannot enter now is reported, and tries again with the next subscription', async () => {
    const test = await entered()
    await reconnect(test)
    test.accept(0)
    await test.clock.settle()
    test.refuse('overloaded')
    await test.clock.settle()
    expect(test.errors).toEqual([{ code: 'overloaded', stage: 'subscribe', channel: 'room/1' }])
    test.diff(1, [member('a')])
    await test.clock.settle()
    expect(test.sent()).toHaveLength(1)
    await reconnect(test)
    test.accept(0)
    await test.clock.settle()
    expect(test.sent()).toHaveLength(1)
  })

  test('is sent again where the connection broke before the answer, and once', async () => {
    const test = presenceClient()
    test.online()
    const entering = watch(test.who.enter({ name: 'Ann' }))
    await test.clock.settle()
    test.accept(0)
    await reconnect(test)
    test.accept(0)
    await test.clock.settle()
    test.answer()
    await test.clock.settle()
    expect(entering.outcome).toBe('done')
    expect(test.sent()).toHaveLength(1)
  })
})

describe('leaving', () => {
  test('tells the hub, and lets go of the channel when it has heard', async () => {
    const { who, clock, sent, sockets, online, accept, answer } = presenceClient({ lingerMs: 1_000 })
    online()
    const entering = who.enter({ name: 'Ann' })
    await clock.settle()
    accept(0)
    answer()
    await entering
    const leaving = watch(who.leave())
    await clock.settle()
    expect(sent().at(-1)).toEqual(['leave', expect.any(Number), 'room/1'])
    await clock.advance(2_000)
    expect([leaving.outcome, sockets.last.sent.at(-1)![0]]).toEqual([undefined, 'leave'])
    answer()
    await clock.advance(1_000)
    expect([leaving.outcome, sockets.last.sent.at(-1)![0]]).toEqual(['done', 'unsub'])
  })

  test('where nobody has entered does nothing', async () => {
    const { who, clock, sockets, sent, hear, online, accept } = presenceClient()
    await who.leave()
    expect(sockets.all).toEqual([])
    hear()
    online()
    accept(0)
    await who.leave()
    await clock.settle()
    expect(sent()).toEqual([])
  })

  test('and entering anew keeps the channel subscribed again', async () => {
    const { who, clock, sockets, sent, online, accept, answer } = presenceClient({ lingerMs: 1_000 })
    online()
    for (const act of [() => who.enter({ name: 'a' }), () => who.leave(), () => who.enter({ name: 'b' })]) {
      const acting = act()
      await clock.settle()
      if (sent().length === 1) accept(0)
      answer()
      await acting
    }
    await clock.advance(2_000)
    expect(sockets.last.sent.map(([type]) => type)).not.toContain('unsub')
  })

  test('while an entry is under way comes after it, and entering anew after that', async () => {
    const { who, clock, sent, online, answer } = presenceClient()
    online()
    void who.enter({ name: 'a' })
    await clock.settle()
    void who.leave()
    await clock.settle()
    answer()
    await clock.settle()
    void who.enter({ name: 'b' })
    await clock.settle()
    answer()
    await clock.settle()
    answer()
    await clock.settle()
    expect(sent().map(([type]) => type)).toEqual(['enter', 'leave', 'enter'])
  })
})

test('diagnostics and stats count an entry as what is sent and answered', async () => {
  const { client, who, clock, online, answer } = presenceClient()
  online()
  const entering = who.enter({ name: 'Ann' })
  await clock.settle()
  expect(client.stats().pending.count).toBe(1)
  answer()
  await entering
  expect(client.stats().counts).toMatchObject({ sent: 1, acknowledged: 1 })
})

import { describe, expect, test } from 'vitest'
import {
  subscriptionsOnTest as setUp,
  seven,
  six,
  top,
  withFields,
} from '../../support/subscriptions-on-test.ts'

describe('joining and leaving', () => {
  test('one subscription serves all listeners of a channel, and ends a second after the last has left', async () => {
    const { sent, hear, accept, clock } = setUp()
    const undos = [hear(), hear(), hear('ended')]
    accept(1)
    expect(sent).toEqual([['sub', 1, 'game/A']])
    for (const undo of undos) {
      undo()
      undo()
    }
    await clock.advance(999)
    expect(sent).toHaveLength(1)
    await clock.advance(1)
    expect(sent.slice(1)).toEqual([['unsub', 2, 'game/A']])
    expect(clock.pending).toBe(0)
  })

  test('a listener that comes within the linger keeps the subscription', async () => {
    const { sent, hear, accept, clock } = setUp()
    const undo = hear()
    accept(1)
    undo()
    await clock.advance(999)
    hear()
    await clock.advance(10_000)
    expect(sent).toHaveLength(1)
  })

  test('nothing is asked for while there is no connection, and everything once there is', () => {
    const { sent, listen, subscriptions, link } = setUp({ isOnline: false })
    listen('moved', () => {}, 'A')
    listen('moved', () => {}, 'B')
    expect(sent).toEqual([])
    link.isOnline = true
    subscriptions.online()
    expect(sent).toEqual([
      ['sub', 1, 'game/A'],
      ['sub', 2, 'game/B'],
    ])
  })

  test('a channel that nobody wants any more is not told to a hub that is not there', async () => {
    const { sent, hear, accept, clock, subscriptions, link } = setUp()
    const undo = hear()
    accept(1)
    link.isOnline = false
    subscriptions.offline()
    undo()
    await clock.advance(1_000)
    expect(sent).toEqual([['sub', 1, 'game/A']])
  })

  test('an answer to a subscription that was given up in between is ignored', async () => {
    const { hear, heard, accept, clock, subscriptions } = setUp()
    hear()()
    await clock.advance(1_000)
    accept(1)
    subscriptions.at(1)?.entry(six)
    hear()
    expect(heard).toEqual([])
    expect(subscriptions.at(1)).toBeUndefined()
  })

  test('close gives back every subscription and every timer', () => {
    const { sent, listen, accept, clock, subscriptions } = setUp()
    listen('moved', () => {}, 'A')
    accept(1)
    listen('moved', () => {}, 'B')()
    subscriptions.close()
    expect(sent.slice(2)).toEqual([
      ['unsub', 3, 'game/A'],
      ['unsub', 4, 'game/B'],
    ])
    expect(clock.pending).toBe(0)
  })
})

describe('handing entries on', () => {
  test('gives each listener the validated data and what came with it', () => {
    const { listen, accept, subscriptions } = setUp()
    const heard: unknown[] = []
    listen('moved', (data: never, meta: never) => heard.push([data, meta]))
    accept(1)
    subscriptions.at(1)?.entry(withFields(seven, { 2: 6, 4: 'five' }))
    expect(heard).toEqual([
      [
        { step: 7 },
        {
          channel: 'game/A',
          position: { epoch: 'epoch', offset: 6, tag: 'seven' },
          sender: 'me',
          own: true,
          time: 1_000,
          replayed: false,
        },
      ],
    ])
  })

  test('marks what comes between the answer and live as replayed', () => {
    const { listen, subscriptions } = setUp()
    const replayed: boolean[] = []
    listen('moved', (_: never, meta: { replayed: boolean }) => replayed.push(meta.replayed))
    subscriptions.subscribed(['subscribed', 1, 1, { position: top, recovered: true }])
    subscriptions.at(1)?.entry(six)
    subscriptions.at(1)?.live()
    subscriptions.at(1)?.entry(seven)
    expect(replayed).toEqual([true, false])
  })

  test('drops an entry that it was given already', () => {
    const { hear, heard, accept, subscriptions, sent } = setUp()
    hear()
    accept(1)
    subscriptions.at(1)?.entry(six)
    subscriptions.at(1)?.entry(six)
    expect(heard).toEqual([{ step: 6 }])
    expect(sent).toHaveLength(1)
  })

  test.each([
    ['a hole', seven],
    ['a fork: the right offset after another entry', withFields(six, { 4: 'other' })],
    ['an offset from before', withFields(six, { 2: 3 })],
  ])('hands nothing on after %s, and joins again from its position', (_title, entry) => {
    const { hear, heard, accept, subscriptions, sent } = setUp()
    hear()
    accept(1)
    subscriptions.at(1)?.entry(entry)
    expect(heard).toEqual([])
    expect(sent.slice(1)).toEqual([['sub', 2, 'game/A', { since: top }]])
    // Whatever the old subscription still brings is void until the answer.
    expect(subscriptions.at(1)).toBeUndefined()
    accept(2, { recovered: true })
    subscriptions.at(1)?.entry(six)
    expect(heard).toEqual([{ step: 6 }])
  })

  test('passes over an entry that does not fit its schema, reports it, and goes on', () => {
    const { hear, heard, accept, subscriptions, errors } = setUp()
    hear()
    accept(1)
    subscriptions.at(1)?.entry(withFields(six, { 8: { step: 'six' } }))
    subscriptions.at(1)?.entry(seven)
    expect(heard).toEqual([{ step: 7 }])
    expect(errors).toMatchObject([
      [{ code: 'bad_payload' }, { stage: 'payload', channel: 'game/A', event: 'moved' }],
    ])
  })

  test('passes over an event that this registry does not know, without a word', () => {
    const { hear, heard, accept, subscriptions, errors } = setUp()
    hear()
    accept(1)
    for (const name of ['later', 'toString', 'gap']) {
      subscriptions.at(1)?.entry(['ev', 1, 6, 'six', 'five', 1, null, name, {}])
    }
    expect(heard).toEqual([])
    expect(errors).toEqual([])
  })

  test('a listener that throws is reported and starves nobody', () => {
    const { listen, hear, heard, accept, subscriptions, errors } = setUp()
    listen('moved', () => {
      throw new Error('mine')
    })
    hear()
    accept(1)
    subscriptions.at(1)?.entry(six)
    expect(heard).toEqual([{ step: 6 }])
    expect(errors).toMatchObject([
      [
        { code: 'listener_failed', message: 'mine' },
        { stage: 'listener', channel: 'game/A', event: 'moved' },
      ],
    ])
  })

  test('a listener that is taken back by another in the same dispatch hears nothing', () => {
    const { listen, hear, heard, accept, subscriptions } = setUp()
    let undo = () => {}
    listen('moved', () => undo())
    undo = hear()
    accept(1)
    subscriptions.at(1)?.entry(six)
    expect(heard).toEqual([])
  })

  test('the undo of one of two equal listeners leaves the other', () => {
    const { listen, accept, subscriptions } = setUp()
    let count = 0
    const listener = () => {
      count++
    }
    const undo = listen('moved', listener)
    listen('moved', listener)
    undo()
    undo()
    accept(1)
    subscriptions.at(1)?.entry(six)
    expect(count).toBe(1)
  })
})

describe('positions', () => {
  test('an interruption in which nothing was missed passes without a gap', () => {
    const { hear, heard, accept, subscriptions, listen, sent } = setUp()
    const gaps: unknown[] = []
    listen('gap', (gap: never) => gaps.push(gap))
    hear()
    accept(1)
    subscriptions.at(1)?.entry(six)
    subscriptions.offline()
    subscriptions.online()
    expect(sent.at(-1)).toEqual(['sub', 2, 'game/A', { since: ['epoch', 6, 'six'] }])
    accept(2, { recovered: true, position: ['epoch', 6, 'six'] }, 9)
    subscriptions.at(9)?.entry(seven)
    expect(gaps).toEqual([])
    expect(heard).toEqual([{ step: 6 }, { step: 7 }])
  })

  test('lost continuity is told once, with its reason, before anything newer', () => {
    const { accept, subscriptions, listen } = setUp()
    const order: unknown[] = []
    listen('gap', (gap: never) => order.push(gap))
    listen('moved', (data: never) => order.push(data))
    accept(1)
    subscriptions.offline()
    subscriptions.online()
    accept(2, { recovered: false, reason: 'epoch', position: ['new', 1, 'one'] })
    subscriptions.at(1)?.entry(['ev', 1, 2, 'two', 'one', 1, null, 'moved', { step: 2 }])
    expect(order).toEqual([
      { reason: 'epoch', position: { epoch: 'new', offset: 1, tag: 'one' } },
      { step: 2 },
    ])
  })

  test('a gap in the middle of a subscription moves the position and is told', () => {
    const { accept, subscriptions, listen, hear, heard } = setUp()
    const gaps: unknown[] = []
    listen('gap', (gap: never) => gaps.push(gap))
    hear()
    accept(1)
    subscriptions.at(1)?.gap('rollback', ['epoch', 6, 'six'])
    subscriptions.at(1)?.entry(seven)
    expect(gaps).toEqual([{ reason: 'rollback', position: { epoch: 'epoch', offset: 6, tag: 'six' } }])
    expect(heard).toEqual([{ step: 7 }])
  })

  test('everyone who asks hears of the acceptance, also who comes after it', async () => {
    const { accept, listen, clock } = setUp()
    const heard: unknown[] = []
    listen('subscribed', (subscribed: never) => heard.push(subscribed))
    accept(1)
    const expected = { position: { epoch: 'epoch', offset: 5, tag: 'five' }, recovered: null }
    expect(heard).toEqual([expected])
    listen('subscribed', (subscribed: never) => heard.push(subscribed))
    listen('subscribed', (subscribed: never) => heard.push(subscribed))()
    await clock.settle()
    // The last one was told at once, before it was taken back.
    expect(heard).toEqual([expected, expected, expected])
  })
})

import { presence } from 'syncline/client'
import { describe, expect, test } from 'vitest'
import { member, presenceClient } from '../../support/presence-client.ts'

describe('who is present', () => {
  test('is told by the hub, with the output of the schema, and which of them is this client', () => {
    const { who, hear, online, accept } = presenceClient()
    hear()
    online()
    accept(3, member('a'), member('me'))
    expect(who.members).toEqual([
      { mark: 'mark of a', client: 'a', user: 'user of a', state: { name: 'a', since: 'today' }, own: false },
      {
        mark: 'mark of me',
        client: 'me',
        user: 'user of me',
        state: { name: 'me', since: 'today' },
        own: true,
      },
    ])
  })

  test('is told of as joins and leaves from then on, each before the change that it is part of', () => {
    const { told, hear, online, accept, diff } = presenceClient()
    hear()
    online()
    accept(3, member('a'))
    diff(4, [member('b'), member('me')])
    diff(5, [member('a', 'Ann')])
    diff(6, [], ['mark of b'])
    expect(told).toEqual([
      'now a=a',
      'join b',
      'join me (own)',
      'now a=a,b=b,me=me',
      'now a=Ann,b=b,me=me',
      'leave b',
      'now a=Ann,me=me',
    ])
  })

  test('that leaves and comes back within one diff has not left', () => {
    const { told, who, hear, online, accept, diff } = presenceClient()
    hear()
    online()
    accept(0, member('a'))
    diff(1, [member('a', 'Ann', 'another')], ['mark of a'])
    expect(told).toEqual(['now a=a', 'now a=Ann'])
    diff(2, [], ['mark of a'])
    expect(who.members).toHaveLength(1)
    diff(3, [], ['another'])
    expect(who.members).toEqual([])
  })

  test('counts two devices of one user as two members and one user', () => {
    const { who, hear, online, accept } = presenceClient()
    expect(who.count).toEqual({ members: 0, users: 0 })
    hear()
    online()
    accept(0, ['1', 'phone', 'ann', { name: 'Ann' }], ['2', 'laptop', 'ann', { name: 'Ann' }], member('b'))
    expect(who.count).toEqual({ members: 3, users: 2 })
  })

  test('is the same array until it changes, for all handles of the channel', () => {
    const { client, who, hear, online, accept, diff } = presenceClient()
    expect(who.members).toBe(who.members)
    hear()
    online()
    accept(0, member('a'))
    const before = who.members
    expect(presence(client.channel('room', { id: 1 })).members).toBe(before)
    expect(presence(client.channel('room', { id: 2 })).members).toEqual([])
    diff(1, [member('b')])
    expect(who.members).not.toBe(before)
    expect(who.members[0]).toBe(before[0])
  })

  test('whose state does not fit is left out and reported, and the others are told of', () => {
    const { who, told, errors, hear, online, accept, diff } = presenceClient()
    hear()
    online()
    accept(0, ['1', 'bad', 'u', { name: 5 }], member('a'))
    expect(who.members.map(({ client }) => client)).toEqual(['a'])
    diff(1, [['mark of a', 'a', 'u', 'nonsense'], member('b')])
    expect(told.slice(1)).toEqual(['leave a', 'join b', 'now b=b'])
    expect(errors).toEqual([
      { code: 'bad_payload', stage: 'payload', channel: 'room/1' },
      { code: 'bad_payload', stage: 'payload', channel: 'room/1' },
    ])
  })

  test('is asked for again after a hole in the versions, and what comes before the answer is ignored', () => {
    const { who, told, hear, online, accept, diff, subs } = presenceClient()
    hear()
    online()
    accept(0, member('a'))
    diff(2, [member('c')], ['mark of a'])
    expect(subs()).toBe(2)
    diff(3, [member('d')])
    expect(who.members.map(({ client }) => client)).toEqual(['a'])
    accept(3, member('b'), member('c'))
    diff(4, [member('d')])
    expect(told).toEqual([
      'now a=a',
      'leave a',
      'join b',
      'join c',
      'now b=b,c=c',
      'join d',
      'now b=b,c=c,d=d',
    ])
    expect(subs()).toBe(2)
  })

  test('is compared by client after a reconnect, so that only those who came and went are told of', async () => {
    const { told, clock, hear, online, cut, accept } = presenceClient()
    hear()
    online()
    accept(7, member('a'), member('b'))
    cut()
    await clock.advance(5_000)
    online()
    accept(1, member('b', 'Bob', 'another mark'), member('c'))
    expect(told.slice(1)).toEqual(['leave a', 'join c', 'now b=Bob,c=c'])
  })

  test('is asked for where the channel is subscribed already, once for all who listen', () => {
    const { room, who, hear, online, accept, subs, receive } = presenceClient()
    room.on('said', () => {})
    online()
    accept(4, member('a'))
    receive('diff', 1, 5, [member('b')], [])
    expect(subs()).toBe(1)
    hear()
    expect(subs()).toBe(2)
    accept(5, member('a'), member('b'))
    expect(who.members).toHaveLength(2)
    hear()
    expect(subs()).toBe(2)
  })

  test('is followed, and keeps the channel subscribed, until the last listener has gone', async () => {
    const { who, clock, sockets, hear, online, accept } = presenceClient({ lingerMs: 1_000 })
    const [one, two] = [hear(), hear()]
    online()
    accept(0, member('a'))
    one()
    one()
    expect(who.members).toHaveLength(1)
    two()
    expect(who.members).toEqual([])
    await clock.advance(1_000)
    expect(sockets.last.sent.at(-1)).toEqual(['unsub', expect.any(Number), 'room/1'])
  })
})

describe('a listener', () => {
  test('that throws is reported and starves nobody', () => {
    const { who, told, errors, hear, online, accept } = presenceClient()
    who.on('change', () => {
      throw new Error('of the app')
    })
    hear()
    online()
    accept(0, member('a'))
    expect(told).toEqual(['now a=a'])
    expect(errors).toEqual([{ code: 'listener_failed', stage: 'listener', channel: 'room/1' }])
  })

  test('that lets go of everything while it is told hears no more', () => {
    const { who, told, hear, online, accept, diff } = presenceClient()
    const undo = hear()
    who.on('join', () => undo())
    online()
    accept(0)
    diff(1, [member('a'), member('b')])
    expect(told).toEqual(['now ', 'join a'])
  })
})

import { describe, expect, test } from 'vitest'
import { entry, roomClient } from '../../support/room-client.ts'

/** A client that has joined a room at position 5 because of what `listen` listens to. */
function setUp(
  listen: (room: ReturnType<typeof roomClient>['room']) => void,
  options: Parameters<typeof roomClient>[0] = {},
) {
  const all = roomClient(options)
  listen(all.room)
  all.online()
  all.accept()
  return { ...all, ...all.sockets.last }
}

const at = (offset: number) => ({ epoch: 'epoch', offset, tag: `tag ${offset}` })

describe('a message', () => {
  test('reaches its listeners validated, with its channel and sender and no place in the log', () => {
    const heard: unknown[] = []
    const { receive } = setUp((room) => room.on('cursor', (data, meta) => heard.push([data, meta])))
    receive('told', 1, 'cursor', { x: 1, more: true }, 'ada')
    receive('told', 1, 'cursor', { x: 2 }, 'me')
    receive('told', 1, 'cursor', { x: 3 }, null)
    expect(heard).toEqual([
      [{ x: 1 }, { channel: 'room/1', sender: 'ada', own: false }],
      [{ x: 2 }, { channel: 'room/1', sender: 'me', own: true }],
      [{ x: 3 }, { channel: 'room/1', sender: null, own: false }],
    ])
  })

  test('moves no position: the next entry follows the last one', () => {
    const heard: unknown[] = []
    const { receive, sent } = setUp((room) => {
      room.on('cursor', ({ x }) => heard.push(x))
      room.on('renamed', ({ title }) => heard.push(title))
    })
    receive(...entry(6, 'renamed', { title: 'six' }))
    receive('told', 1, 'cursor', { x: 1 }, null)
    receive(...entry(7, 'renamed', { title: 'seven' }))
    expect(heard).toEqual(['six', 1, 'seven'])
    expect(sent.filter(([type]) => type === 'sub')).toHaveLength(1)
  })

  test('that does not fit its schema is reported, and the next one is heard', () => {
    const heard: unknown[] = []
    const { receive, errors } = setUp((room) => room.on('cursor', ({ x }) => heard.push(x)))
    receive('told', 1, 'cursor', { x: 'left' }, 'ada')
    receive('told', 1, 'cursor', { x: 2 }, 'ada')
    expect(heard).toEqual([2])
    expect(errors).toEqual([{ code: 'bad_payload', stage: 'payload', event: 'cursor' }])
  })

  test('of a channel number that stands for nothing is heard by nobody', () => {
    const heard: unknown[] = []
    const { receive } = setUp((room) => room.on('cursor', ({ x }) => heard.push(x)))
    receive('told', 2, 'cursor', { x: 1 }, 'ada')
    expect(heard).toEqual([])
  })

  test.each(['renamed', 'said', 'add', 'gap', '*', 'toString', '__proto__'])(
    'called %s is no message of the registry',
    (name) => {
      const heard: unknown[] = []
      const { receive, errors } = setUp((room) => {
        room.on('renamed', () => heard.push('renamed'))
        room.on('gap', () => heard.push('gap'))
        room.onAny(() => heard.push('any'))
      })
      receive('told', 1, name, { x: 1, title: 'a', text: 'a' }, 'ada')
      expect([heard, errors]).toEqual([[], []])
    },
  )
})

describe('once', () => {
  test('hears an event or a message one time, and its undo afterwards changes nothing', () => {
    const heard: unknown[] = []
    const undos: (() => void)[] = []
    const { receive } = setUp((room) => {
      room.on('opened', () => {})
      undos.push(room.once('renamed', ({ title }, { position }) => heard.push([title, position.offset])))
      undos.push(room.once('cursor', ({ x }) => heard.push(x)))
    })
    for (const offset of [6, 7]) {
      receive(...entry(offset, 'renamed', { title: `title ${offset}` }))
      receive('told', 1, 'cursor', { x: offset }, null)
    }
    for (const undo of undos) undo()
    receive(...entry(8, 'renamed', { title: 'eight' }))
    expect(heard).toEqual([['title 6', 6], 6])
  })

  test('hears a gap one time', () => {
    const heard: unknown[] = []
    const { receive } = setUp((room) => room.once('gap', (gap) => heard.push(gap)))
    receive('gap', 1, ['epoch', 8, 'tag 8'], 'rollback')
    receive('gap', 1, ['epoch', 9, 'tag 9'], 'overflow')
    expect(heard).toEqual([{ reason: 'rollback', position: at(8) }])
  })

  test('hears of the present acceptance at once, and of no later one', () => {
    const heard: unknown[] = []
    const { room, receive, cut, online, accept } = setUp((room) => room.on('renamed', () => {}))
    const undo = room.once('subscribed', (subscribed) => heard.push(subscribed))
    const expected = [{ position: at(5), recovered: null }]
    expect(heard).toEqual(expected)
    cut()
    online()
    accept()
    undo()
    receive(...entry(6, 'renamed', { title: 'six' }))
    expect(heard).toEqual(expected)
  })

  test('hears of the coming acceptance, and of no later one', () => {
    const heard: unknown[] = []
    const { cut, online, accept } = setUp((room) => {
      room.on('renamed', () => {})
      room.once('subscribed', ({ recovered }) => heard.push(recovered))
    })
    cut()
    online()
    accept()
    expect(heard).toEqual([null])
  })

  test('that was undone before hears nothing', () => {
    const heard: unknown[] = []
    const { receive } = setUp((room) => {
      room.on('opened', () => {})
      room.once('renamed', () => heard.push('renamed'))()
      room.once('gap', () => heard.push('gap'))()
      room.once('subscribed', () => heard.push('subscribed'))()
    })
    receive(...entry(6, 'renamed', { title: 'six' }))
    receive('gap', 1, ['epoch', 8, 'tag 8'], 'rollback')
    expect(heard).toEqual([])
  })

  test('that throws is reported, and is over all the same', () => {
    let count = 0
    const { receive, errors } = setUp((room) => {
      room.on('opened', () => {})
      room.once('renamed', () => {
        count++
        throw new Error('mine')
      })
    })
    receive(...entry(6, 'renamed', { title: 'six' }))
    receive(...entry(7, 'renamed', { title: 'seven' }))
    expect(count).toBe(1)
    expect(errors).toEqual([{ code: 'listener_failed', stage: 'listener', event: 'renamed' }])
  })

  test('that rejects is reported', async () => {
    const { receive, errors, clock } = setUp((room) => {
      room.once('renamed', async () => Promise.reject(new Error('mine')))
    })
    receive(...entry(6, 'renamed', { title: 'six' }))
    await clock.settle()
    expect(errors).toEqual([{ code: 'listener_failed', stage: 'listener', event: 'renamed' }])
  })

  test('gives the channel back when it was the last to listen', async () => {
    const { receive, sent, clock, client } = setUp((room) => room.once('renamed', () => {}), {
      lingerMs: 500,
    })
    await clock.advance(1_000)
    expect(sent.at(-1)?.[0]).toBe('sub')
    receive(...entry(6, 'renamed', { title: 'six' }))
    await clock.advance(500)
    expect(sent.at(-1)).toEqual(['unsub', expect.any(Number), 'room/1'])
    client.close()
    expect(clock.pending).toBe(0)
  })

  test('of the present acceptance gives the channel back, too', async () => {
    const undos: (() => void)[] = []
    const { room, sent, clock } = setUp((room) => undos.push(room.on('renamed', () => {})), { lingerMs: 500 })
    room.once('subscribed', () => {})
    for (const undo of undos) undo()
    await clock.advance(500)
    expect(sent.at(-1)).toEqual(['unsub', expect.any(Number), 'room/1'])
  })

  test('on a closed client is reported, and its undo is there', () => {
    const { room, client, errors } = setUp((room) => room.on('renamed', () => {}))
    client.close()
    room.once('renamed', () => {})()
    expect(errors).toEqual([{ code: 'closed', stage: 'subscribe', event: 'renamed' }])
  })
})

describe('onAny', () => {
  test('hears events and messages by name, with the data that their listeners hear and what came with them', () => {
    const heard: unknown[] = []
    const { receive } = setUp((room) => room.onAny((any) => heard.push(any)))
    receive(...entry(6, 'opened', { at: '2026-01-01T00:00:00.000Z' }))
    receive('told', 1, 'cursor', { x: 1, more: true }, 'ada')
    receive(...entry(7, 'shouted', { text: 'hi' }))
    const of = { channel: 'room/1', sender: 'me', own: true, time: 1_000, replayed: false }
    expect(heard).toEqual([
      { event: 'opened', data: { at: new Date('2026-01-01') }, meta: { ...of, position: at(6) } },
      { event: 'cursor', data: { x: 1 }, meta: { channel: 'room/1', sender: 'ada', own: false } },
      { event: 'shouted', data: { text: 'hi', loud: true }, meta: { ...of, position: at(7) } },
    ])
  })

  test('hears no gap and no acceptance, nothing that does not fit or that is unknown', () => {
    const heard: unknown[] = []
    const { receive, cut, online, accept } = setUp((room) => room.onAny(({ event }) => heard.push(event)))
    receive('gap', 1, ['epoch', 5, 'tag 5'], 'rollback')
    receive(...entry(6, 'renamed', { title: 6 }))
    receive(...entry(7, 'later', {}))
    receive('told', 1, 'later', {}, null)
    cut()
    online()
    accept()
    expect(heard).toEqual([])
  })

  test('is undone by its undo, and is a listener like the others: one that throws starves nobody', () => {
    const heard: unknown[] = []
    const undos: (() => void)[] = []
    const { receive, errors } = setUp((room) => {
      room.onAny(() => {
        throw new Error('mine')
      })
      undos.push(room.onAny(({ event }) => heard.push(event)))
    })
    receive(...entry(6, 'renamed', { title: 'six' }))
    for (const undo of undos) undo()
    receive(...entry(7, 'renamed', { title: 'seven' }))
    expect(heard).toEqual(['renamed'])
    expect(errors.map(({ code, stage }) => [code, stage])).toEqual([
      ['listener_failed', 'listener'],
      ['listener_failed', 'listener'],
    ])
  })

  test('alone joins the channel', () => {
    const { sent } = setUp((room) => room.onAny(() => {}))
    expect(sent.filter(([type]) => type === 'sub')).toEqual([['sub', expect.any(Number), 'room/1']])
  })
})

describe('an event or a message that the registry does not know', () => {
  test('is passed over in silence by default, and the next one is heard', () => {
    const heard: unknown[] = []
    const { receive, errors } = setUp((room) => room.on('renamed', ({ title }) => heard.push(title)))
    receive(...entry(6, 'later', {}))
    receive('told', 1, 'later', {}, null)
    receive(...entry(7, 'renamed', { title: 'seven' }))
    expect([heard, errors]).toEqual([['seven'], []])
  })

  test('is reported with unknownEvents: error, each time, and the next one is heard', () => {
    const heard: unknown[] = []
    const listen = (room: ReturnType<typeof roomClient>['room']) => {
      room.on('renamed', ({ title }) => heard.push(title))
    }
    const { receive, errors, client } = setUp(listen, { unknownEvents: 'error' })
    receive(...entry(6, 'later', {}))
    receive('told', 1, 'toString', {}, null)
    receive(...entry(7, 'renamed', { title: 'seven' }))
    expect(heard).toEqual(['seven'])
    expect(errors).toEqual([
      { code: 'unknown_event', stage: 'payload', event: 'later' },
      { code: 'unknown_event', stage: 'payload', event: 'toString' },
    ])
    expect(client.stats().counts).toMatchObject({ received: 3, error: 2 })
  })
})

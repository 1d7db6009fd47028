import { manualClock } from 'syncline/testing'
import { describe, expect, test } from 'vitest'
import { Rooms } from '../../../src/server/rooms.ts'
import { watchedBroadcaster } from '../../support/watched-broadcaster.ts'

function setUp() {
  const watched = watchedBroadcaster()
  const fanned: string[] = []
  const rooms = new Rooms(watched.broadcaster, (room, { offset, body }) =>
    fanned.push(`${room.name} ${offset} ${body}`),
  )
  const { settle } = manualClock()
  return { watched, fanned, rooms, settle }
}

test('a channel is followed once for all who hold it, and given back with the last of them', async () => {
  const { watched, rooms } = setUp()
  const room = rooms.hold('a')
  expect(rooms.hold('a')).toBe(room)
  await room.ready
  rooms.hold('a')
  expect(watched.calls).toEqual(['subscribe a', 'read a'])
  rooms.release(room)
  rooms.release(room)
  expect(watched.following).toBe(1)
  rooms.release(room)
  expect(watched.following).toBe(0)
})

test('channels have numbers of their own, and one that is held anew gets a new one', async () => {
  const { rooms, watched } = setUp()
  const [a, b] = [rooms.hold('a'), rooms.hold('b')]
  await Promise.all([a.ready, b.ready])
  rooms.release(a)
  const again = rooms.hold('a')
  await again.ready
  expect(new Set([a.cid, b.cid, again.cid]).size).toBe(3)
  expect(watched.following).toBe(2)
})

describe('an entry', () => {
  test('is handed on as it comes, and moves the position of the room', async () => {
    const { watched, fanned, rooms } = setUp()
    await watched.append('a', 'before')
    const room = rooms.hold('a')
    await room.ready
    expect(room.position.offset).toBe(1)
    const position = await watched.append('a', 'after')
    await watched.append('b', 'elsewhere')
    expect([fanned, room.position]).toEqual([['a 2 after'], position])
  })

  test('that comes between the subscription and the read is neither lost nor doubled', async () => {
    const { watched, fanned, rooms, settle } = setUp()
    const release = watched.hold('read')
    const room = rooms.hold('a')
    await settle()
    await watched.append('a', 'read too')
    expect(fanned).toEqual([])
    release()
    await room.ready
    expect([fanned, room.position.offset]).toEqual([[], 1])
    await watched.append('a', 'live')
    expect(fanned).toEqual(['a 2 live'])
  })

  test('that comes after the read was made, but before its answer, is handed on once', async () => {
    const { watched, fanned, settle } = setUp()
    let answer = () => {}
    const { broadcaster } = watched
    const rooms = new Rooms(
      {
        ...broadcaster,
        async read(channel, options) {
          const read = await broadcaster.read(channel, options)
          await new Promise<void>((resolve) => {
            answer = resolve
          })
          return read
        },
      },
      (_room, { offset }) => fanned.push(String(offset)),
    )
    const room = rooms.hold('a')
    await settle()
    await watched.append('a', 'on the way')
    answer()
    await room.ready
    expect([fanned, room.position.offset]).toEqual([['1'], 1])
  })

  test('of another epoch is handed on, whatever its offset', async () => {
    const { watched, fanned } = setUp()
    let deliver = (_offset: number, _epoch: string) => {}
    const rooms = new Rooms(
      {
        ...watched.broadcaster,
        subscribe: async (_channel, to) => {
          deliver = (offset, epoch) => to({ offset, tag: `t${offset}`, previous: '', body: '' }, epoch)
          return () => {}
        },
        read: async () => ({ top: { epoch: 'E1', offset: 5, tag: 't5' }, entries: [] }),
      },
      (_room, { offset }) => fanned.push(String(offset)),
    )
    const room = rooms.hold('a')
    await room.ready
    deliver(5, 'E1')
    deliver(1, 'E2')
    deliver(1, 'E2')
    expect([fanned, room.position]).toEqual([['1'], { epoch: 'E2', offset: 1, tag: 't1' }])
  })

  test('is not handed on once the room was given back', async () => {
    const { watched, fanned, rooms } = setUp()
    const room = rooms.hold('a')
    await room.ready
    rooms.release(room)
    await watched.append('a', 'late')
    expect(fanned).toEqual([])
  })
})

describe('a room that is given back before it is followed', () => {
  test('ends the subscription as soon as it is there, and is not read', async () => {
    const { watched, rooms, settle } = setUp()
    const release = watched.hold('subscribe')
    const room = rooms.hold('a')
    await settle()
    rooms.release(room)
    release()
    await settle()
    expect([watched.following, watched.calls]).toEqual([0, ['subscribe a']])
  })

  test('makes way for another one at once', async () => {
    const { watched, fanned, rooms, settle } = setUp()
    const release = watched.hold('subscribe')
    const first = rooms.hold('a')
    await settle()
    rooms.release(first)
    const second = rooms.hold('a')
    expect(second).not.toBe(first)
    release()
    await second.ready
    await watched.append('a', 'x')
    expect([watched.following, fanned]).toEqual([1, ['a 1 x']])
  })
})

describe.each(['subscribe', 'read'] as const)('a broadcaster that fails to %s', (method) => {
  test('fails all who wait, leaves nothing behind, and is asked again by the next', async () => {
    const { watched, fanned, rooms } = setUp()
    watched.failNext(method, new Error('engine gone'))
    const room = rooms.hold('a')
    rooms.hold('a')
    await expect(room.ready).rejects.toThrow('engine gone')
    const next = rooms.hold('a')
    expect(next).not.toBe(room)
    rooms.release(room)
    rooms.release(room)
    await next.ready
    expect(watched.following).toBe(1)
    await watched.append('a', 'x')
    expect(fanned).toEqual(['a 1 x'])
  })
})

describe('what is overheard', () => {
  const overhear = async () => {
    const { rooms, watched } = setUp()
    const room = rooms.hold('a')
    await room.ready
    return { rooms, room, append: (body: string) => watched.append('a', body) }
  }

  test('is what the room is handed from then on until it is stopped, by whoever listens', async () => {
    const { rooms, room, append } = await overhear()
    await append('1')
    const first = rooms.overhear(room)
    await append('2')
    const second = rooms.overhear(room)
    await append('3')
    first.stop()
    await append('4')
    const bodies = [first, second].map(({ entries }) => entries.map(({ body }) => body).join())
    expect(bodies).toEqual(['2,3', '3,4'])
    expect(second.entries[0]).toMatchObject({ epoch: room.position.epoch, offset: 3 })
  })

  test('goes on for others when it is stopped twice', async () => {
    const { rooms, room, append } = await overhear()
    const first = rooms.overhear(room)
    first.stop()
    const second = rooms.overhear(room)
    first.stop()
    await append('1')
    expect(second.entries).toHaveLength(1)
  })
})

test('a channel that nobody holds any more is told of once, by the last who held it', async () => {
  const { broadcaster } = watchedBroadcaster()
  const unheld: string[] = []
  const rooms = new Rooms(
    broadcaster,
    () => {},
    (name) => unheld.push(name),
  )
  const [first] = [rooms.hold('a'), rooms.hold('a')]
  await first.ready
  rooms.release(first)
  expect([unheld, rooms.get('a')]).toEqual([[], first])
  rooms.release(first)
  expect([unheld, rooms.get('a')]).toEqual([['a'], undefined])
})

test('the end of a room that failed says nothing of the one that took its place', async () => {
  const { broadcaster, failNext } = watchedBroadcaster()
  const unheld: string[] = []
  const rooms = new Rooms(
    broadcaster,
    () => {},
    (name) => unheld.push(name),
  )
  failNext('subscribe', new Error('engine gone'))
  const failed = rooms.hold('a')
  await failed.ready.catch(() => {})
  const next = rooms.hold('a')
  await next.ready
  rooms.release(failed)
  expect([unheld, rooms.get('a')]).toEqual([[], next])
})

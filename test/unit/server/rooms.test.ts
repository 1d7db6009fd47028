import { memory } from 'syncline/server'
import { manualClock } from 'syncline/testing'
import { describe, expect, test } from 'vitest'
import { fakeSettings, readySession } from '../../support/fake-sessions.ts'
import { roomsOver } from '../../support/rooms-over.ts'
import { watchedBroadcaster } from '../../support/watched-broadcaster.ts'

function setUp() {
  const watched = watchedBroadcaster()
  const fanned: string[] = []
  const rooms = roomsOver(watched.broadcaster, {
    deliver: (room, { offset, body }) => void fanned.push(`${room.name} ${offset} ${body}`),
  })
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
    const rooms = roomsOver(
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
      { deliver: (_room, { offset }) => void fanned.push(String(offset)) },
    )
    const room = rooms.hold('a')
    await settle()
    await watched.append('a', 'on the way')
    answer()
    await room.ready
    expect([fanned, room.position.offset]).toEqual([['1'], 1])
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
  const rooms = roomsOver(broadcaster, { unheld: (name) => void unheld.push(name) })
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
  const rooms = roomsOver(broadcaster, { unheld: (name) => void unheld.push(name) })
  failNext('subscribe', new Error('engine gone'))
  const failed = rooms.hold('a')
  await failed.ready.catch(() => {})
  const next = rooms.hold('a')
  await next.ready
  rooms.release(failed)
  expect([unheld, rooms.get('a')]).toEqual([[], next])
})

describe('the end of a log that was not delivered', () => {
  /** A room with one session that holds it, over an engine that delivers nothing while `isDeaf`. */
  const setUpTail = async (of: { random?: () => number; maxEntries?: number } = {}) => {
    const { clock, settings } = fakeSettings({ tailCheckMs: 25_000, random: of.random ?? (() => 0.5) })
    const inner = memory({ clock, maxEntries: of.maxEntries ?? 100 })
    const state = { isDeaf: false, reconnected: () => {}, isListening: true, reads: 0 }
    const rooms = roomsOver(
      {
        read: (channel, query) => {
          state.reads++
          return inner.read(channel, query)
        },
        subscribe: (channel, deliver) =>
          inner.subscribe(channel, (entry, epoch) => state.isDeaf || deliver(entry, epoch)),
        onReconnect: (listener) => {
          state.reconnected = listener
          return () => {
            state.isListening = false
          }
        },
      },
      { settings },
    )
    const { session, socket } = readySession(settings)
    const hold = async (name: string) => {
      const room = rooms.hold(name)
      await room.ready
      room.sessions.add(session)
      return room
    }
    const append = (name = 'a') => inner.append(name, '[0,null,"x",1]')
    return { clock, state, rooms, hold, socket, append }
  }

  test.each([0, 0.5, 0.999])(
    'is found within the time of the check, and not before three quarters of it (%s)',
    async (chance) => {
      const { clock, state, hold, socket, append } = await setUpTail({ random: () => chance })
      await hold('a')
      state.isDeaf = true
      await append()
      await clock.advance(18_700)
      expect(socket.of('ev')).toHaveLength(0)
      await clock.advance(6_300)
      expect(socket.of('ev')).toHaveLength(1)
      await append()
      await clock.advance(25_000)
      expect(socket.of('ev')).toHaveLength(2)
    },
  )

  test('is found on all channels at once when the engine says that it is back', async () => {
    const { clock, state, hold, socket, append, rooms } = await setUpTail()
    const names = Array.from({ length: 200 }, (_, i) => `room ${i}`)
    for (const name of names) await hold(name)
    state.isDeaf = true
    for (const name of names) await append(name)
    state.reconnected()
    await clock.settle()
    expect(socket.of('ev')).toHaveLength(200)
    rooms.close()
    expect(state.isListening).toBe(false)
  })

  test('is told to all sessions as a gap where too little is kept', async () => {
    const { clock, state, hold, socket, append } = await setUpTail({ maxEntries: 1 })
    const room = await hold('a')
    state.isDeaf = true
    await append()
    const { epoch, tag } = await append()
    state.reconnected()
    await clock.advance(5_000)
    expect(socket.frames).toEqual([['gap', room.cid, [epoch, 2, tag], 'retention']])
    state.isDeaf = false
    await append()
    expect(socket.of('ev').map(([, , offset]) => offset)).toEqual([3])
  })

  test('is looked for as long as the channel is held: then no timer is left', async () => {
    const { clock, rooms, hold, state } = await setUpTail()
    const room = await hold('a')
    await clock.advance(60_000)
    expect(state.reads).toBeGreaterThan(2)
    rooms.release(room)
    expect(clock.pending).toBe(0)
  })
})

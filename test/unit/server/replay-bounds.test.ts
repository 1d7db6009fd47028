import { channel, defineRegistry } from 'syncline'
import { describe, expect, test } from 'vitest'
import * as z from 'zod'
import type { SubOptions } from '../../../src/protocol/frames.ts'
import { ServerChannel } from '../../../src/server/channel.ts'
import { encodeBody } from '../../../src/server/fan-out.ts'
import { Histories, newestWithin } from '../../../src/server/history.ts'
import { Memberships } from '../../../src/server/memberships.ts'
import { FakeSessionSocket, readySession } from '../../support/fake-sessions.ts'
import { hubParts } from '../../support/hub-parts.ts'

const registry = defineRegistry({
  room: channel('room', {
    events: { said: z.object({ text: z.string() }) },
    messages: { shown: z.object({ text: z.string() }) },
  }),
})

/** A log of ten entries of about 1,000 characters, of which a hub may leave 8,000 bytes unsent. */
async function setUp() {
  const parts = hubParts(registry, { maxBufferedBytes: 8_000 })
  parts.served.add('room', {})
  const body = encodeBody({ time: 0, sender: null, name: 'said', data: { text: 'x'.repeat(900) } })
  const positions = []
  for (let i = 0; i < 10; i++) positions.push(await parts.broadcaster.append('room', body))
  const { session, socket } = readySession(parts.settings)
  const memberships = new Memberships(parts)
  const subscribe = async (options: SubOptions) => {
    await memberships.subscribe(session, ['sub', 1, 'room', options])
    await parts.clock.settle()
    return {
      answer: socket.of('subscribed').at(-1)![3],
      offsets: socket.of('ev').map(([, , offset]) => offset),
    }
  }
  return { ...parts, positions, session, socket, subscribe }
}

describe('what would cut a client off in the middle of it', () => {
  test('is not in a page of a history, which says that there is more', async () => {
    const parts = await setUp()
    await new Histories(parts).read(parts.session, ['history', 1, 'room', { limit: 9 }])
    const [, , page] = parts.socket.of('res')[0] as ['res', number, { entries: number[][]; more: boolean }]
    expect([page.entries.map(([offset]) => offset), page.more]).toEqual([[7, 8, 9, 10], true])
  })

  test.each([
    ['characters of one byte', 'x'.repeat(8_001)],
    ['characters of three bytes', '漢'.repeat(2_667)],
  ])('is neither published nor told by the server: %s', async (_name, text) => {
    const parts = await setUp()
    const room = new ServerChannel('room', registry.channels.room, parts)
    const data = { text }
    await expect(room.publish({ event: 'said', data })).rejects.toMatchObject({ code: 'too_large' })
    expect(() => room.tell('shown', data)).toThrow(expect.objectContaining({ code: 'too_large' }))
    expect((await parts.broadcaster.read('room')).top.offset).toBe(10)
  })

  test('is told in bytes, and what has as many as may be passes', async () => {
    const parts = await setUp()
    const room = new ServerChannel('room', registry.channels.room, parts)
    // With `{"text":""}` around it, 8,000 bytes.
    const text = '漢'.repeat(2_663)
    expect(room.tell('shown', { text })).toBe(0)
    expect(() => room.tell('shown', { text: `${text}x` })).toThrow('It has 8001 bytes, and 8000 may wait')
  })
})

test('what was missed and fits is replayed whole', async () => {
  const { positions, subscribe } = await setUp()
  const { epoch, tag } = positions[6]!
  expect(await subscribe({ since: [epoch, 7, tag] })).toMatchObject({
    answer: { recovered: true },
    offsets: [8, 9, 10],
  })
})

test('a page holds one entry at least, so that a client can go on from there', async () => {
  const parts = await setUp()
  const body = encodeBody({ time: 0, sender: null, name: 'said', data: { text: 'x'.repeat(5_000) } })
  await parts.broadcaster.append('room', body)
  await new Histories(parts).read(parts.session, ['history', 1, 'room', { limit: 5 }])
  const [, , page] = parts.socket.of('res')[0] as ['res', number, { entries: number[][]; more: boolean }]
  expect([page.entries.map(([offset]) => offset), page.more]).toEqual([[11], true])
})

test('the newest within a bound are none where there are none, and all where all fit', () => {
  const entry = { offset: 1, tag: 'a', previous: '', body: 'x'.repeat(36) }
  expect(newestWithin([], 10)).toEqual([])
  expect(newestWithin([entry, entry], 200)).toHaveLength(2)
  expect(newestWithin([entry, entry], 199)).toHaveLength(1)
  expect(newestWithin([entry], 99)).toEqual([])
  const long = { ...entry, body: '漢'.repeat(12) }
  expect([newestWithin([long], 100), newestWithin([long], 99)]).toEqual([[long], []])
})

/** Takes nothing by itself: what it is sent waits, until it reads. */
class SlowSocket extends FakeSessionSocket {
  override send(message: string): void {
    super.send(message)
    this.bufferedBytes += message.length
  }

  read(): void {
    this.bufferedBytes = 0
  }
}

describe('a client that takes its time', () => {
  async function setUpSlow() {
    const parts = await setUp()
    const socket = new SlowSocket()
    const { session } = readySession(parts.settings, { id: 'bob' }, socket)
    const memberships = new Memberships(parts)
    session.onEnd = () => memberships.releaseAll(session)
    const { epoch } = parts.positions[0]!
    await memberships.subscribe(session, ['sub', 1, 'room', { since: [epoch, 0, ''] }])
    await parts.clock.settle()
    const offsets = () => socket.of('ev').map(([, , offset]) => offset)
    const body = encodeBody({ time: 0, sender: null, name: 'said', data: { text: 'new' } })
    return {
      ...parts,
      memberships,
      session,
      socket,
      offsets,
      append: () => parts.broadcaster.append('room', body),
    }
  }

  const upTo = (count: number) => Array.from({ length: count }, (_, i) => i + 1)

  test('is sent all that it missed, as far as it takes it, and then what was said meanwhile, once and in order', async () => {
    const { socket, offsets, append, clock, rooms, session } = await setUpSlow()
    expect(offsets().length).toBeLessThan(6)
    await append()
    for (let i = 0; i < 3; i++) {
      socket.read()
      await clock.advance(20)
      await append()
    }
    for (let i = 0; i < 3; i++) {
      socket.read()
      await clock.advance(20)
    }
    await append()
    expect([offsets(), socket.closes, clock.pending]).toEqual([upTo(15), [], 0])
    const types = socket.frames.map(([type]) => type)
    expect([types.indexOf('live'), types.lastIndexOf('live')]).toEqual([11, 11])
    expect(rooms.get('room')!.sessions.has(session)).toBe(true)
  })

  test('hears nothing more, and leaves nothing, when it gives the channel up in the middle of it', async () => {
    const { memberships, session, socket, offsets, clock, append, rooms } = await setUpSlow()
    memberships.unsubscribe(session, ['unsub', 2, 'room'])
    const before = offsets()
    socket.read()
    await clock.advance(100)
    await append()
    expect([offsets(), clock.pending, rooms.get('room')]).toEqual([before, 0, undefined])
  })

  test('is told of a gap that came meanwhile, and then of what came after it', async () => {
    const { socket, offsets, clock, rooms, append, watched } = await setUpSlow()
    const { log, cid } = rooms.get('room')!
    await append()
    const top = { epoch: 'new', offset: 3, tag: 't3' }
    const { read } = watched.broadcaster
    watched.broadcaster.read = async () => ({ top, entries: [] })
    await log!.check()
    watched.broadcaster.read = read
    log!.take({ offset: 4, tag: 't4', previous: 't3', body: '[0,null,"said",{"text":"x"}]' }, 'new')
    for (let i = 0; i < 3; i++) {
      socket.read()
      await clock.advance(20)
    }
    expect(offsets()).toEqual([...upTo(10), 4])
    const types = socket.frames.map(([type]) => type)
    expect(types.slice(-4)).toEqual(['ev', 'live', 'gap', 'ev'])
    expect(socket.of('gap')).toEqual([['gap', cid, ['new', 3, 't3'], 'epoch']])
  })

  test('is cut off when more is said than may wait for it', async () => {
    const { socket, clock, append, session } = await setUpSlow()
    for (let i = 0; i < 400; i++) await append()
    for (let i = 0; i < 5; i++) {
      socket.read()
      await clock.advance(20)
    }
    expect([session.machine.state, socket.closes]).toMatchObject(['closed', [{ code: 4002 }]])
    await clock.advance(100)
    expect(clock.pending).toBe(0)
  })
})

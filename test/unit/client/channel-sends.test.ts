import { describe, expect, test } from 'vitest'
import { watch } from '../../support/outbox-on-test.ts'
import { roomClient as setUp } from '../../support/room-client.ts'

describe('a send', () => {
  test.each(['publish', 'request'] as const)(
    '(%s) connects a client that was idle, and leaves with the welcome',
    (how) => {
      const { room, sockets, client } = setUp()
      expect(client.status.state).toBe('disconnected')
      const { publish, request } = room
      const promise = how === 'publish' ? publish('said', { text: 'a' }) : request('add', { a: 1, b: 2 })
      promise.catch(() => {})
      expect(sockets.all).toHaveLength(1)
      sockets.last.welcome()
      expect(sockets.last.sent.map(([type]) => type)).toEqual(['hello', how === 'publish' ? 'pub' : 'req'])
    },
  )

  test('waits with a client that is not enabled, until the app connects it', () => {
    const { room, sockets, client, sent } = setUp({ enabled: false })
    room.publish('said', { text: 'a' }).catch(() => {})
    room.request('add', { a: 1, b: 2 }).catch(() => {})
    expect(sockets.all).toEqual([])
    expect(client.stats().pending.count).toBe(2)
    client.connect()
    sockets.last.welcome()
    expect([sent('pub').length, sent('req').length]).toEqual([1, 1])
  })

  test('waits with a client that was disconnected, and leaves when it is connected again', () => {
    const { room, client, sent, sockets, online } = setUp()
    online()
    room.publish('said', { text: 'sent' }).catch(() => {})
    client.disconnect()
    room.publish('said', { text: 'queued' }).catch(() => {})
    expect(sockets.open).toEqual([])
    online()
    expect(sent('pub')).toEqual([
      ['pub', 1, 1, 'room/1', 'said', { text: 'sent' }, 0],
      ['pub', 2, 1, 'room/1', 'said', { text: 'queued' }],
    ])
  })

  test('is counted: what waits by number and bytes, and what became of it by type', async () => {
    const { room, client, sockets, online, clock } = setUp()
    const sends = [
      watch(room.publish('said', { text: 'é' })),
      watch(room.publish('said', { text: 'b' })),
      watch(room.publish('said', { text: 'c' }, { timeoutMs: 50 })),
    ]
    const bytes = '{"text":"é"}'.length + 1 + 2 * '{"text":"b"}'.length
    expect(client.stats().pending).toEqual({ count: 3, bytes })
    online()
    sockets.last.receive('ack', 'room/1', 1, ['epoch', 1, 'one'])
    sockets.last.receive('nak', 'room/1', 2, 'forbidden', 'No')
    await clock.advance(50)
    expect(sends.map(({ outcome }) => outcome)).toEqual(['done', 'forbidden', 'indeterminate'])
    const { pending, counts } = client.stats()
    expect(pending).toEqual({ count: 0, bytes: 0 })
    expect(counts).toMatchObject({ sent: 3, acknowledged: 1, refused: 1, indeterminate: 1 })
  })

  test('that is made from a status listener, as the connection comes, does not overtake what waits', () => {
    const { room, client, sent, online, cut } = setUp()
    const texts = () => sent('pub').map((frame) => [frame[1], (frame[5] as { text: string }).text])
    const publish = (text: string) => void room.publish('said', { text }).catch(() => {})
    let connections = 0
    client.onStatus(({ state }) => {
      if (state === 'connected') publish(`on connection ${++connections}`)
    })
    publish('first')
    online()
    expect(texts()).toEqual([
      [1, 'first'],
      [2, 'on connection 1'],
    ])
    cut()
    publish('second')
    online()
    expect(texts()).toEqual([
      [1, 'first'],
      [2, 'on connection 1'],
      [3, 'second'],
      [4, 'on connection 2'],
    ])
  })

  test('that is made while the channels are joined again does not overtake what waits', () => {
    const { room, client, sent, online, cut } = setUp()
    const publish = (text: string) => void room.publish('said', { text }).catch(() => {})
    room.on('renamed', () => {})
    online()
    cut()
    publish('waits')
    client.onDiagnostic((diagnostic) => {
      if (diagnostic.type === 'frame' && diagnostic.frame === 'sub') publish('meanwhile')
    })
    online()
    expect(sent('pub').map((frame) => [frame[1], frame[5]])).toEqual([
      [1, { text: 'waits' }],
      [2, { text: 'meanwhile' }],
    ])
  })

  test('that a listener of diagnostics gives up while the outbox is emptied is not sent', async () => {
    const { room, client, sent, online } = setUp()
    const abort = new AbortController()
    client.onDiagnostic(({ type }) => type === 'sent' && abort.abort())
    room.publish('said', { text: 'first' }).catch(() => {})
    const second = watch(room.publish('said', { text: 'second' }, { signal: abort.signal }))
    online()
    await Promise.resolve()
    expect(sent('pub').map((frame) => frame[5])).toEqual([{ text: 'first' }])
    expect(second.outcome).toBe('aborted')
  })

  test('that was not handed to a connection which a listener let go of meanwhile counts as never sent', async () => {
    const { room, client, online, sent, clock } = setUp({ outbox: { ttlMs: 1_000 } })
    const undo = client.onDiagnostic(({ type }) => type === 'sent' && client.disconnect())
    const sends = ['first', 'second'].map((text) => watch(room.publish('said', { text })))
    online()
    undo()
    expect(sent('pub')).toHaveLength(1)
    expect(client.stats().counts.sent).toBe(1)
    await clock.advance(1_000)
    expect(sends.map(({ outcome }) => outcome)).toEqual([undefined, 'timeout'])
    online()
    expect(sent('pub')).toEqual([['pub', 1, 1, 'room/1', 'said', { text: 'first' }, 1_000]])
  })

  test('in the middle of which a listener of diagnostics closes the client leaves no timer', async () => {
    const { room, client, online, clock } = setUp()
    const outcomes: string[] = []
    client.onDiagnostic((diagnostic) => {
      const { type } = diagnostic
      if (type === 'frame' && diagnostic.frame === 'pub') client.close()
      if (type === 'refused' || type === 'indeterminate') outcomes.push(type)
    })
    online()
    room.publish('said', { text: 'a' }).catch(() => {})
    expect(clock.pending).toBe(0)
    await clock.advance(3_600_000)
    expect(outcomes).toEqual(['indeterminate'])
  })

  test('after close rejects with closed', async () => {
    const { room, client } = setUp()
    client.close()
    await expect(room.publish('said', { text: 'a' })).rejects.toMatchObject({ code: 'closed' })
    await expect(room.request('add', { a: 1, b: 2 })).rejects.toMatchObject({ code: 'closed' })
    expect(room.tell('cursor', { x: 1 })).toBe(false)
  })
})

import { type Broadcaster, memory } from 'syncline/server'
import { manualClock } from 'syncline/testing'
import { describe, expect, it, vi } from 'vitest'
import {
  comeBack,
  patience,
  publishUntilHeard,
  startClient,
  startHub,
  startListener,
  untilWaiting,
} from '../support/hub-server.ts'
import { recordedSocket } from '../support/recorded-socket.ts'

describe('a client whose connection breaks', () => {
  it('comes back, and goes on without a gap when nothing was missed', async () => {
    const { hub, url, cut } = await startHub()
    const { socket, received } = recordedSocket()
    const { client, heard, gaps, errors } = startListener(url, { socket })
    await publishUntilHeard(hub, 'before', heard)
    const { id } = client
    const states: string[] = []
    client.onStatus(({ state, cause }) => states.push(`${state} ${cause?.code ?? ''}`.trim()))
    cut()
    // What is published before the subscription is in force again would be missed.
    await vi.waitFor(() => expect(received.filter(([type]) => type === 'live').length).toBe(2), patience)
    expect(states).toContain('connected')
    await publishUntilHeard(hub, 'after', heard)
    expect(states[0]).toBe('connecting connection_lost')
    expect(client.id, 'it is the same session').toBe(id)
    expect([gaps, errors]).toEqual([[], []])
  })

  it('is sent what it missed before anything newer', async () => {
    const { hub, url, cut } = await startHub()
    const clock = manualClock()
    const { client } = startClient(url, { clock })
    const seen: string[] = []
    const lobby = client.channel('lobby')
    const replays: string[] = []
    lobby.on('said', ({ text }, { replayed }) => {
      seen.push(text)
      if (replayed) replays.push(text)
    })
    lobby.on('gap', () => seen.push('gap'))
    await publishUntilHeard(hub, 'before', seen)
    cut()
    await untilWaiting(client)
    for (const text of ['missed', 'missed too']) await hub.channel('lobby').publish('said', { text })
    await comeBack(client, clock)
    await publishUntilHeard(hub, 'after', seen)
    expect([...new Set(seen)]).toEqual(['before', 'missed', 'missed too', 'after'])
    expect(replays).toEqual(expect.arrayContaining(['missed', 'missed too']))
  })

  it('is told of the gap before anything newer when it missed more than is kept', async () => {
    const { hub, url, cut } = await startHub({ broadcaster: memory({ maxEntries: 2 }) })
    const clock = manualClock()
    const { client } = startClient(url, { clock })
    const seen: string[] = []
    const lobby = client.channel('lobby')
    lobby.on('said', ({ text }) => seen.push(text))
    lobby.on('gap', ({ reason, position }) => seen.push(`gap ${reason} ${position.offset > 0}`))
    await publishUntilHeard(hub, 'before', seen)
    cut()
    await untilWaiting(client)
    for (const text of ['a', 'b', 'c']) await hub.channel('lobby').publish('said', { text })
    await comeBack(client, clock)
    await publishUntilHeard(hub, 'after', seen)
    expect([...new Set(seen)]).toEqual(['before', 'gap retention true', 'after'])
  })

  it('finds a server that was restarted on the same port, and is told that its log is another', async () => {
    const first = await startHub()
    const clock = manualClock()
    const { client } = startClient(first.url, { clock })
    const seen: string[] = []
    const lobby = client.channel('lobby')
    lobby.on('said', ({ text }) => seen.push(text))
    lobby.on('gap', ({ reason, position }) => seen.push(`gap ${reason} ${position.offset}`))
    await publishUntilHeard(first.hub, 'before', seen)
    await first.stop()
    await untilWaiting(client)
    await comeBack(client, clock)
    await untilWaiting(client)
    expect(client.status).toMatchObject({ state: 'connecting', cause: { code: 'connect_failed' } })
    const second = await startHub({ port: first.port })
    await second.hub.channel('lobby').publish('said', { text: 'nobody was there' })
    await comeBack(client, clock)
    await publishUntilHeard(second.hub, 'after', seen)
    expect([...new Set(seen)]).toEqual(['before', expect.stringMatching(/^gap epoch [1-9]/), 'after'])
  })

  it('leaves nobody out of step who fetches again at each gap', async () => {
    const { hub, url, cut } = await startHub({ broadcaster: memory({ maxEntries: 1 }) })
    // What the app keeps, and tells by events that it has changed.
    const rows = new Map<number, number>()
    const change = async (id: number, step: number) => {
      rows.set(id, step)
      await hub.channel('game', { code: String(id) }).publish('moved', { step })
    }
    const clock = manualClock()
    const { client } = startClient(url, { clock })
    const view = new Map<number, number>()
    const ids = [1, 2, 3]
    let fetches = 0
    for (const id of ids) {
      const game = client.channel('game', { code: id })
      game.on('moved', ({ step }) => view.set(id, step))
      game.on('gap', () => {
        fetches++
        const row = rows.get(id)
        if (row !== undefined) view.set(id, row)
      })
    }
    await vi.waitFor(async () => {
      for (const id of ids) await change(id, 0)
      expect(view.size).toBe(ids.length)
    }, patience)
    for (let step = 1; step <= 5; step++) {
      cut()
      await untilWaiting(client)
      // More than is kept.
      for (const id of [...ids, ...ids]) await change(id, step * 10 + id)
      await comeBack(client, clock)
      await vi.waitFor(() => expect(client.status.state).toBe('connected'), patience)
      await vi.waitFor(() => expect([...view].sort()).toEqual([...rows].sort()), patience)
    }
    expect(fetches).toBe(5 * ids.length)
  })

  it('notices an entry that never came by its tag, and is sent it before it goes on', async () => {
    let isLeaking = false
    const { hub, url } = await startHub({ broadcaster: leaky(() => isLeaking) })
    const { client, errors } = startClient(url)
    const seen: string[] = []
    const lobby = client.channel('lobby')
    lobby.on('said', ({ text }) => seen.push(text))
    lobby.on('gap', ({ reason }) => seen.push(`gap ${reason}`))
    await publishUntilHeard(hub, 'before', seen)
    isLeaking = true
    await hub.channel('lobby').publish('said', { text: 'lost' })
    isLeaking = false
    await hub.channel('lobby').publish('said', { text: 'shows the hole' })
    await vi.waitFor(() => expect(seen.at(-1)).toBe('shows the hole'), patience)
    await publishUntilHeard(hub, 'after', seen)
    expect([...new Set(seen)]).toEqual(['before', 'lost', 'shows the hole', 'after'])
    expect(errors).toEqual([])
  })

  it('stays away when another connection has taken its session over', async () => {
    const { hub, url } = await startHub()
    // The same source of chance makes the same secret, as a duplicated tab would.
    const random = () => 0.5
    const { client: first } = startClient(url, { random })
    first.connect()
    await vi.waitFor(() => expect(first.status.state).toBe('connected'), patience)
    const { client: second } = startClient(url, { random })
    second.connect()
    await vi.waitFor(() => expect(first.status.state).toBe('error'), patience)
    expect(first.status.cause?.code).toBe('replaced')
    await vi.waitFor(() => expect(second.status.state).toBe('connected'), patience)
    expect(hub.connections).toBe(1)
  })

  it('is gone for good after close, and so is the connection', async () => {
    const { hub, url, open } = await startHub()
    expect(open).toBe(0)
    const { client, heard } = startListener(url)
    await publishUntilHeard(hub, 'before', heard)
    client.close()
    expect(client.status).toEqual({ state: 'disconnected', attempt: 0 })
    await vi.waitFor(() => expect(hub.connections).toBe(0), patience)
    await hub.channel('lobby').publish('said', { text: 'after' })
    client.connect()
    expect(client.status.state).toBe('disconnected')
    expect(heard).not.toContain('after')
  })
})

/** A log in memory that hands nothing on while `isLeaking`. */
function leaky(isLeaking: () => boolean): Broadcaster {
  const inner = memory()
  return {
    ...inner,
    subscribe: (channel, deliver) =>
      inner.subscribe(channel, (entry, epoch) => {
        if (!isLeaking()) deliver(entry, epoch)
      }),
  }
}

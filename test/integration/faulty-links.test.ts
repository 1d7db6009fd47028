import { channel, defineRegistry } from 'syncline'
import { createClient } from 'syncline/client'
import { manualClock } from 'syncline/testing'
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import * as z from 'zod'
import { aSecond, greet, platforms, said, startByHand, startLink } from '../support/faulty-servers.ts'
import {
  comeBack,
  patience,
  publishUntilHeard,
  startHub,
  startListener,
  untilWaiting,
} from '../support/hub-server.ts'

/** A signal of a machine that a test turns on and off. */
function testSignal() {
  const tells = new Set<(isOn: boolean) => void>()
  return {
    signal: (tell: (isOn: boolean) => void) => {
      tells.add(tell)
      return () => void tells.delete(tell)
    },
    turn: (isOn: boolean) => {
      for (const tell of tells) tell(isOn)
    },
    get followers() {
      return tells.size
    },
  }
}

/** A client that hears the lobby of a real hub through a link, on a clock of its own; the hub's never pings so soon. */
async function startThroughLink() {
  const clock = manualClock()
  const hub = await startHub()
  const link = await startLink(hub.port)
  const [visible, online] = [testSignal(), testSignal()]
  const signals = { visible: visible.signal, online: online.signal }
  const options = { clock, backoff: aSecond, signals }
  const { client, heard, errors } = startListener(link.url, options)
  await publishUntilHeard(hub.hub, 'before', heard)
  const say = (text: string) => hub.hub.channel('lobby').publish('said', { text })
  return { clock, hub, link, client, heard, errors, visible, online, say }
}

type ThroughLink = Awaited<ReturnType<typeof startThroughLink>>

/** Makes the link half-open and shows that it is: what the hub says comes to nothing, and both ends think that they are connected. */
async function halfOpen({ link, hub, client, say }: ThroughLink): Promise<void> {
  link.swallow()
  await say('swallowed')
  await vi.waitFor(() => expect(link.swallowed).toBeGreaterThan(0), patience)
  expect([client.status.state, hub.hub.connections, link.open]).toEqual(['connected', 1, 1])
}

/** Shows that a client which has noticed comes back on a new connection, and is sent there, once, what the old one swallowed. */
async function expectReturn({ clock, hub, link, client, heard, errors }: ThroughLink): Promise<void> {
  expect(heard).not.toContain('swallowed')
  await comeBack(client, clock)
  await publishUntilHeard(hub.hub, 'after', heard)
  expect(link.accepted).toBe(2)
  expect(client.status.state).toBe('connected')
  expect(heard.filter((text) => text === 'swallowed')).toHaveLength(1)
  expect(heard.indexOf('swallowed')).toBeLessThan(heard.indexOf('after'))
  expect(errors).toEqual([])
}

const texts = Array.from({ length: 40 }, (_, i) => `${i} äöüß €uro 💡👩‍👩‍👧 ${'ñ'.repeat(i * 3)}`)

/** 70,000 bytes and more: the length of such a message takes eight bytes of its head. */
const long = 'ä€💡'.repeat(8_000)

const slow = [
  { name: 'single bytes', pieces: [1], said: texts },
  { name: 'pieces of 1, 2, 3, 5 and 7 bytes', pieces: [1, 2, 3, 5, 7], said: texts },
  {
    name: 'pieces of 1,021 bytes and single ones',
    pieces: [1, 1_021],
    said: [...texts, long, 'and after it'],
  },
]

const letters = defineRegistry({
  lobby: channel('lobby', { events: {}, clientEvents: { wrote: z.object({ text: z.string() }) } }),
})

describe.each(platforms)('over $platform, a client', ({ use }) => {
  beforeEach(use)
  afterEach(() => void vi.unstubAllGlobals())

  it('takes a half-open link for dead 35 s after it last heard something, and not before', async () => {
    const all = await startThroughLink()
    const { clock, client, heard, say } = all
    await clock.advance(20_000)
    await say('at 20 s')
    await vi.waitFor(() => expect(heard.at(-1)).toBe('at 20 s'), patience)
    await halfOpen(all)
    await clock.advance(34_999)
    expect(client.status).toEqual({ state: 'connected', attempt: 0 })
    await clock.advance(1)
    expect(client.status).toMatchObject({ state: 'connecting', attempt: 1, cause: { code: 'ping_timeout' } })
    await expectReturn(all)
  })

  it('keeps a link on which it hears something every 34 s', async () => {
    const { clock, client, heard, say, link } = await startThroughLink()
    for (const text of ['34 s', '68 s', '102 s']) {
      await clock.advance(34_000)
      await say(text)
      await vi.waitFor(() => expect(heard.at(-1)).toBe(text), patience)
    }
    expect(client.status).toEqual({ state: 'connected', attempt: 0 })
    expect(link.accepted).toBe(1)
  })

  it.each(['visible', 'online'] as const)(
    'takes a half-open link for dead 5 s after its machine says "%s" again, and not before',
    async (name) => {
      const all = await startThroughLink()
      const { clock, client } = all
      await halfOpen(all)
      await clock.advance(10_000)
      all[name].turn(true)
      await clock.advance(4_999)
      expect(client.status).toEqual({ state: 'connected', attempt: 0 })
      await clock.advance(1)
      expect(client.status).toMatchObject({
        state: 'connecting',
        attempt: 1,
        cause: { code: 'ping_timeout' },
      })
      await expectReturn(all)
    },
  )

  it.each(['visible', 'online'] as const)(
    'keeps a link that answers when its machine says "%s" again',
    async (name) => {
      const { clock, client, link, ...all } = await startThroughLink()
      await clock.advance(10_000)
      all[name].turn(true)
      await vi.waitFor(() => expect(client.stats().counts.roundTrip).toBe(1), patience)
      await clock.advance(5_000)
      expect(client.status).toEqual({ state: 'connected', attempt: 0 })
      expect(link.accepted).toBe(1)
    },
  )

  it('connects at once when its machine is seen again while it waits', async () => {
    const { clock, hub, link, client, heard, visible } = await startThroughLink()
    hub.cut()
    await untilWaiting(client)
    visible.turn(true)
    expect(client.status.nextAttemptAt).toBeUndefined()
    await publishUntilHeard(hub.hub, 'after', heard)
    expect([link.accepted, clock.now()]).toEqual([2, manualClock().now()])
    client.close()
    expect(visible.followers, 'a closed one follows nothing').toBe(0)
  })

  it.each(slow)('hears everything in order and once over a link of $name', async ({ pieces, said }) => {
    const { hub, port } = await startHub()
    const link = await startLink(port, { pieces })
    const { client, heard, gaps, errors } = startListener(link.url, { clock: manualClock() })
    const granted: string[] = []
    client.channel('lobby').on('subscribed', () => granted.push('lobby'))
    await vi.waitFor(() => expect(granted).toEqual(['lobby']), patience)
    for (const text of said) await hub.channel('lobby').publish('said', { text })
    await vi.waitFor(() => expect(heard.length).toBeGreaterThanOrEqual(said.length), patience)
    // An answer comes after all that was sent before it, and so after what was sent twice.
    client.channel('game', { code: 'ABC' }).on('subscribed', () => granted.push('game'))
    await vi.waitFor(() => expect(granted).toEqual(['lobby', 'game']), patience)
    expect(heard).toEqual(said)
    expect([gaps, errors, link.accepted]).toEqual([[], [], 1])
    const { bytes, pieces: count } = link.carried
    expect(bytes / count, 'it is cut into such pieces').toBeLessThanOrEqual(Math.max(...pieces))
    expect(bytes).toBeGreaterThan(Buffer.byteLength(said.join('')))
  })

  it('sends everything in order and once over a link of single bytes', async () => {
    const arrived: unknown[] = []
    const server = await startByHand({
      answer(frame, peer) {
        greet(frame, peer)
        if (frame[0] !== 'pub') return
        arrived.push(frame)
        peer.send(['ack', 'lobby', frame[1] as number, ['by-hand', arrived.length, 'tag']])
      },
    })
    const link = await startLink(server.port, { pieces: [1] })
    const client = createClient(letters, { url: link.url, clock: manualClock() })
    onTestFinished(() => client.close())
    const lobby = client.channel('lobby')
    const positions = await Promise.all(texts.map((text) => lobby.publish('wrote', { text })))
    expect(positions.map(({ offset }) => offset)).toEqual(texts.map((_, i) => i + 1))
    expect(arrived.map((frame) => (frame as unknown[]).filter((_, i) => i !== 2))).toEqual(
      texts.map((text, i) => ['pub', i + 1, 'lobby', 'wrote', { text }]),
    )
    expect(link.accepted).toBe(1)
  })

  it('hears a message that comes in fragments, split within a character', async () => {
    const server = await startByHand()
    const { heard } = startListener(server.url, { clock: manualClock() })
    const { socket } = await server.peer(0, 'sub')
    const message = Buffer.from(JSON.stringify(said('ä€💡 in parts')))
    for (let at = 0; at < message.length; at++) {
      socket.send(message.subarray(at, at + 1), { binary: false, fin: at === message.length - 1 })
    }
    await vi.waitFor(() => expect(heard).toEqual(['ä€💡 in parts']), patience)
  })

  it('hears what comes in one lump with the welcome and the grant', async () => {
    const server = await startByHand({
      answer(frame, peer) {
        if (frame[0] !== 'sub') return greet(frame, peer)
        const { _socket: raw } = peer.socket as unknown as { _socket: { cork(): void; uncork(): void } }
        raw.cork()
        greet(frame, peer)
        peer.send(said('at once'), ['ping', 1])
        raw.uncork()
      },
    })
    const { heard } = startListener(server.url, { clock: manualClock() })
    await server.peer(0, 'pong')
    expect(heard).toEqual(['at once'])
  })
})

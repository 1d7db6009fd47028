import { connect, type Socket } from 'node:net'
import { memory } from 'syncline/server'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { greetBare, secret } from '../support/bare-client.ts'
import { opening } from '../support/fuzz-attacker.ts'
import { startStallingLink } from '../support/fuzz-stall.ts'
import { opcodes, wireFrame } from '../support/fuzz-wire.ts'
import { patience, startHub, startListener } from '../support/hub-server.ts'

const maxBufferedBytes = 500_000
const line = (n: number) => `${n} ${'x'.repeat(2_000)}`
const numbers = (texts: readonly string[]) => texts.map((text) => Number.parseInt(text, 10))
const upTo = (count: number) => Array.from({ length: count }, (_, i) => i)

/** A hub with a witness that reads, one that can stop reading, and how much waits unsent on its sockets. */
async function startWatched(maxEntries: number, bound = maxBufferedBytes) {
  const served = await startHub({ maxBufferedBytes: bound, broadcaster: memory({ maxEntries }) })
  const ends: string[] = []
  served.hub.onDiagnostic((one) => {
    if (one.type === 'close') ends.push(`${one.client} ${one.code}`)
  })
  const sockets = new Set<Socket>()
  served.server.on('connection', (socket: Socket) => sockets.add(socket))
  const link = await startStallingLink(served.port)
  const witness = startListener(served.url)
  const slow = startListener(link.url)
  let joined = 0
  for (const { client } of [witness, slow]) client.channel('lobby').on('subscribed', () => joined++)
  await vi.waitFor(() => expect(joined).toBe(2), patience)
  const waiting = () => Math.max(...[...sockets].map((socket) => socket.writableLength))
  const gone = () => [...sockets].filter(({ destroyed }) => destroyed).length
  return { ...served, gone, link, witness, slow, ends, waiting }
}

type Watched = Awaited<ReturnType<typeof startWatched>>

/** Publishes until the hub has cut off whoever does not read. Returns how many, and how much waited at most. */
async function publishUntilCut(
  { hub, waiting }: Watched,
  mostCount = 50_000,
): Promise<{ count: number; most: number }> {
  const lobby = hub.channel('lobby')
  let most = 0
  for (let n = 0; n < mostCount; n++) {
    if (hub.connections < 2) return { count: n, most }
    await lobby.publish('said', { text: line(n) })
    most = Math.max(most, waiting())
    // What one turn of the loop publishes is one write, so turns are what fills a socket.
    if (n % 10 === 0) await new Promise((resolve) => setImmediate(resolve))
  }
  throw new Error('whoever does not read is still there')
}

describe('a client that does not read', () => {
  it('is cut off once more than maxBufferedBytes wait for it, and the others hear everything in order', async () => {
    const watched = await startWatched(10)
    const { link, witness, slow, ends, errors, hub } = watched
    link.stall()
    const { count, most } = await publishUntilCut(watched)
    expect(ends).toEqual([`${slow.client.id} 4002`])
    expect(most, 'a batch at most beyond the bound').toBeLessThan(maxBufferedBytes + 100_000)
    await hub.channel('lobby').publish('said', { text: line(count) })
    await vi.waitFor(() => expect(witness.heard).toHaveLength(count + 1), patience)
    expect(numbers(witness.heard)).toEqual(upTo(count + 1))
    expect([witness.gaps, witness.errors, errors]).toEqual([[], [], []])
    expect(witness.client.stats().counts.connected).toBe(1)
    // Nothing waits for it any more, and its socket is given back.
    await vi.waitFor(() => expect([watched.gone(), watched.waiting()]).toEqual([1, 0]), patience)
  })

  it('is seen to be kept where the bound is higher', async () => {
    const cut = await startWatched(10)
    cut.link.stall()
    const { count } = await publishUntilCut(cut)
    const kept = await startWatched(10, 100_000_000)
    kept.link.stall()
    await expect(publishUntilCut(kept, 2 * count)).rejects.toThrow('still there')
    expect(kept.waiting()).toBeGreaterThan(maxBufferedBytes)
  })

  it('recovers all that it missed, once, in order, when it reads again and all of it is retained', async () => {
    const watched = await startWatched(100_000)
    const { link, witness, slow, hub } = watched
    link.stall()
    const { count } = await publishUntilCut(watched)
    expect(slow.heard.length).toBeLessThan(count)
    link.resume()
    await vi.waitFor(() => expect(slow.client.stats().counts.connected).toBe(2), patience)
    await hub.channel('lobby').publish('said', { text: line(count) })
    for (const { heard } of [slow, witness])
      await vi.waitFor(() => expect(heard.at(-1)).toBe(line(count)), patience)
    expect(numbers(slow.heard)).toEqual(upTo(count + 1))
    expect([slow.gaps, slow.errors]).toEqual([[], []])
  })

  it('is told of the gap, before anything newer, when what it missed is not retained', async () => {
    const watched = await startWatched(10)
    const { link, slow, hub } = watched
    link.stall()
    const { count } = await publishUntilCut(watched)
    const order: string[] = []
    slow.client.channel('lobby').on('gap', () => order.push(`gap after ${slow.heard.length}`))
    link.resume()
    await vi.waitFor(() => expect(slow.gaps).toEqual(['retention']), patience)
    const before = slow.heard.length
    await hub.channel('lobby').publish('said', { text: line(count) })
    await vi.waitFor(() => expect(slow.heard.at(-1)).toBe(line(count)), patience)
    expect(order).toEqual([`gap after ${before}`])
    expect(numbers(slow.heard)).toEqual([...upTo(before), count])
  })

  it('is cut off, too, when it only asks and never reads the answers', async () => {
    const watched = await startWatched(200)
    for (let n = 0; n < 200; n++) await watched.hub.channel('lobby').publish('said', { text: line(n) })
    const { bare, welcome } = await greetBare(watched.url)
    bare.socket.pause()
    for (let i = 0; watched.ends.length === 0 && i < 1_000; i++) {
      bare.send(['history', i, 'lobby', { limit: 200 }])
      await new Promise((resolve) => setImmediate(resolve))
    }
    expect(watched.ends).toEqual([`${welcome['client']} 4002`])
    expect(watched.witness.client.stats().counts.connected).toBe(1)
  })

  it('cannot make the hub hold answers to pings of the WebSocket layer either', async () => {
    const watched = await startWatched(10)
    const socket = connect({ port: watched.port, host: '127.0.0.1' })
    onTestFinished(() => void socket.destroy())
    socket.on('error', () => {}).write(opening(secret('p')))
    await vi.waitFor(() => expect(watched.hub.connections).toBe(3), patience)
    const pings = Array(2_000).fill(wireFrame({ opcode: opcodes.ping, payload: 'x'.repeat(125) }))
    const flood = Buffer.concat(pings)
    let most = 0
    // 26 MB, of which the system takes some.
    for (let i = 0; i < 100 && !socket.destroyed; i++) {
      await new Promise((resolve) => socket.write(flood, resolve))
      most = Math.max(most, watched.waiting())
    }
    expect(most).toBeLessThan(maxBufferedBytes + 100_000)
    expect(watched.ends).toHaveLength(1)
    expect(watched.witness.client.stats().counts.connected).toBe(1)
  })
})

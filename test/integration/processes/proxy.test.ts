import type { AddressInfo } from 'node:net'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'
import { patience } from '../../support/hub-server.ts'
import { type CutKind, FaultProxy, type TrapAct } from './proxy.ts'
import { closeFrame, UnitCutter } from './wire-units.ts'

/** One end of a WebSocket, as a record. */
interface End {
  readonly socket: WebSocket
  readonly heard: string[]
  readonly closed: () => number | undefined
}

function watch(socket: WebSocket): End {
  const heard: string[] = []
  let closed: number | undefined
  socket.on('message', (data) => heard.push(String(data)))
  socket.on('close', (code) => {
    closed = code
  })
  socket.on('error', () => {})
  onTestFinished(() => socket.terminate())
  return { socket, heard, closed: () => closed }
}

/** A server that takes what comes, and a proxy to it. */
async function setUp() {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate: true })
  const peers: End[] = []
  server.on('connection', (socket) => peers.push(watch(socket)))
  await new Promise((resolve) => server.once('listening', resolve))
  const faults: string[] = []
  const proxy = new FaultProxy((server.address() as AddressInfo).port, (fault) => faults.push(fault))
  await proxy.open()
  onTestFinished(async () => {
    await proxy.close()
    server.close()
  })
  const connect = async () => {
    const end = watch(new WebSocket(`ws://127.0.0.1:${proxy.port}`))
    const count = peers.length
    await vi.waitFor(() => {
      expect(end.socket.readyState).toBe(WebSocket.OPEN)
      expect(peers.length).toBeGreaterThan(count)
    }, patience)
    return { client: end, peer: peers.at(-1)! }
  }
  return { proxy, faults, connect, ...(await connect()) }
}

const until = (check: () => void) => vi.waitFor(check, patience)

describe('the proxy', () => {
  it('hands everything on, both ways, however long, and lets nothing be compressed', async () => {
    const { client, peer, faults } = await setUp()
    const texts = ['["a"]', `["b","${'x'.repeat(300)}"]`, `["c","${'ä'.repeat(40_000)}"]`, '[["d"],["e"]]']
    for (const text of texts) {
      client.socket.send(text)
      peer.socket.send(text)
    }
    await until(() => expect([peer.heard, client.heard]).toEqual([texts, texts]))
    expect([client.socket.extensions, faults]).toEqual(['', []])
  })

  it.each<[CutKind, number]>([
    [1000, 1000],
    [1001, 1001],
    [4003, 4003],
    ['end', 1006],
    ['reset', 1006],
  ])('ends a connection by %s, which both sides see as %i', async (how, code) => {
    const { proxy, client, peer, faults } = await setUp()
    proxy.cut(how)
    await until(() => expect([client.closed(), peer.closed()]).toEqual([code, code]))
    await until(() => expect(proxy.lines).toBe(0))
    expect(faults).toEqual([`cut: ${how}`])
  })

  it.each(['up', 'down'] as const)('swallows what goes %s on the connections that there are', async (way) => {
    const { proxy, client, peer, connect } = await setUp()
    const [from, into] = way === 'up' ? [client, peer] : [peer, client]
    proxy.swallow(way)
    from.socket.send('["lost"]')
    into.socket.send('["back"]')
    await until(() => expect(from.heard).toEqual(['["back"]']))
    await until(() => expect(proxy.swallowed).toBeGreaterThan(0))
    from.socket.terminate()
    const next = await connect()
    next.client.socket.send('["whole"]')
    await until(() => expect(next.peer.heard).toEqual(['["whole"]']))
    expect([into.heard, into.closed()]).toEqual([[], undefined])
    proxy.bury()
    await until(() => expect(into.closed()).toBe(1006))
  })

  it.each<[TrapAct, string[]]>([
    ['cut before', ['["a"]']],
    ['middle', ['["a"]']],
    ['cut after', ['["a"]', '["pub",1]']],
  ])('cuts a connection at a frame: %s', async (act, heard) => {
    const { proxy, client, peer, faults } = await setUp()
    proxy.arm({ way: 'up', type: 'pub', act })
    for (const text of ['["a"]', '["pub",1]', '["pub",2]']) client.socket.send(text)
    await until(() => expect([client.closed(), peer.closed()]).toEqual([1006, 1006]))
    expect(peer.heard).toEqual(heard)
    expect([faults[0], proxy.armed]).toEqual([`${act} up pub`, []])
  })

  it('finds a frame within a batch, and hands it on twice', async () => {
    const { proxy, client, peer } = await setUp()
    proxy.arm({ way: 'up', type: 'pub', act: 'twice' })
    client.socket.send('[["a"],["pub",1]]')
    client.socket.send('["pub",2]')
    await until(() => expect(peer.heard).toEqual(['[["a"],["pub",1]]', '[["a"],["pub",1]]', '["pub",2]']))
  })

  it('brings what an older socket has sent after the newer one', async () => {
    const { proxy, client, peer, faults, connect } = await setUp()
    proxy.hold()
    client.socket.send('["old"]')
    await until(() => expect(proxy.held).toBeGreaterThan(0))
    proxy.cut('near')
    const next = await connect()
    next.client.socket.send('["new"]')
    await until(() => expect(next.peer.heard).toEqual(['["new"]']))
    expect([peer.heard, peer.closed()]).toEqual([[], undefined])
    proxy.release()
    await until(() => expect([peer.heard, peer.closed()]).toEqual([['["old"]'], 1006]))
    expect(faults).toEqual(['cut: near', 'late frames of an older socket'])
  })

  it('is slow where it is told to be: what went later over a fast way is there first', async () => {
    const [slow, fast] = [await setUp(), await setUp()]
    slow.proxy.slow({ latencyMs: 300, bytesPerSecond: 2_000 })
    const texts = Array.from({ length: 10 }, (_, i) => `["${i} ${'x'.repeat(60)}"]`)
    for (const text of texts) slow.client.socket.send(text)
    fast.client.socket.send('["fast"]')
    await until(() => expect(fast.peer.heard).toEqual(['["fast"]']))
    expect(slow.peer.heard).toEqual([])
    await until(() => expect(slow.peer.heard).toEqual(texts))
  })
})

describe('the cutter of units', () => {
  it('finds the same units whatever the pieces are, and reads masked ones', () => {
    const text = Buffer.from(`["pub","${'y'.repeat(70_000)}"]`)
    const key = Buffer.from([9, 8, 7, 6])
    const length = Buffer.alloc(8)
    length.writeBigUInt64BE(BigInt(text.length))
    const masked = Buffer.from(text.map((byte, i) => byte ^ key[i % 4]!))
    const head = Buffer.from(
      'GET / HTTP/1.1\r\nSec-WebSocket-Extensions: permessage-deflate\r\nHost: a\r\n\r\n',
    )
    const wire = Buffer.concat([head, Buffer.from([0x81, 0xff]), length, key, masked, closeFrame(1000, true)])
    const whole = new UnitCutter().feed(wire)
    expect(whole.map(({ types }) => types)).toEqual([['head'], ['pub'], []])
    expect(String(whole[0]!.bytes)).toBe('GET / HTTP/1.1\r\nHost: a\r\n\r\n')
    const byPiece = new UnitCutter()
    const pieces = [...wire.subarray(0, 200)].flatMap((byte) => byPiece.feed(Buffer.from([byte])))
    expect([...pieces, ...byPiece.feed(wire.subarray(200))]).toEqual(whole)
  })
})

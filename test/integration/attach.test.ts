import { once } from 'node:events'
import { connect } from 'node:net'
import express from 'express'
import { attachWebSocket, createHub } from 'syncline/server'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { WebSocketServer } from 'ws'
import { askUpgrade, greetBare, openBare } from '../support/bare-client.ts'
import { registry } from '../support/challenge-registry.ts'
import { patience, publishUntilHeard, startHttp, startHub, startListener } from '../support/hub-server.ts'

const offer = { 'Sec-WebSocket-Protocol': 'syncline.1' }

describe('an upgrade', () => {
  it('of the hub’s path that offers the subprotocol is accepted, with a query and among other offers', async () => {
    const { port } = await startHub()
    expect((await askUpgrade(port, '/sync', offer)).status).toBe(101)
    expect((await askUpgrade(port, '/sync?from=test', offer)).status).toBe(101)
    const several = { 'Sec-WebSocket-Protocol': 'other.2 ,  syncline.1,syncline.9' }
    expect((await askUpgrade(port, '/sync', several)).status).toBe(101)
  })

  it('that offers several subprotocols gets the one of the hub', async () => {
    const { url } = await startHub()
    const { socket } = await openBare(url, { protocol: ['other.2', 'syncline.1'] })
    expect(socket.protocol).toBe('syncline.1')
  })

  it.each([
    ['no offer', {}],
    ['another subprotocol', { 'Sec-WebSocket-Protocol': 'graphql-ws' }],
    ['a subprotocol that only begins like it', { 'Sec-WebSocket-Protocol': 'syncline.10' }],
  ])('with %s is refused with 400, and told what to offer', async (_name, headers) => {
    const { port, hub } = await startHub()
    const { status, body } = await askUpgrade(port, '/sync', headers)
    expect([status, body]).toEqual([400, expect.stringContaining('syncline.1')])
    expect(hub.connections).toBe(0)
  })

  it.each([
    'https://evil.example',
    'http://127.0.0.1',
    'http://127.0.0.1.evil.example',
    'null',
    'not an origin',
  ])('from a page at %s is refused with 403', async (origin) => {
    const { port, hub } = await startHub()
    const { status, body } = await askUpgrade(port, '/sync', { ...offer, Origin: origin })
    expect([status, body]).toEqual([403, expect.stringContaining(origin)])
    expect(hub.connections).toBe(0)
  })

  it('from a page of the same host is accepted', async () => {
    const { port } = await startHub()
    const origin = `http://127.0.0.1:${port}`
    expect((await askUpgrade(port, '/sync', { ...offer, Origin: origin })).status).toBe(101)
  })

  it('from a listed origin is accepted, and from its own host only when that is listed too', async () => {
    const { port } = await startHub({ attach: { origins: ['https://app.example'] } })
    const statusFrom = async (Origin: string) =>
      (await askUpgrade(port, '/sync', { ...offer, Origin })).status
    expect(await statusFrom('https://app.example')).toBe(101)
    expect(await statusFrom('http://app.example')).toBe(403)
    expect(await statusFrom(`http://127.0.0.1:${port}`)).toBe(403)
  })

  it('from anywhere is accepted where any origin may connect', async () => {
    const { port } = await startHub({ attach: { origins: 'any' } })
    expect((await askUpgrade(port, '/sync', { ...offer, Origin: 'https://evil.example' })).status).toBe(101)
  })

  it('of another path is refused with 404 where nobody else listens', async () => {
    const { port } = await startHub()
    for (const path of ['/', '/syncs', '/sync/', '/other?/sync']) {
      const { status, body } = await askUpgrade(port, path, offer)
      expect([status, body]).toEqual([404, expect.stringContaining('/sync')])
    }
  })

  it('of another path is left alone where somebody else listens', async () => {
    const { port, server, url, hub } = await startHub()
    const theirs = new WebSocketServer({ noServer: true })
    server.on('upgrade', (request, socket, head) => {
      if (request.url !== '/theirs') return
      theirs.handleUpgrade(request, socket, head, (peer) => peer.send('["theirs"]'))
    })
    const other = await openBare(`ws://127.0.0.1:${port}/theirs`, { protocol: [] })
    expect(await other.next('theirs')).toEqual(['theirs'])
    await greetBare(url)
    expect(hub.connections).toBe(1)
  })

  it('that is refused leaves no connection open, even when the asker never ends it', async () => {
    const hub = await startHub()
    const stubborn = connect({ port: hub.port, host: '127.0.0.1', allowHalfOpen: true })
    onTestFinished(() => {
      stubborn.destroy()
    })
    stubborn.on('error', () => {})
    await once(stubborn, 'connect')
    stubborn.write('GET /elsewhere HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n')
    const [answer] = await once(stubborn, 'data')
    expect(String(answer)).toMatch(/^HTTP\/1\.1 404 Not Found\r\n/)
    await vi.waitFor(() => expect(hub.open).toBe(0), patience)
  })
})

describe('the undo of attachWebSocket', () => {
  it('stops new connections, leaves those that are there, and may be called twice', async () => {
    const { server, port } = await startHttp((_request, response) => response.writeHead(418).end())
    const hub = createHub(registry)
    onTestFinished(() => hub.close())
    hub.serve('lobby', {})
    const undo = attachWebSocket(hub, server, { path: '/sync' })
    const url = `ws://127.0.0.1:${port}/sync`
    const { bare } = await greetBare(url)
    undo()
    undo()
    expect((await askUpgrade(port, '/sync', offer)).status).toBe(418)
    bare.send(['ping', 1])
    expect(await bare.next('pong')).toEqual(['pong', 1, expect.any(Number)])
    expect(hub.connections).toBe(1)
    await hub.close()
    expect((await bare.ended()).code).toBe(1001)
  })
})

describe('a hub on a server that does other things too', () => {
  it('works beside two hubs of other paths, each with its own channels', async () => {
    const { port, server, hub } = await startHub()
    const second = createHub(registry)
    onTestFinished(() => second.close())
    second.serve('lobby', {})
    const detach = attachWebSocket(second, server, { path: '/second' })
    expect(() => attachWebSocket(second, server, { path: '/sync' })).toThrow(/attached at \/sync already/)
    const first = startListener(`ws://127.0.0.1:${port}/sync`)
    const other = startListener(`ws://127.0.0.1:${port}/second`)
    await publishUntilHeard(hub, 'first', first.heard)
    await publishUntilHeard(second, 'second', other.heard)
    expect([new Set(first.heard), new Set(other.heard)]).toEqual([new Set(['first']), new Set(['second'])])
    const { status, body } = await askUpgrade(port, '/third', offer)
    expect([status, body]).toEqual([404, expect.stringContaining('/sync or /second')])
    detach()
    detach()
    expect((await askUpgrade(port, '/second', offer)).status).toBe(404)
  })

  it('works with an Express app, whose routes publish', async () => {
    const hub = createHub(registry)
    onTestFinished(() => hub.close())
    hub.serve('lobby', {})
    const app = express().use(express.json())
    app.post('/say', async (request, response) => {
      const from = request.get('x-client')
      response.json(await hub.channel('lobby').publish('said', { text: request.body.text }, { from }))
    })
    const { server, port } = await startHttp(app)
    attachWebSocket(hub, server, { path: '/sync' })
    const { client, heard } = startListener(`http://127.0.0.1:${port}/sync`)
    const own: boolean[] = []
    client.channel('lobby').on('said', ({ text }, meta) => text === 'hi' && own.push(meta.own))
    await publishUntilHeard(hub, 'ready', heard)
    const answer = await fetch(`http://127.0.0.1:${port}/say`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-client': client.id! },
      body: JSON.stringify({ text: 'hi' }),
    })
    expect(await answer.json()).toEqual({
      epoch: expect.any(String),
      offset: expect.any(Number),
      tag: expect.any(String),
    })
    await vi.waitFor(() => expect(heard).toContain('hi'), patience)
    expect(own).toEqual([true])
  })
})

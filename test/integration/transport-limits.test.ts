import type { IncomingMessage } from 'node:http'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { type AttachOptions, attachWebSocket, createHub, type HubDiagnostic } from 'syncline/server'
import { describe, expect, it } from 'vitest'
import { startTransport, until } from '../support/attached-transport.ts'
import { askUpgrade, greetBare, openBare, secret } from '../support/bare-client.ts'
import { registry } from '../support/challenge-registry.ts'
import { startHttp, startHub } from '../support/hub-server.ts'

// The flag holds for this worker from here on; a new context is where it shows.
setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

const offer = { 'Sec-WebSocket-Protocol': 'syncline.1' }

describe('an upgrade while the hub takes nobody', () => {
  const later = { status: 503, headers: expect.objectContaining({ 'retry-after': '5' }) }

  it('is refused with 503 and a time to come back while the hub is full, until a place is free', async () => {
    const { port, url, hub } = await startHub({ maxConnections: 1 })
    const refused: HubDiagnostic[] = []
    hub.onDiagnostic((one) => one.type === 'refuseUpgrade' && refused.push(one))
    const { bare } = await greetBare(url)
    expect(await askUpgrade(port, '/sync', offer)).toMatchObject(later)
    await expect(openBare(url)).rejects.toThrow('503')
    expect([hub.health(), refused.length]).toEqual([{ status: 'full', connections: 1 }, 2])
    bare.socket.close()
    await until(() => hub.connections === 0)
    await greetBare(url, secret('b'))
  })

  it('is refused so while the hub is drained, and after it is closed', async () => {
    const { port, url, hub } = await startHub()
    const { bare } = await greetBare(url)
    const drained = hub.drain({ overMs: 60_000 })
    await bare.next('bye')
    expect(await askUpgrade(port, '/sync', offer)).toMatchObject(later)
    bare.socket.close()
    await drained
    await hub.close()
    expect(hub.health().status).toBe('closed')
    expect(await askUpgrade(port, '/sync', offer)).toMatchObject(later)
  })
})

describe('origins as a function', () => {
  const ask = (port: number, Origin?: string) =>
    askUpgrade(port, '/sync', { ...offer, ...(Origin && { Origin }) })

  it('let in the pages that it says yes to, and whoever is no page', async () => {
    const origins = (origin: string) => origin.endsWith('.example')
    const { port } = await startHub({ attach: { origins } })
    const answers = [await ask(port, 'https://a.example'), await ask(port, 'https://a.evil'), await ask(port)]
    expect(answers.map(({ status }) => status)).toEqual([101, 403, 101])
  })

  it('let nobody in when it throws, which is reported, and leave the server alive', async () => {
    const origins = () => {
      throw new TypeError('no table of tenants')
    }
    const { port, url, errors } = await startHub({ attach: { origins } })
    expect(await ask(port, 'https://a.example')).toMatchObject({ status: 403 })
    expect(errors).toEqual([
      { code: 'internal', message: 'The check of origins threw', stage: 'authenticate' },
    ])
    await greetBare(url)
  })
})

describe('what cannot be attached', () => {
  it.each<[string, AttachOptions]>([
    ['a path without a slash', { path: 'sync' }],
    ['an empty path', { path: '' }],
    ['a path with a query', { path: '/sync?a=1' }],
    ['a path with a fragment', { path: '/sync#a' }],
    ['origins that no browser sends', { path: '/sync', origins: ['https://app.example/'] }],
  ])('throws bad_options, and nothing listens: %s', async (_name, options) => {
    const { server } = await startHttp()
    const hub = createHub(registry)
    expect(() => attachWebSocket(hub, server, options)).toThrow(
      expect.objectContaining({ code: 'bad_options' }),
    )
    expect(server.listenerCount('upgrade')).toBe(0)
    attachWebSocket(hub, server, { path: '/sync' })()
    await hub.close()
  })
})

describe('a message that is larger than may be', () => {
  it.each([
    ['plain', {}],
    ['that is small until it is inflated', { perMessageDeflate: true }],
  ])('ends the connection with 1009, and the hub hears why: %s', async (_name, asks) => {
    const { open } = await startTransport({ compression: true }, { maxMessageBytes: 2_000 })
    const { client, told } = await open(asks)
    client.send('x'.repeat(2_000))
    await until(() => told.length === 1)
    const closed = new Promise((resolve) => client.on('close', resolve))
    client.send('x'.repeat(2_001))
    expect(await closed).toBe(1009)
    await until(() => told.length > 1)
    expect(told[1]).toBe('too_large')
  })
})

describe('the HTTP request that asked for a connection', () => {
  it('is not kept while the connection lives', async () => {
    const { server, url, hub } = await startHub()
    const requests: WeakRef<IncomingMessage>[] = []
    server.on('upgrade', (request) => requests.push(new WeakRef(request)))
    const bares = [await greetBare(url), await greetBare(url, secret('b'))]
    const isThere = () => requests.map((one) => one.deref() !== undefined)
    expect(requests.length).toBe(2)
    await until(() => {
      collectGarbage()
      return !isThere().includes(true)
    })
    expect([hub.connections, bares.map(({ bare }) => bare.closed)]).toEqual([2, [undefined, undefined]])
  })
})

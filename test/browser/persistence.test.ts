import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import type { PendingSend } from 'syncline/client'
import { attachWebSocket, createHub, type SessionSocket } from 'syncline/server'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { launchBrowser } from '../support/browser.ts'
import { patience, startHttp } from '../support/hub-server.ts'
import { registry } from '../support/room-registry.ts'

/** What the page is asked for by its address: who is signed in, and where the records are kept. */
const app = `
  import { createClient, indexedDbStorage, localStorageStorage, pendingSends, persisted } from './src/client/index.ts'
  import { registry } from './test/support/room-registry.ts'

  const asked = new URL(location.href).searchParams
  const user = asked.get('user')
  const storage = asked.get('storage') === 'localStorage' ? localStorageStorage() : indexedDbStorage()
  const errors = []
  const heard = []
  const client = createClient(registry, {
    url: '/sync',
    auth: () => user,
    backoff: { delaysMs: [50] },
    breaker: false,
    persist: persisted({ user, storage }),
    onError: ({ code }) => errors.push(code),
  })
  const room = client.channel('room', { id: 1 })
  room.on('said', ({ text }) => heard.push(text))
  room.on('gap', ({ reason }) => heard.push('gap ' + reason))
  const say = (text) => void room.publish('said', { text }).catch(() => {})
  const pending = () => pendingSends(client).map(({ data, state }) => data.text + ': ' + state)
  Object.assign(window, { client, say, pending, errors, heard })
`

interface AppWindow {
  readonly client: { readonly status: { readonly state: string }; close(): void }
  readonly errors: string[]
  readonly heard: string[]
  say(text: string): void
  pending(): string[]
}

let browser: Browser
let script: string
beforeAll(async () => {
  const { outputFiles } = await build({
    stdin: { contents: app, resolveDir: fileURLToPath(new URL('../..', import.meta.url)), loader: 'ts' },
    bundle: true,
    write: false,
    format: 'iife',
    platform: 'browser',
    tsconfigRaw: {},
    alias: { '#websocket': './src/client/websocket/global.ts', syncline: './src/index.ts' },
    logLevel: 'silent',
  })
  script = outputFiles[0]!.text
  browser = await launchBrowser()
})
afterAll(() => browser?.close())

/** A hub with a page beside it, whose links can be cut and lose what the hub acknowledges. */
async function startSite() {
  const hub = createHub(registry, { authenticate: ({ token }) => ({ id: token! }) })
  hub.serve('room', {})
  const link = { losesAcks: false, isCut: false }
  /** Passes on what the hub sends, but for acknowledgements while those get lost. */
  const lossy = (socket: SessionSocket): SessionSocket => ({
    get bufferedBytes() {
      return socket.bufferedBytes
    },
    send: (message) => {
      if (!(link.losesAcks && message.startsWith('["ack"'))) socket.send(message)
    },
    close: (code, reason) => socket.close(code, reason),
  })
  const http = await startHttp(({ url }, response) => {
    const isScript = url === '/app.js'
    response.setHeader('content-type', isScript ? 'text/javascript' : 'text/html')
    response.end(
      isScript ? script : '<!doctype html><link rel="icon" href="data:,"><script src="app.js"></script>',
    )
  })
  http.server.prependListener('upgrade', (_request, socket) => {
    if (link.isCut) socket.destroy()
  })
  const behind = {
    settings: hub.settings,
    get isTakingSessions() {
      return hub.isTakingSessions
    },
    refused: hub.refused.bind(hub),
    accept: (socket: SessionSocket, request: Parameters<typeof hub.accept>[1]) =>
      hub.accept(lossy(socket), request),
  }
  attachWebSocket(behind, http.server, { path: '/sync' })
  onTestFinished(() => hub.close())
  const log = async () => {
    const { entries } = await hub.channel('room', { id: 1 }).history({ limit: 100 })
    return entries.map(({ data }) => (data as { text: string }).text)
  }
  const address = (user: string, storage = 'indexedDB') =>
    `http://127.0.0.1:${http.port}/?user=${user}&storage=${storage}`
  return {
    hub,
    link,
    log,
    address,
    cut: http.cut,
    publish: (text: string) => hub.channel('room', { id: 1 }).publish('said', { text }),
  }
}

async function newProfile(): Promise<BrowserContext> {
  const context = await browser.newContext()
  onTestFinished(() => context.close())
  return context
}

async function openAt(context: BrowserContext, address: string): Promise<Page> {
  const page = await context.newPage()
  await page.goto(address)
  return page
}

const say = (page: Page, text: string) =>
  page.evaluate((said) => (window as unknown as AppWindow).say(said), text)
const look = <Key extends 'heard' | 'errors'>(page: Page, key: Key) =>
  page.evaluate((name) => [...(window as unknown as AppWindow)[name]], key)
const pendingIn = (page: Page) => page.evaluate(() => (window as unknown as AppWindow).pending())
const stateOf = (page: Page) => page.evaluate(() => (window as unknown as AppWindow).client.status.state)
const online = (page: Page) => expect.poll(() => stateOf(page), patience).toBe('connected')
const sent: PendingSend['state'] = 'sent'
/** What is written is written once the page says so of the next thing, too: records are written in order. */
const written = (page: Page, count: number) =>
  expect
    .poll(
      () =>
        page.evaluate(async () => {
          const stored = Object.keys(localStorage).filter((key) => /\/e\d+$/.test(key)).length
          const request = indexedDB.open('syncline', 1)
          const keys = await new Promise<IDBValidKey[]>((resolve) => {
            request.onupgradeneeded = () => request.result.createObjectStore('records')
            request.onsuccess = () => {
              const all = request.result.transaction('records').objectStore('records').getAllKeys()
              all.onsuccess = () => {
                request.result.close()
                resolve(all.result)
              }
            }
          })
          return stored + keys.filter((key) => /\/e\d+$/.test(String(key))).length
        }),
      patience,
    )
    .toBe(count)

describe.each(['indexedDB', 'localStorage'])('a page with %s that is reloaded', (storage) => {
  it('has what it sent applied once and what it had not sent sent, each seen once, and misses nothing', async () => {
    const { link, log, address, cut, publish } = await startSite()
    const context = await newProfile()
    const page = await openAt(context, address('ada', storage))
    await online(page)
    await say(page, 'acknowledged')
    await expect.poll(() => pendingIn(page), patience).toEqual([])
    link.losesAcks = true
    await say(page, 'sent')
    await expect.poll(log, patience).toEqual(['acknowledged', 'sent'])
    await expect.poll(() => look(page, 'heard'), patience).toEqual(['acknowledged', 'sent'])
    expect(await pendingIn(page)).toEqual([`sent: ${sent}`])
    link.isCut = true
    cut()
    await expect.poll(() => stateOf(page), patience).toBe('connecting')
    await say(page, 'waiting')
    await say(page, 'waiting, too')
    await written(page, 3)
    await publish('missed')
    link.losesAcks = false
    link.isCut = false
    await page.reload()
    await online(page)
    const all = ['acknowledged', 'sent', 'missed', 'waiting', 'waiting, too']
    await expect.poll(log, patience).toEqual(all)
    await expect.poll(() => look(page, 'heard'), patience).toEqual(['missed', 'waiting', 'waiting, too'])
    await expect.poll(() => pendingIn(page), patience).toEqual([])
    await written(page, 0)
    await page.reload()
    await online(page)
    expect(await log()).toEqual(all)
    expect([await look(page, 'heard'), await look(page, 'errors')]).toEqual([[], []])
  })
})

describe('another login in the same profile', () => {
  it('sends nothing of the first, which is there when the first comes back', async () => {
    const { link, log, address } = await startSite()
    const context = await newProfile()
    link.isCut = true
    const page = await openAt(context, address('ada'))
    await say(page, 'of ada')
    await written(page, 1)
    link.isCut = false
    await page.goto(address('bob'))
    await online(page)
    await say(page, 'of bob')
    await expect.poll(log, patience).toEqual(['of bob'])
    expect(await pendingIn(page)).toEqual([])
    await page.goto(address('ada'))
    await expect.poll(log, patience).toEqual(['of bob', 'of ada'])
    expect(await look(page, 'errors')).toEqual([])
  })
})

describe('two tabs at once', () => {
  it('have a session each, also a duplicate, and what a closed one left is sent by one page, once', async () => {
    const { link, log, address, hub } = await startSite()
    const context = await newProfile()
    link.losesAcks = true
    const first = await openAt(context, address('ada'))
    await online(first)
    await say(first, 'of the first')
    await expect.poll(log, patience).toEqual(['of the first'])
    // As a browser duplicates a tab: with what is in its sessionStorage.
    const items = await first.evaluate(() => Object.entries({ ...sessionStorage }))
    expect(items.length).toBe(1)
    const second = await context.newPage()
    await second.addInitScript((copied) => {
      for (const [key, text] of copied) sessionStorage.setItem(key, text)
    }, items)
    await second.goto(address('ada'))
    await online(second)
    expect(hub.health().connections).toBe(2)
    await say(second, 'of the second')
    await expect.poll(log, patience).toEqual(['of the first', 'of the second'])
    expect([await stateOf(first), await stateOf(second)]).toEqual(['connected', 'connected'])
    link.losesAcks = false
    await first.close()
    await second.close()
    const third = await openAt(context, address('ada'))
    await online(third)
    await written(third, 0)
    expect(await log()).toEqual(['of the first', 'of the second'])
    expect(await look(third, 'errors')).toEqual([])
  })
})

describe('a client that is closed', () => {
  it('leaves no lock and no open database', async () => {
    const { address } = await startSite()
    const page = await openAt(await newProfile(), address('ada'))
    await online(page)
    const held = () => page.evaluate(async () => (await navigator.locks.query()).held!.length)
    expect(await held()).toBe(1)
    await page.evaluate(() => (window as unknown as AppWindow).client.close())
    await expect.poll(held, patience).toBe(0)
    const deleted = page.evaluate(
      () =>
        new Promise((resolve) => {
          const request = indexedDB.deleteDatabase('syncline')
          request.onblocked = () => resolve('blocked')
          request.onsuccess = () => resolve('deleted')
        }),
    )
    expect(await deleted).toBe('deleted')
  })
})

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { type Browser, chromium, type Page } from 'playwright-core'
import type { ConnectionStatus } from 'syncline/client'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { findChromium } from '../../scripts/needs.mjs'
import { openWindow } from '../support/browser.ts'
import { registry } from '../support/challenge-registry.ts'
import { patience, startHubFor } from '../support/hub-server.ts'

/** No attempt comes of itself while a test lasts: what brings the client back is a signal. */
const app = `
  import { createClient, logTo } from './src/client/index.ts'
  import { registry } from './test/support/challenge-registry.ts'

  const lines = []
  const keep = (line) => lines.push(line)
  const client = createClient(registry, {
    url: '/sync',
    probeTimeoutMs: 500,
    backoff: { delaysMs: [3_600_000] },
    breaker: false,
  })
  client.onDiagnostic(logTo({ debug: keep, info: keep, warn: keep, error: keep }, 'debug'))
  const lobby = client.channel('lobby')
  lobby.on('said', ({ text }) => keep('heard ' + text))
  lobby.on('gap', () => keep('heard of a gap'))
  Object.assign(window, { client, lines })
`

/** Bundles a program of this repository for a browser. */
async function bundleForPage(contents: string) {
  const { outputFiles, metafile } = await build({
    stdin: { contents, resolveDir: fileURLToPath(new URL('../..', import.meta.url)), loader: 'ts' },
    bundle: true,
    write: false,
    metafile: true,
    format: 'iife',
    platform: 'browser',
    tsconfigRaw: {},
    alias: { '#websocket': './src/client/websocket/global.ts', syncline: './src/index.ts' },
    logLevel: 'silent',
  })
  const [output] = Object.values(metafile.outputs)
  return { text: outputFiles[0]!.text, inputs: Object.keys(metafile.inputs), imports: output!.imports }
}

interface OwnBrowser {
  readonly browser: Browser
  close(): Promise<void>
}

/**
 * A headless Chromium whose first context is left as a person's is: a tab behind another one is hidden there, which
 * is what Playwright's own contexts prevent, and only a hidden page can be frozen.
 */
async function startChromium(): Promise<OwnBrowser> {
  const executable = findChromium()
  if (executable === undefined) throw new Error('No Chromium found: install the Debian package chromium.')
  const profile = mkdtempSync(join(tmpdir(), 'syncline-chromium-'))
  const flags = ['--headless', '--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-quic']
  const background = ['--disable-background-networking', '--disable-component-update', '--disable-sync']
  const place = ['--remote-debugging-port=0', `--user-data-dir=${profile}`, 'about:blank']
  const child = spawn(executable, [...flags, ...background, ...place], {
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  const exited = once(child, 'exit')
  const browser = await chromium.connectOverCDP(await printedAddress(child), { noDefaults: true })
  const close = async () => {
    const session = await browser.newBrowserCDPSession()
    await Promise.all([exited, session.send('Browser.close')])
    rmSync(profile, { recursive: true, maxRetries: 10 })
  }
  return { browser, close }
}

function printedAddress(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let said = ''
    child.stderr!.on('data', (chunk) => {
      said += String(chunk)
      const address = /DevTools listening on (ws:\S+)/.exec(said)?.[1]
      if (address !== undefined) resolve(address)
    })
    child.once('exit', () => reject(new Error(`Chromium ended before it was ready. It said: ${said}`)))
  })
}

let chromiumOnTest: OwnBrowser | undefined
let script: string
beforeAll(async () => {
  script = (await bundleForPage(app)).text
  chromiumOnTest = await startChromium()
})
afterAll(() => chromiumOnTest?.close())

/** A hub, and beside it a page with a client of it at the address `page`. */
async function startSite() {
  const server = await startHubFor(registry)
  let connections = 0
  server.server.on('upgrade', (_request, socket) => {
    connections += 1
    socket.once('close', () => {
      connections -= 1
    })
  })
  server.server.on('request', ({ url }, response) => {
    const isScript = url === '/app.js'
    response.setHeader('content-type', isScript ? 'text/javascript' : 'text/html')
    response.end(
      isScript ? script : '<!doctype html><link rel="icon" href="data:,"><script src="app.js"></script>',
    )
  })
  const say = (text: string) => server.hub.channel('lobby').publish('said', { text })
  return {
    ...server,
    page: `http://127.0.0.1:${server.port}/`,
    say,
    /** How many WebSockets are open. */
    connections: () => connections,
  }
}

interface AppWindow {
  readonly client: { readonly status: ConnectionStatus }
  readonly lines: string[]
}

// Asked from outside, as the timers of a page that is hidden or frozen are late or do not run.
const linesOf = (page: Page) => page.evaluate(() => [...(window as unknown as AppWindow).lines])
const statusOf = (page: Page) => page.evaluate(() => (window as unknown as AppWindow).client.status)
const written = (page: Page, line: string) =>
  expect.poll(() => linesOf(page), patience).toContainEqual(expect.stringContaining(line))
/** Forgets the lines so far: what is awaited then is new. */
const forget = (page: Page) => page.evaluate(() => void (window as unknown as AppWindow).lines.splice(0))

/** The page in a tab of its own, and one that can be put before it. */
async function openTabs(url: string) {
  const context = chromiumOnTest!.browser.contexts()[0]!
  const tab = await context.newPage()
  const other = await context.newPage()
  onTestFinished(async () => {
    await tab.close()
    await other.close()
  })
  await tab.goto(url)
  const session = await context.newCDPSession(tab)
  const isShown = async (expected: 'visible' | 'hidden') =>
    expect.poll(() => tab.evaluate(() => document.visibilityState), patience).toBe(expected)
  return {
    tab,
    hide: async () => {
      await other.bringToFront()
      await isShown('hidden')
    },
    show: async () => {
      await tab.bringToFront()
      await isShown('visible')
    },
    live: (state: 'frozen' | 'active') => session.send('Page.setWebLifecycleState', { state }),
  }
}

describe('the bundle of a page', () => {
  it('holds nothing of Node', async () => {
    const { inputs, imports } = await bundleForPage(app)
    const packages = new Set(inputs.flatMap((path) => /node_modules\/([^/]+)/.exec(path)?.[1] ?? []))
    expect([...packages].sort()).toEqual(['eventemitter3', 'zod'])
    expect(imports).toEqual([])
  })

  it('cannot be made of what imports from Node', async () => {
    await expect(bundleForPage(`import './src/server/index.ts'`)).rejects.toThrow('Could not resolve "node:')
  })
})

describe('a client in Chromium', () => {
  it('connects and hears what is published', async () => {
    const { page: url, say } = await startSite()
    const { page, errors } = await openWindow(chromiumOnTest!.browser, url)
    await written(page, 'subscribed to lobby')
    await say('hello')
    await written(page, 'heard hello')
    expect(await statusOf(page)).toMatchObject({ state: 'connected', attempt: 0 })
    expect(errors).toEqual([])
  })

  it('notices within the probe time that the network is gone, and comes back with it', async () => {
    const { page: url, say } = await startSite()
    const { page } = await openWindow(chromiumOnTest!.browser, url)
    await written(page, 'subscribed to lobby')
    // By silence alone, it would take 35 s, which is more than the test waits.
    await page.context().setOffline(true)
    await written(page, 'lost connection (ping_timeout')
    expect(await statusOf(page)).toMatchObject({ state: 'connecting', attempt: 1 })
    await forget(page)
    await page.context().setOffline(false)
    await written(page, 'subscribed to lobby, nothing missed')
    await say('back')
    await written(page, 'heard back')
  })
})

describe('a page that is seen again', () => {
  it('looks whether its connection still lives', async () => {
    const { page: url, connections } = await startSite()
    const { tab, hide, show } = await openTabs(url)
    await show()
    await written(tab, 'subscribed to lobby')
    await hide()
    await forget(tab)
    await show()
    await written(tab, 'round trip')
    expect(await linesOf(tab)).not.toContainEqual(expect.stringContaining('lost'))
    expect(connections()).toBe(1)
  })

  it('connects at once where it waits', async () => {
    const { page: url, cut } = await startSite()
    const { tab, hide, show } = await openTabs(url)
    await written(tab, 'subscribed to lobby')
    await hide()
    cut()
    await written(tab, 'lost connection (connection_lost')
    await forget(tab)
    await show()
    await written(tab, 'subscribed to lobby, nothing missed')
  })
})

describe('a page that is frozen', () => {
  it('lets go of its connection, and is sent what it missed when it wakes', async () => {
    const { page: url, say, connections } = await startSite()
    const { tab, hide, live } = await openTabs(url)
    await written(tab, 'subscribed to lobby')
    await hide()
    expect(connections()).toBe(1)
    await live('frozen')
    await expect.poll(connections, patience).toBe(0)
    expect(await statusOf(tab)).toMatchObject({ state: 'disconnected', nextAttemptAt: undefined })
    await say('missed')
    await live('active')
    await written(tab, 'subscribed to lobby, nothing missed')
    await say('back')
    await written(tab, 'heard back')
    const heard = (await linesOf(tab)).filter((line) => line.startsWith('heard'))
    expect(heard).toEqual(['heard missed', 'heard back'])
    expect(connections()).toBe(1)
  })
})

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import express from 'express'
import { attachWebSocket, createHub } from 'syncline/server'
import { createServer as createVite } from 'vite'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { askUpgrade, openBare } from '../support/bare-client.ts'
import { registry } from '../support/challenge-registry.ts'
import { patience, publishUntilHeard, startHttp, startHub, startListener } from '../support/hub-server.ts'

const module = (version: number) => `export const version = ${version}\nimport.meta.hot?.accept()\n`
const page = (version: number) => `<title>${version}</title><script type="module" src="/main.js"></script>`

/** A page with one module that takes its own changes, in a folder of its own. */
function makeProject() {
  const root = mkdtempSync(join(tmpdir(), 'syncline-vite-'))
  onTestFinished(() => rmSync(root, { recursive: true, force: true }))
  const write = (name: string, text: string) => writeFileSync(join(root, name), text)
  write('index.html', page(0))
  write('main.js', module(0))
  return { root, write }
}

/** Express with Vite's development server and a hub on one HTTP server; `order` says who came first. */
async function startBoth(order: string) {
  const { root, write } = makeProject()
  const app = express()
  const { server, port } = await startHttp(app)
  const hub = createHub(registry)
  onTestFinished(() => hub.close())
  hub.serve('lobby', {})
  const attach = () => attachWebSocket(hub, server, { path: '/sync' })
  if (order === 'before') attach()
  const vite = await createVite({
    configFile: false,
    root,
    cacheDir: join(root, 'cache'),
    logLevel: 'silent',
    optimizeDeps: { noDiscovery: true },
    server: { middlewareMode: true, hmr: { server } },
  })
  onTestFinished(() => vite.close())
  app.use(vite.middlewares)
  if (order === 'after') attach()
  return { hub, port, write }
}

interface HotMessage {
  readonly type: string
  readonly updates?: readonly { readonly path: string }[]
}

describe('a hub embedded in Express beside Vite’s dev server', () => {
  it.each(['before', 'after'])('leaves HMR working, attached %s it', async (order) => {
    const { hub, port, write } = await startBoth(order)
    const hot = await openBare(`ws://127.0.0.1:${port}/`, { protocol: 'vite-hmr' })
    const told = () => hot.raw.map((text) => JSON.parse(text) as HotMessage)
    await vi.waitFor(() => expect(told()).toContainEqual({ type: 'connected' }), patience)
    const { heard } = startListener(`http://127.0.0.1:${port}/sync`)
    await publishUntilHeard(hub, 'beside Vite', heard)

    // Vite knows a module once it was asked for it, and watches from a moment that it does not tell.
    await fetch(`http://127.0.0.1:${port}/main.js`)
    let version = 0
    const change = async (name: string, text: (version: number) => string, arrived: () => boolean) =>
      vi.waitFor(() => {
        write(name, text(++version))
        if (!arrived()) throw new Error(`no message of ${name} among ${hot.raw.join()}`)
      }, patience)
    await change('main.js', module, () => told().some((one) => one.updates?.[0]?.path === '/main.js'))
    await change('index.html', page, () => told().some(({ type }) => type === 'full-reload'))

    await publishUntilHeard(hub, 'after the change', heard)
    expect(heard).toEqual(expect.arrayContaining(['beside Vite', 'after the change']))
    expect([hot.closed, hub.connections]).toEqual([undefined, 1])
  })
})

describe('a hub behind Vite’s own server', () => {
  it.each([
    [
      'lets in its pages, as its proxy leaves the host as it was',
      (target: string) => ({ target, ws: true }),
      101,
    ],
    [
      'refuses them where it changes the host',
      (target: string) => ({ target, ws: true, changeOrigin: true }),
      403,
    ],
    ['refuses them where the short form changes the host', (target: string) => target, 403],
  ])('%s', async (_name, proxyTo, status) => {
    const { port } = await startHub()
    const vite = await createVite({
      configFile: false,
      root: makeProject().root,
      logLevel: 'silent',
      optimizeDeps: { noDiscovery: true },
      server: { host: '127.0.0.1', port: 0, proxy: { '/sync': proxyTo(`ws://127.0.0.1:${port}`) } },
    })
    onTestFinished(() => vite.close())
    await vite.listen()
    const own = (vite.httpServer!.address() as AddressInfo).port
    const page = `http://127.0.0.1:${own}`
    const headers = { 'Sec-WebSocket-Protocol': 'syncline.1', Origin: page }
    expect((await askUpgrade(own, '/sync', headers)).status).toBe(status)
  })
})

import { createClient } from 'syncline/client'
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest'
import { WebSocket } from 'ws'
import { registry } from '../server/registry.ts'
import { runServer } from './run-server.ts'

const files = ['http.ts', 'https.ts', 'express.ts', 'fastify.ts', 'hono.ts']
const patience = { timeout: 15_000, interval: 10 }

// The certificate of the https server is signed by nobody.
beforeAll(() => void vi.stubEnv('NODE_TLS_REJECT_UNAUTHORIZED', '0'))
afterAll(() => void vi.unstubAllEnvs())

function listen(url: string) {
  const client = createClient(registry, { url: `${url}/sync` })
  onTestFinished(() => client.close())
  const heard: string[] = []
  let isSubscribed = false
  const lobby = client.channel('lobby')
  lobby.on('said', ({ text }) => heard.push(text))
  lobby.on('subscribed', () => {
    isSubscribed = true
  })
  const subscribed = vi.waitFor(() => expect(isSubscribed).toBe(true), patience)
  return { client, heard, subscribed }
}

/** How the server answers who asks for a WebSocket at `path`: the HTTP status, or that it opened. */
function upgrade(url: string, path: string): Promise<string> {
  const socket = new WebSocket(`${url.replace('http', 'ws')}${path}`, 'syncline.1')
  onTestFinished(() => socket.terminate())
  return new Promise((resolve) => {
    socket.on('open', () => resolve('open'))
    socket.on('error', ({ message }) => resolve(message))
  })
}

describe.each(files)('server/%s', (file) => {
  it('serves the hub beside its routes, until it is told to end', async () => {
    const server = await runServer(file)
    const { client, heard, subscribed } = listen(server.url)
    await subscribed

    const said = await fetch(`${server.url}/say?text=hello%20there`, { method: 'POST' })
    expect([said.status, await said.json()]).toEqual([200, expect.objectContaining({ offset: 1 })])
    await vi.waitFor(() => expect(heard).toEqual(['hello there']), patience)

    const health = await fetch(`${server.url}/health`)
    expect([health.status, health.headers.get('cache-control')]).toEqual([200, 'no-store'])
    expect(await health.json()).toEqual({ status: 'ok', connections: 1 })

    const ended: string[] = []
    client.onStatus(({ state }) => ended.push(state))
    expect(await server.stop()).toEqual({ code: 0, printed: `Live at ${server.url}\n` })
    await vi.waitFor(() => expect(ended).not.toEqual([]), patience)
  })

  it('refuses what is too long, other paths, and upgrades of them, and goes on', async () => {
    const { url } = await runServer(file)
    const refused = await fetch(`${url}/say?text=${'x'.repeat(501)}`, { method: 'POST' })
    expect(refused.status).toBe(500)
    expect((await fetch(`${url}//`)).status).toBe(404)
    expect(await upgrade(url, '/elsewhere')).toContain('404')
    expect((await fetch(`${url}/say?text=short`, { method: 'POST' })).status).toBe(200)
    expect(await upgrade(url, '/sync')).toBe('open')
  })
})

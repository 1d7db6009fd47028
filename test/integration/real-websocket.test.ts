import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createClient } from 'syncline/client'
import { attachWebSocket, createHub } from 'syncline/server'
import { afterEach, expect, test, vi } from 'vitest'
import { registry } from '../support/challenge-registry.ts'

test('a client over a real WebSocket hears what the hub publishes', async () => {
  const server: Server = createServer()
  const hub = createHub(registry)
  hub.serve('lobby', {})
  attachWebSocket(hub, server, { path: '/sync' })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const client = createClient(registry, { url: `http://127.0.0.1:${port}/sync` })
  const heard: unknown[] = []
  client.channel('lobby').on('said', (data, meta) => heard.push([data, meta.own]))
  await vi.waitFor(() => expect(client.status.state).toBe('connected'))
  await vi.waitFor(async () => {
    await hub.channel('lobby').publish('said', { text: 'hi' }, { from: client.id })
    expect(heard.length).toBeGreaterThan(0)
  })
  expect(heard[0]).toEqual([{ text: 'hi' }, true])
  client.close()
  await hub.close()
  server.close()
})

import { serve } from '@hono/node-server'
import { Hono } from 'hono'
import { attachWebSocket } from 'syncline/server'
import { hub, say } from './hub.ts'
import { announce, host, onStop, port } from './process.ts'

const app = new Hono()
app.get('/health', (c) => {
  const health = hub.health()
  return c.json(health, health.status === 'ok' ? 200 : 503, { 'cache-control': 'no-store' })
})
app.post('/say', async (c) => c.json(await say(c.req.query('text') ?? '')))

const server = serve({ fetch: app.fetch, port, hostname: host }, () => announce('http', server))
attachWebSocket(hub, server, { path: '/sync' })
onStop(async () => {
  await hub.close()
  server.close()
})

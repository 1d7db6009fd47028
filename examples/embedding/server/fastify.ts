import Fastify from 'fastify'
import { attachWebSocket } from 'syncline/server'
import { hub, say } from './hub.ts'
import { announce, host, onStop, port } from './process.ts'

const app = Fastify()
app.get('/health', (_request, reply) => {
  const health = hub.health()
  return reply
    .code(health.status === 'ok' ? 200 : 503)
    .header('cache-control', 'no-store')
    .send(health)
})
app.post<{ Querystring: { text?: string } }>('/say', ({ query }) => say(query.text ?? ''))

attachWebSocket(hub, app.server, { path: '/sync' })
// Before the server closes, which waits until its connections have gone.
app.addHook('preClose', () => hub.close())

await app.listen({ port, host })
announce('http', app.server)
onStop(() => app.close())

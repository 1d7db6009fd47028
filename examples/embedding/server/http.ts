import { createServer } from 'node:http'
import { attachWebSocket, healthHandler } from 'syncline/server'
import { hub, say } from './hub.ts'
import { announce, host, onStop, port } from './process.ts'

const health = healthHandler(hub)

const server = createServer(async (request, response) => {
  const { pathname, searchParams } = new URL(request.url ?? '/', 'http://localhost')
  if (pathname === '/health') return health(request, response)
  if (pathname !== '/say' || request.method !== 'POST') return void response.writeHead(404).end()
  response.setHeader('content-type', 'application/json')
  response.end(JSON.stringify(await say(searchParams.get('text') ?? '')))
})
attachWebSocket(hub, server, { path: '/sync' })

server.listen(port, host, () => announce('http', server))
onStop(async () => {
  await hub.close()
  server.close()
})

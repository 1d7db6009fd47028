import { createServer } from 'node:https'
import { generate } from 'selfsigned'
import { attachWebSocket, healthHandler } from 'syncline/server'
import { hub, say } from './hub.ts'
import { announce, host, onStop, port } from './process.ts'

const health = healthHandler(hub)

// Made anew at each start, and trusted by nobody: for a look at it, not for use.
const { private: key, cert } = await generate([{ name: 'commonName', value: 'localhost' }])

const server = createServer({ key, cert }, async (request, response) => {
  const { pathname, searchParams } = new URL(request.url ?? '/', 'https://localhost')
  if (pathname === '/health') return health(request, response)
  if (pathname !== '/say' || request.method !== 'POST') return void response.writeHead(404).end()
  response.setHeader('content-type', 'application/json')
  response.end(JSON.stringify(await say(searchParams.get('text') ?? '')))
})
attachWebSocket(hub, server, { path: '/sync' })

server.listen(port, host, () => announce('https', server))
onStop(async () => {
  await hub.close()
  server.close()
})

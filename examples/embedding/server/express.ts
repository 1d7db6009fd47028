import express from 'express'
import { attachWebSocket, healthHandler } from 'syncline/server'
import { hub, say } from './hub.ts'
import { announce, host, onStop, port } from './process.ts'

const app = express()
app.get('/health', healthHandler(hub))
app.post('/say', async (request, response) => {
  response.json(await say(String(request.query.text ?? '')))
})

const server = app.listen(port, host, () => announce('http', server))
attachWebSocket(hub, server, { path: '/sync' })
onStop(async () => {
  await hub.close()
  server.close()
})

import { createServer } from 'node:http'
import { attachWebSocket } from 'syncline/server'
import { hub } from './hub.ts'
import { announce, host, onStop, port } from './process.ts'
import { onRequest } from './requests.ts'

const server = createServer(onRequest)
attachWebSocket(hub, server, { path: '/sync' })

server.listen(port, host, () => announce('http', server))
onStop(async () => {
  await hub.close()
  server.close()
})

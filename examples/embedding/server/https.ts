import { createServer } from 'node:https'
import { generate } from 'selfsigned'
import { attachWebSocket } from 'syncline/server'
import { hub } from './hub.ts'
import { announce, host, onStop, port } from './process.ts'
import { onRequest } from './requests.ts'

// Made anew at each start, and trusted by nobody: to look at, not to use.
const { private: key, cert } = await generate([{ name: 'commonName', value: 'localhost' }])

const server = createServer({ key, cert }, onRequest)
attachWebSocket(hub, server, { path: '/sync' })

server.listen(port, host, () => announce('https', server))
onStop(async () => {
  await hub.close()
  server.close()
})

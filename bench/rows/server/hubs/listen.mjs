import { once } from 'node:events'

/** Opens a server of node:http or node:net to this machine alone, on a free port, which it resolves to. */
export async function listen(server) {
  // All connections of a row may wait to be taken at once.
  server.listen({ port: 0, host: '127.0.0.1', backlog: 4096 })
  await once(server, 'listening')
  return server.address().port
}

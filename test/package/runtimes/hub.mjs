import { createServer } from 'node:http'
import { attachWebSocket, createHub } from 'syncline/server'
import { registry } from './registry.mjs'

// It pings nobody for as long as a test may take: a client that does not let go of its socket is not ended from here.
const hub = createHub(registry, { pingMs: 3_600_000 })
hub.serve('game', { authorize: ({ params }) => params.code === 'A/1' })

/** The hub's half of each connection, and the stream below it. */
const sockets = new Set()
const streams = new Set()

/** What a client can ask for over HTTP. */
const acts = {
  '/publish': (text) => hub.channel('game', { code: 'A/1' }).publish('said', { text }),
  '/close': () => {
    for (const socket of sockets) socket.close(4002, 'slow_consumer: the test wishes it')
  },
  '/cut': () => {
    for (const stream of streams) stream.destroy()
  },
}

const server = createServer(async (request, response) => {
  const { pathname, searchParams } = new URL(request.url, 'http://localhost')
  await acts[pathname](searchParams.get('text'))
  response.end()
})

server.on('upgrade', (_, stream) => {
  streams.add(stream)
  stream.on('close', () => streams.delete(stream))
})

function accept(socket, request) {
  const handlers = hub.accept(socket, request)
  sockets.add(socket)
  const closed = () => {
    sockets.delete(socket)
    handlers.closed()
  }
  return { ...handlers, closed }
}

const watched = { settings: hub.settings, isTakingSessions: true, refused() {}, accept }
attachWebSocket(watched, server, { path: '/sync' })
server.listen(0, '127.0.0.1', () => console.log(`listens on ${server.address().port}.`))

import { createServer } from 'node:http'
import { Server } from 'socket.io'
import { listen } from './listen.mjs'

export async function start() {
  const http = createServer()
  const io = new Server(http, { transports: ['websocket'], serveClient: false })
  io.on('connection', (socket) => {
    socket.on('subscribe', (channel, done) => {
      socket.join(channel)
      done()
    })
    socket.on('echo', (data, reply) => reply(data))
  })
  const publish = (channel, data) => io.to(channel).emit('event', data)
  return { port: await listen(http), publish }
}

import { createServer } from 'node:http'
import { WebSocketServer } from 'ws'
import { listen } from './listen.mjs'
import { answerPlain, Channels, eventText } from './plain.mjs'

/** The baseline: the loop that most servers begin with. */
export async function start() {
  const http = createServer()
  const channels = new Channels()
  new WebSocketServer({ server: http, perMessageDeflate: false }).on('connection', (socket) => {
    const join = (channel) => channels.add(channel, socket)
    const send = (text) => socket.send(text)
    socket.on('message', (text) => answerPlain(text, send, join))
  })
  const publish = (channel, data) => {
    const text = eventText(channel, data)
    for (const client of channels.of(channel)) client.send(text)
  }
  return { port: await listen(http), publish }
}

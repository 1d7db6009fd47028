import { createServer } from 'node:http'
import { Sender, WebSocketServer } from 'ws'
import { listen } from './listen.mjs'
import { answerPlain, Channels, eventText } from './plain.mjs'

const asText = { fin: true, opcode: 1, mask: false, readOnly: true, rsv1: false }

/** One frame for all clients, written to the stream that the upgrade handed over. */
export async function start() {
  const http = createServer()
  const channels = new Channels()
  const sockets = new WebSocketServer({ noServer: true, perMessageDeflate: false })
  http.on('upgrade', (request, stream, head) => {
    sockets.handleUpgrade(request, stream, head, (socket) => {
      const join = (channel) => channels.add(channel, stream)
      const send = (text) => socket.send(text)
      socket.on('message', (text) => answerPlain(text, send, join))
    })
  })
  const publish = (channel, data) => {
    const frame = Buffer.concat(Sender.frame(Buffer.from(eventText(channel, data)), asText))
    for (const stream of channels.of(channel)) stream.write(frame)
  }
  return { port: await listen(http), publish }
}

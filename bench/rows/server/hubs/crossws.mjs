import { createServer } from 'node:http'
import nodeAdapter from 'crossws/adapters/node'
import { listen } from './listen.mjs'
import { answerPlain, eventText } from './plain.mjs'

export async function start() {
  const http = createServer()
  const sockets = nodeAdapter({
    serverOptions: { perMessageDeflate: false },
    hooks: {
      message(peer, message) {
        const join = (channel) => peer.subscribe(channel)
        answerPlain(message.text(), (text) => peer.send(text), join)
      },
    },
  })
  http.on('upgrade', sockets.handleUpgrade)
  const publish = (channel, data) => sockets.publish(channel, eventText(channel, data))
  return { port: await listen(http), publish }
}

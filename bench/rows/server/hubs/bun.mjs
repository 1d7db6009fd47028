import { answerPlain, eventText } from './plain.mjs'

/** Runs in Bun alone, whose own server this is. */
export function start() {
  const server = globalThis.Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    fetch: (request, server) => (server.upgrade(request) ? undefined : new Response(null, { status: 400 })),
    websocket: {
      perMessageDeflate: false,
      message(socket, text) {
        const join = (channel) => socket.subscribe(channel)
        answerPlain(text, (answer) => socket.send(answer), join)
      },
    },
  })
  const publish = (channel, data) => server.publish(channel, eventText(channel, data))
  return { port: server.port, publish }
}

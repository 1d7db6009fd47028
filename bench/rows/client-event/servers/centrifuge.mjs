import { WebSocketServer } from 'ws'
import { channelName } from '../payload.mjs'

/** A publication with an offset, as Centrifugo sends it on a channel with history. */
export const messageOf = (index, payload) =>
  `{"push":{"channel":"${channelName}","pub":{"data":${payload},"offset":${index + 1}}}}`

/** As much of Centrifugo's JSON protocol as one subscriber of one channel needs. */
export function attach(http, onReady) {
  new WebSocketServer({ server: http }).on('connection', (socket) => {
    const reply = (id, answer) => socket.send(JSON.stringify({ id, ...answer }))
    socket.on('message', (text) => {
      for (const line of String(text).split('\n')) {
        const { id, connect, subscribe } = JSON.parse(line)
        if (connect) reply(id, { connect: { client: 'bench', version: '0', ping: 25, pong: true } })
        else if (subscribe) {
          reply(id, { subscribe: { recoverable: true, positioned: true, epoch: 'bench', offset: 0 } })
          onReady(socket)
        }
      }
    })
  })
}

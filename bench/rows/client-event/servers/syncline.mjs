import { WebSocketServer } from 'ws'
import { eventName } from '../payload.mjs'

const cid = 1
const epoch = 'bench'

/** Six characters of base 36, as those of the hub; the entry before the first has none. */
const tagOf = (offset) => {
  if (offset === 0) return ''
  return ((offset * 2_654_435_761) % 36 ** 6).toString(36).padStart(6, '0')
}

/** The `ev` frame of the entry at `index + 1`, in the order of docs/protocol.md. */
export const messageOf = (index, payload) => {
  const offset = index + 1
  const time = 1_760_000_000_000 + index
  return `["ev",${cid},${offset},"${tagOf(offset)}","${tagOf(index)}",${time},null,"${eventName}",${payload}]`
}

const welcome = (registry) => [
  'welcome',
  {
    client: 'benchbenchbench0',
    resumed: false,
    pingMs: 25_000,
    pongMs: 10_000,
    maxBytes: 1_048_576,
    time: Date.now(),
    registry,
  },
]

/** As much of a hub as one subscriber of one channel needs. */
export function attach(http, onReady) {
  const server = new WebSocketServer({ server: http, handleProtocols: () => 'syncline.1' })
  server.on('connection', (socket) => {
    let isSubscribed = false
    const send = (frame) => socket.send(JSON.stringify(frame))
    socket.on('message', (text) => {
      const [type, first] = JSON.parse(text)
      if (type === 'hello') send(welcome(first.registry))
      else if (type === 'ping') send(['pong', first])
      else if (type === 'sub') {
        // It does so after an entry that does not follow the one before.
        if (isSubscribed) throw new Error('The client took the chain of entries for broken')
        isSubscribed = true
        send(['subscribed', first, cid, { position: [epoch, 0, ''], recovered: null }])
        send(['live', cid])
        onReady(socket)
      }
    })
  })
}

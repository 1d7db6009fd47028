import { randomBytes } from 'node:crypto'

/**
 * How a client speaks to each kind of server. A dialect is `{ path, protocol?, greet, read, request }`:
 * - `greet(channel)`: what to send at once, if anything;
 * - `read(text, channel)`: `{ send?, isReady?, data? }` of a message: what to answer, whether the subscription is in force, and what the events
 *   and replies in it hold; throws for a refusal;
 * - `request(id, channel, data)`: the text of a request that is answered with its own data.
 */
export const dialects = {
  plain: {
    path: '/',
    greet: (channel) => JSON.stringify({ type: 'subscribe', channel }),
    read(text) {
      const { type, data } = JSON.parse(text)
      return type === 'subscribed' ? { isReady: true } : { data: [data] }
    },
    request: (id, _channel, data) => JSON.stringify({ type: 'request', id, data }),
  },

  'socket-io': {
    path: '/socket.io/?EIO=4&transport=websocket',
    greet: () => undefined,
    read(text, channel) {
      // The first digit is engine.io's, the second that of socket.io in it.
      if (text === '2') return { send: '3' }
      if (text.startsWith('0')) return { send: '40' }
      if (text.startsWith('40')) return { send: `420${JSON.stringify(['subscribe', channel])}` }
      if (text.startsWith('430[]')) return { isReady: true }
      const [, kind, json] = /^4([23])\d*(\[.*\])$/.exec(text)
      const parts = JSON.parse(json)
      return { data: [kind === '2' ? parts[1] : parts[0]] }
    },
    request: (id, _channel, data) => `42${id}${JSON.stringify(['echo', data])}`,
  },

  syncline: {
    path: '/sync',
    protocol: 'syncline.1',
    greet: () =>
      JSON.stringify(['hello', { registry: [1, ''], session: randomBytes(24).toString('base64url') }]),
    read(text, channel) {
      const message = JSON.parse(text)
      const frames = Array.isArray(message[0]) ? message : [message]
      const result = { data: [] }
      for (const frame of frames) readFrame(frame, channel, result)
      return result
    },
    request: (id, channel, data) => JSON.stringify(['req', id, channel, 'echo', data]),
  },
}

function readFrame(frame, channel, result) {
  const [type] = frame
  if (type === 'welcome') result.send = JSON.stringify(['sub', 1, channel])
  else if (type === 'subscribed') return
  else if (type === 'live') result.isReady = true
  else if (type === 'ping') result.send = JSON.stringify(['pong', ...frame.slice(1)])
  else if (type === 'ev') result.data.push(frame[8])
  else if (type === 'res') result.data.push(frame[2])
  else throw new Error(`The hub sent ${JSON.stringify(frame)}`)
}

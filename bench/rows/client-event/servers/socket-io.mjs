import { Server } from 'socket.io'
import { eventName } from '../payload.mjs'

/** The packet that `socket.emit(eventName, payload)` sends: 4 is a message, 2 an event. */
export const messageOf = (_index, payload) => `42["${eventName}",${payload}]`

/** A real server for the handshake; its events are prepared like those of the others, and go to its `ws` socket. */
export function attach(http, onReady) {
  const server = new Server(http, { transports: ['websocket'] })
  // What the connection itself still has to send goes before the events.
  server.on('connection', (socket) => {
    setImmediate(() => onReady(socket.conn.transport.socket))
  })
}

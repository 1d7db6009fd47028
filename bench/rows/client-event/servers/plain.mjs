import { WebSocketServer } from 'ws'
import { eventName } from '../payload.mjs'

/** The text of one message. `payload` is JSON. */
export const messageOf = (_index, payload) => `{"type":"${eventName}","data":${payload}}`

/** Calls `onReady` with the server's `ws` socket of the client, once it can be sent events. */
export function attach(http, onReady) {
  new WebSocketServer({ server: http }).on('connection', onReady)
}

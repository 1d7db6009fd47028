import { WebSocket } from 'ws'

/** Calls `heard` with the payload of each event. */
export function open(url, heard) {
  new WebSocket(url).on('message', (message) => heard(JSON.parse(message.toString()).data))
}

import { WebSocket as PartyWebSocket } from 'partysocket'
import { WebSocket } from 'ws'

/** Its `onmessage`, as that costs it least. */
export function open(url, heard) {
  const socket = new PartyWebSocket(url, [], { WebSocket })
  socket.onmessage = ({ data }) => heard(JSON.parse(data).data)
}

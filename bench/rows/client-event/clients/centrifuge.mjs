import { Centrifuge } from 'centrifuge'
import { WebSocket } from 'ws'
import { channelName } from '../payload.mjs'

export function open(url, heard) {
  const client = new Centrifuge(url, { websocket: WebSocket })
  const game = client.newSubscription(channelName)
  game.on('publication', ({ data }) => heard(data))
  game.subscribe()
  client.connect()
}

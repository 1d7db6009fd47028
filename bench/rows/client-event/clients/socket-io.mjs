import { io } from 'socket.io-client'
import { eventName } from '../payload.mjs'

export function open(url, heard) {
  io(url.replace('ws:', 'http:'), { transports: ['websocket'] }).on(eventName, heard)
}

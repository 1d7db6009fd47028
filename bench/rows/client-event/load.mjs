import { once } from 'node:events'
import { createServer } from 'node:http'
import { readTask, tell } from '../../lib/child.mjs'
import { payloadAt } from './payload.mjs'

const { server, warmUp, events, burst, everyMs } = readTask()
const { attach, messageOf } = await import(`./servers/${server}.mjs`)

// All is encoded before the client starts, so that both processes do little else than cross the socket.
const total = warmUp + events
const messages = Array.from({ length: total }, (_, index) =>
  Buffer.from(messageOf(index, JSON.stringify(payloadAt(index)))),
)
const messageBytes = messages.reduce((sum, { length }) => sum + length, 0) / total

/**
 * Sends `burst` messages every `everyMs` milliseconds, each a WebSocket message of its own, in one write: how many the
 * client reads at a time is then the same in each round. Sends nothing while the kernel has not taken the last ones.
 */
function start(socket) {
  const raw = socket._socket
  let at = 0
  let heldTicks = 0
  const tick = async () => {
    if (socket.bufferedAmount > 0) heldTicks++
    else {
      raw.cork()
      const end = Math.min(at + burst, total)
      for (; at < end; at++) socket.send(messages[at], { binary: false })
      raw.uncork()
    }
    if (at < total) return
    clearInterval(timer)
    await tell({ heldTicks })
  }
  const timer = setInterval(tick, everyMs)
}

const http = createServer()
attach(http, start)
http.listen(0, '127.0.0.1')
await once(http, 'listening')
await tell({ port: http.address().port, messageBytes })

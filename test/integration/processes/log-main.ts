import { type AddressInfo, createServer, type Socket } from 'node:net'
import { openRecord } from './facts.ts'
import type { LogOrder, LogSetup } from './orders.ts'
import { recordedLog } from './recorded-log.ts'
import { serveLog } from './remote-log.ts'

/** The process of a log that outlives hubs. It ends with its parent. */
const setup = JSON.parse(process.argv[2]!) as LogSetup
const record = openRecord(setup.facts)
const log = recordedLog(record, setup)
const sockets = new Set<Socket>()

const server = createServer({ noDelay: true }, (socket) => {
  sockets.add(socket)
  socket.on('close', () => sockets.delete(socket))
  serveLog(log, socket)
})
server.listen(0, '127.0.0.1', () => {
  record({ kind: 'log listens', port: (server.address() as AddressInfo).port })
})

process.on('message', (_: LogOrder) => {
  server.close()
  for (const socket of sockets) socket.destroy()
  process.removeAllListeners('disconnect')
  process.disconnect()
})
process.on('disconnect', () => process.exit())

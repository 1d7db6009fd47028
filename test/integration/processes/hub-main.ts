import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { attachWebSocket, createHub } from 'syncline/server'
import { openRecord } from './facts.ts'
import type { HubOrder, HubSetup } from './orders.ts'
import { recordedLog } from './recorded-log.ts'
import { registry } from './registry.ts'
import { remoteLog } from './remote-log.ts'
import { sabotages, saying } from './sabotage.ts'

/** The hub's process. It does what it is told over the channel to its parent, and ends with it. */
const setup = JSON.parse(process.argv[2]!) as HubSetup
const record = openRecord(setup.facts)
const { wrap, say } = sabotages[setup.sabotage ?? 'none']
const log =
  setup.logPort === undefined
    ? recordedLog(record, { maxEntries: setup.maxEntries })
    : remoteLog(setup.logPort)
const hub = createHub(registry, {
  broadcaster: wrap(log),
  pingMs: setup.pingMs,
  pongMs: setup.pongMs,
  onError: ({ code, message }, { stage }) => record({ kind: 'error', code, message, stage }),
})

hub.serve('room', {
  authorize: () => true,
  requests: {
    async count({ input: { id, ms } }) {
      record({ kind: 'ran', send: id })
      if (ms > 0) await new Promise((resolve) => setTimeout(resolve, ms).unref())
      return { id }
    },
  },
})

const server = createServer()
attachWebSocket(say ? saying(hub, say) : hub, server, { path: '/sync' })
server.listen(setup.port, '127.0.0.1', () => {
  record({ kind: 'listens', port: (server.address() as AddressInfo).port })
})

const orders: { [Do in HubOrder['do']]: (order: Extract<HubOrder, { do: Do }>) => void } = {
  say({ room, ids }) {
    for (const id of ids) void hub.channel('room', { id: room }).publish('ticked', { id })
  },
  close() {
    void hub.close().then(() => {
      server.close()
      return log.close()
    })
    // With nothing left to do, the process ends by itself; where something is left, it is seen to go on.
    process.removeAllListeners('disconnect')
    process.disconnect()
  },
}

process.on('message', (order: HubOrder) => orders[order.do](order as never))
process.on('disconnect', () => process.exit())

import { isSyncError, type Position } from 'syncline'
import { createClient } from 'syncline/client'
import { now, openRecord } from './facts.ts'
import type { ClientOrder, ClientSetup } from './orders.ts'
import { registry } from './registry.ts'

/** A client's process. It does what it is told over the channel to its parent, and ends with it. */
const setup = JSON.parse(process.argv[2]!) as ClientSetup
const { client: name } = setup
const record = openRecord(setup.facts)
const giveUpMs = { publication: 600_000, request: 15_000 }
const client = createClient(registry, {
  url: setup.url,
  // Soon, so that many faults fit into a short time.
  backoff: { firstMaxMs: 100, baseMs: 50, maxMs: 400 },
  breaker: false,
  connectTimeoutMs: 3_000,
  requestTimeoutMs: giveUpMs.request,
  onError: ({ code, message }, { stage }) => record({ kind: 'error', code, message, stage }),
})
const listening = new Map<string, () => void>()
const room = (id: string) => client.channel('room', { id })

client.onStatus(({ state, cause }) => {
  if (state !== 'connected') record({ kind: 'offline', client: name })
  record({ kind: 'status', client: name, state, ...(cause && { code: cause.code }) })
})

function listen(id: string, listener: string): void {
  const channel = room(id)
  record({ kind: 'listening', listener, client: name, channel: channel.name })
  const undos = [
    channel.on('subscribed', ({ position, recovered }) => {
      record({ kind: 'subscribed', listener, position, recovered })
    }),
    channel.on('gap', ({ position, reason }) => record({ kind: 'gap', listener, position, reason })),
    channel.onAny(({ data, meta: { position, replayed } }) => {
      record({ kind: 'delivered', listener, position, id: data.id, replayed })
    }),
  ]
  listening.set(listener, () => {
    for (const undo of undos) undo()
    record({ kind: 'left', listener })
  })
}

interface Sending {
  readonly what: 'publication' | 'request'
  readonly send: number
  readonly channel: string
  /** Resolves to the position of what was applied, if it has one. */
  readonly begin: () => Promise<Position | undefined>
}

/** Sends, and writes down how it ends. */
async function follow({ begin, ...sending }: Sending): Promise<void> {
  const { what, send } = sending
  record({ kind: 'sent', client: name, ...sending, endsBy: now() + giveUpMs[what] })
  try {
    const position = await begin()
    record({ kind: 'answered', send, outcome: 'applied', ...(position && { position }) })
  } catch (error) {
    const code = isSyncError(error) ? error.code : String(error)
    record({ kind: 'answered', send, outcome: code === 'indeterminate' ? 'unknown' : 'refused', code })
  }
}

const orders: { [Do in ClientOrder['do']]: (order: Extract<ClientOrder, { do: Do }>) => void } = {
  listen: ({ room: id, listener }) => listen(id, listener),
  leave({ listener }) {
    listening.get(listener)?.()
    listening.delete(listener)
  },
  publish({ room: id, ids }) {
    const channel = room(id)
    for (const send of ids) {
      const begin = () => channel.publish('wrote', { id: send })
      void follow({ what: 'publication', send, channel: channel.name, begin })
    }
  },
  request({ room: id, ids, ms }) {
    const channel = room(id)
    for (const send of ids) {
      const begin = async () => {
        const reply = await channel.request('count', { id: send, ms })
        if (reply.id !== send) throw new Error(`Got the answer to ${reply.id}`)
        return undefined
      }
      void follow({ what: 'request', send, channel: channel.name, begin })
    }
  },
  connect: () => client.connect(),
  close() {
    client.close()
    // With nothing left to do, the process ends by itself; where something is left, it is seen to go on.
    process.removeAllListeners('disconnect')
    process.disconnect()
  },
}

process.on('message', (order: ClientOrder) => orders[order.do](order as never))
process.on('disconnect', () => process.exit())

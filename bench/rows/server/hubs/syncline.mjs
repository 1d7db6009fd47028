import { createServer } from 'node:http'
import { channel, defineRegistry } from 'syncline'
import { attachWebSocket, createHub } from 'syncline/server'
import { listen } from './listen.mjs'

/** The least that a Standard Schema can do: what is left is the price of Syncline itself. */
export const passThrough = { '~standard': { version: 1, vendor: 'bench', validate: (value) => ({ value }) } }

/** A hub as it comes: the memory broadcaster with its log, tags, positions and recovery. */
export async function startWith(schema, options = {}) {
  const registry = defineRegistry({
    room: channel('room/:id', {
      events: { event: schema },
      requests: { echo: { input: schema, output: schema, ...options } },
    }),
  })
  const hub = createHub(registry, { onError: fail })
  hub.serve('room', { requests: { echo: ({ input }) => input } })
  const http = createServer()
  attachWebSocket(hub, http, { path: '/sync' })
  const publish = (name, data) => {
    hub
      .channel('room', { id: name.slice('room/'.length) })
      .publish('event', data)
      .catch(fail)
  }
  return { port: await listen(http), publish }
}

export const start = () => startWith(passThrough)

/** Whatever disturbs the run would make its figure mean something else. */
function fail(error) {
  setImmediate(() => {
    throw error
  })
}

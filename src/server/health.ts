import type { IncomingMessage, ServerResponse } from 'node:http'

/** `ok`: connections are taken. `full`: as many are there as may be. `draining`, `closed`: the hub stops. */
export type HubStatus = 'ok' | 'full' | 'draining' | 'closed'

/** How a hub is. */
export interface HubHealth {
  readonly status: HubStatus
  /** How many connections there are. */
  readonly connections: number
}

/**
 * A handler for Node's http server, Express and whatever else takes `(request, response)`: answers with the hub's health as JSON, with
 * status 200 while it takes connections, else 503.
 */
export function healthHandler(hub: {
  health(): HubHealth
}): (request: IncomingMessage, response: ServerResponse) => void {
  return ({ method }, response) => {
    if (method !== 'GET' && method !== 'HEAD') {
      response.writeHead(405, { allow: 'GET, HEAD' }).end()
      return
    }
    const health = hub.health()
    const headers = { 'content-type': 'application/json', 'cache-control': 'no-store' }
    response.writeHead(health.status === 'ok' ? 200 : 503, headers)
    response.end(method === 'HEAD' ? undefined : `${JSON.stringify(health)}\n`)
  }
}

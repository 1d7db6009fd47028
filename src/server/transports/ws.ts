import { type IncomingMessage, type Server, STATUS_CODES } from 'node:http'
import type { Duplex } from 'node:stream'
import { type WebSocket, WebSocketServer } from 'ws'
import { subprotocol } from '../../protocol/version.ts'
import type { AnyRegistry } from '../../registry/registry.ts'
import type { Undo } from '../../shared/disposer.ts'
import { SyncError } from '../../shared/errors.ts'
import type { Hub } from '../create-hub.ts'
import type { HubUser } from '../options.ts'
import { type AllowedOrigins, type Refusal, refusalOf } from '../request.ts'
import type { SessionSocket } from '../session.ts'

export interface AttachOptions {
  /** The path that clients connect to, as in `/sync`. Upgrades of other paths are left alone. */
  readonly path: string
  /** Which pages may connect. Default `same`: those that were served under the same host. */
  readonly origins?: AllowedOrigins
}

/** Any hub, whatever its registry and its users. */
export type AnyHub = Pick<Hub<AnyRegistry, HubUser>, 'accept' | 'settings'>

/**
 * Serves a hub's clients on a Node HTTP or HTTPS server, beside whatever else upgrades on it. The undo stops
 * taking new connections; `hub.close()` ends those that are there. Throws `bad_options` for a path that is none or is taken.
 */
export function attachWebSocket(
  hub: AnyHub,
  server: Server,
  { path, origins = 'same' }: AttachOptions,
): Undo {
  const paths = pathsOf(server)
  if (!path.startsWith('/')) throw new SyncError('bad_options', `Path "${path}" does not begin with "/"`)
  if (paths.has(path)) throw new SyncError('bad_options', `A hub is attached at ${path} already`)
  const sockets = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload: hub.settings.maxMessageBytes,
    handleProtocols: () => subprotocol,
  })
  const serverOnUpgrade = (request: IncomingMessage, stream: Duplex, head: Buffer) => {
    const asked = request.url?.split('?', 1)[0]
    if (asked !== path) {
      // Without a listener that is not ours nobody would ever answer it; the first of ours does.
      const isForNobody = server.listenerCount('upgrade') === paths.size && !paths.has(asked ?? '')
      if (isForNobody && path === [...paths][0]) {
        refuse(stream, { status: 404, message: `Connect to ${[...paths].join(' or ')}` })
      }
      return
    }
    const refusal = refusalOf(request, origins)
    if (refusal) refuse(stream, refusal)
    else sockets.handleUpgrade(request, stream, head, (socket) => join(hub, socket, request))
  }
  server.on('upgrade', serverOnUpgrade)
  paths.add(path)
  return () => {
    if (server.listeners('upgrade').includes(serverOnUpgrade)) paths.delete(path)
    server.off('upgrade', serverOnUpgrade)
  }
}

/** Where hubs are attached on each server, oldest first. */
const attached = new WeakMap<Server, Set<string>>()

function pathsOf(server: Server): Set<string> {
  const paths = attached.get(server) ?? new Set()
  attached.set(server, paths)
  return paths
}

function join(hub: AnyHub, socket: WebSocket, { url = '/', headers }: IncomingMessage): void {
  const handlers = hub.accept(toSessionSocket(socket), { url, headers })
  socket.on('message', (data, isBinary) => {
    if (isBinary) handlers.failed(new SyncError('bad_frame', 'The client sent a binary message'))
    else handlers.received(String(data))
  })
  socket.on('error', (error: Error & { code?: string }) => {
    const isTooLarge = error.code === 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH'
    handlers.failed(new SyncError(isTooLarge ? 'too_large' : 'bad_frame', error.message, { cause: error }))
  })
  socket.on('close', () => handlers.closed())
}

function toSessionSocket(socket: WebSocket): SessionSocket {
  return {
    get bufferedBytes() {
      return socket.bufferedAmount
    },
    send: (message) => socket.send(message),
    close: (code, reason) => socket.close(code, reason),
  }
}

function refuse(stream: Duplex, { status, message }: Refusal): void {
  // The other side may be gone already; there is nobody to tell.
  stream.on('error', () => {})
  // No time limit of the server holds after an upgrade: a client that never ends its side would stay for ever.
  stream.once('finish', () => stream.destroy())
  stream.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nConnection: close\r\nContent-Type: text/plain\r\n` +
      `Content-Length: ${Buffer.byteLength(message)}\r\n\r\n${message}`,
  )
}

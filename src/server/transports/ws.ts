import { type IncomingMessage, STATUS_CODES } from 'node:http'
import type { Duplex } from 'node:stream'
import { type PerMessageDeflateOptions, type RawData, type WebSocket, WebSocketServer } from 'ws'
import { subprotocol } from '../../protocol/version.ts'
import type { AnyRegistry } from '../../registry/registry.ts'
import type { Undo } from '../../shared/disposer.ts'
import { SyncError } from '../../shared/errors.ts'
import type { Hub } from '../create-hub.ts'
import type { HubUser } from '../options.ts'
import { type AllowedOrigins, checkOrigins, type Refusal, refusalOf } from '../request.ts'
import type { SessionHandlers } from '../sessions.ts'
import { Outgoing, Outlet } from './outgoing.ts'

export interface AttachOptions {
  /** The path that clients connect to, as in `/sync`. Upgrades of other paths are left alone. */
  readonly path: string
  /** Which pages may connect. Default `same`: those that were served under the same host. */
  readonly origins?: AllowedOrigins
  /**
   * Whether messages from 1,024 bytes on are compressed for clients that can. It costs memory and time for each connection, and what is
   * sent to many is compressed for each of them. Default false.
   */
  readonly compression?: boolean
}

/** Any hub, whatever its registry and its users. */
export type AnyHub = Pick<Hub<AnyRegistry, HubUser>, 'accept' | 'settings' | 'isTakingSessions' | 'refused'>

/** A server that upgrades: Node's `http` and `https` servers, and what Express, Fastify and Hono listen with. */
export interface UpgradingServer {
  on(event: 'upgrade', listener: (request: IncomingMessage, stream: Duplex, head: Buffer) => void): unknown
  off(event: 'upgrade', listener: (request: IncomingMessage, stream: Duplex, head: Buffer) => void): unknown
  listeners(event: 'upgrade'): readonly unknown[]
}

/**
 * Serves a hub's clients on a Node HTTP or HTTPS server, beside whatever else upgrades on it. The undo stops
 * taking new connections; `hub.close()` ends those that are there. Throws `bad_options` for a path that is none or is taken, or
 * origins that no browser sends.
 */
export function attachWebSocket(hub: AnyHub, server: UpgradingServer, options: AttachOptions): Undo {
  const { path, origins = 'same' } = options
  const paths = pathsOf(server)
  if (!/^\/[^?#]*$/.test(path)) {
    throw new SyncError('bad_options', `Path "${path}" is none: begin with "/", without a query or fragment`)
  }
  if (paths.has(path)) throw new SyncError('bad_options', `A hub is attached at ${path} already`)
  checkOrigins(origins)
  const sockets = socketsOf(hub, options)
  const serverOnUpgrade = (request: IncomingMessage, stream: Duplex, head: Buffer) => {
    const asked = request.url?.split('?', 1)[0]
    if (asked !== path) {
      // Without a listener that is not ours nobody would ever answer it; the first of ours does.
      const isForNobody = server.listeners('upgrade').length === paths.size && !paths.has(asked ?? '')
      if (isForNobody && path === [...paths][0]) {
        refuse(stream, { status: 404, message: `Connect to ${[...paths].join(' or ')}` })
      }
      return
    }
    const refusal = hub.isTakingSessions ? judge(hub, request, origins) : notNow
    if (!refusal) {
      sockets.handleUpgrade(request, stream, head, (socket) => join(hub, { socket, stream, request }))
      return
    }
    refuse(stream, refusal)
    hub.refused({ url: request.url ?? '/', headers: request.headers }, refusal)
  }
  server.on('upgrade', serverOnUpgrade)
  paths.add(path)
  return () => {
    if (server.listeners('upgrade').includes(serverOnUpgrade)) paths.delete(path)
    server.off('upgrade', serverOnUpgrade)
  }
}

/** An app's own check of origins that throws lets nobody in, and must not take the process down. */
function judge({ settings }: AnyHub, request: IncomingMessage, origins: AllowedOrigins): Refusal | undefined {
  try {
    return refusalOf(request, origins)
  } catch (cause) {
    const error = new SyncError('internal', 'The check of origins threw', { cause })
    settings.onError(error, { stage: 'authenticate' })
    return { status: 403, message: `Origin ${request.headers.origin} could not be checked` }
  }
}

/** A client comes back after its own delays: nobody waits by this. */
const notNow: Refusal = { status: 503, message: 'The hub takes no connections now', retryAfterS: 5 }

/** Where hubs are attached on each server, oldest first. */
const attached = new WeakMap<UpgradingServer, Set<string>>()

function pathsOf(server: UpgradingServer): Set<string> {
  const paths = attached.get(server) ?? new Set()
  attached.set(server, paths)
  return paths
}

/** So that a client cannot make the server hold much for it: no memory from one message to the next. */
const deflate: PerMessageDeflateOptions = {
  threshold: 1_024,
  concurrencyLimit: 10,
  serverNoContextTakeover: true,
  clientNoContextTakeover: true,
  zlibDeflateOptions: { level: 3, memLevel: 7 },
}

function socketsOf({ settings }: AnyHub, { compression = false }: AttachOptions): WebSocketServer {
  return new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: compression && deflate,
    maxPayload: settings.maxMessageBytes,
    handleProtocols: () => subprotocol,
  })
}

interface Joining {
  readonly socket: WebSocket
  /** What the upgrade handed over: frames that are made already are written to it. */
  readonly stream: Duplex
  readonly request: IncomingMessage
}

/** One for the process: what leaves in one tick leaves together. */
const outgoing = new Outgoing()

/** Where a socket keeps the hub's half, so that its listeners are the same functions for all sockets. */
const handlersKey = Symbol('handlers')

type Joined = WebSocket & { [handlersKey]: SessionHandlers }

function join(hub: AnyHub, { socket, stream, request }: Joining): void {
  const isCompressed = socket.extensions !== ''
  const outlet = new Outlet(outgoing, socket, isCompressed ? undefined : stream)
  const joined = socket as Joined
  // Not the request itself, which holds much more, for as long as the session does.
  joined[handlersKey] = hub.accept(outlet, { url: request.url ?? '/', headers: request.headers })
  socket.on('message', onMessage)
  socket.on('error', onError)
  socket.on('close', onClose)
}

function onMessage(this: WebSocket, data: RawData, isBinary: boolean): void {
  const handlers = (this as Joined)[handlersKey]
  if (isBinary) handlers.failed(new SyncError('bad_frame', 'The client sent a binary message'))
  else handlers.received(String(data))
}

function onError(this: WebSocket, error: Error & { code?: string }): void {
  const isTooLarge = error.code === 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH'
  const failure = new SyncError(isTooLarge ? 'too_large' : 'bad_frame', error.message, { cause: error })
  const handlers = (this as Joined)[handlersKey]
  handlers.failed(failure)
}

function onClose(this: WebSocket, code: number): void {
  ;(this as Joined)[handlersKey].closed(code)
}

function refuse(stream: Duplex, { status, message, retryAfterS }: Refusal): void {
  // The other side may be gone already; there is nobody to tell.
  stream.on('error', () => {})
  // No time limit of the server holds after an upgrade: a client that never ends its side would stay for ever.
  stream.once('finish', () => stream.destroy())
  const retry = retryAfterS === undefined ? '' : `Retry-After: ${retryAfterS}\r\n`
  stream.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nConnection: close\r\nContent-Type: text/plain\r\n${retry}` +
      `Content-Length: ${Buffer.byteLength(message)}\r\n\r\n${message}`,
  )
}

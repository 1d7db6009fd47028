import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import type { AnyRegistry } from 'syncline'
import { type Client, type ClientOptions, createClient, type ErrorContext } from 'syncline/client'
import {
  type AttachOptions,
  attachWebSocket,
  createHub,
  type Hub,
  type HubOptions,
  type HubUser,
} from 'syncline/server'
import type { ManualClock } from 'syncline/testing'
import { onTestFinished, vi } from 'vitest'
import { registry } from './challenge-registry.ts'

/** What was handed to an `onError`: the code of the error, and where. */
export interface Reported extends ErrorContext {
  readonly code: string
  readonly message: string
}

/** An HTTP server on a free port of this machine, stopped with all of its connections after the test. */
export interface HttpServer {
  readonly server: Server
  readonly port: number
  /** How many connections are open. */
  readonly open: number
  /** Breaks every connection without a word. */
  cut(): void
  /** Stops listening and breaks every connection; resolves when the port is free again. */
  stop(): Promise<void>
}

/** Listens on `port`, by default on a free one. */
export async function startHttp(onRequest?: RequestListener, port = 0): Promise<HttpServer> {
  const server = createServer(onRequest)
  const sockets = new Set<Socket>()
  server.on('connection', (socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, '127.0.0.1', resolve)
  })
  const cut = () => {
    for (const socket of sockets) socket.destroy()
  }
  const stop = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve())
      cut()
    })
  onTestFinished(stop)
  return {
    server,
    port: (server.address() as AddressInfo).port,
    get open() {
      return sockets.size
    },
    cut,
    stop,
  }
}

export interface HubServerOptions extends HubOptions {
  /** Default: a free one. */
  readonly port?: number
  readonly attach?: Partial<AttachOptions>
}

/** A hub that clients reach at `/sync` of its own server. */
export interface HubServer<R extends AnyRegistry> extends HttpServer {
  readonly hub: Hub<R>
  /** For `createClient`, and for a bare WebSocket. */
  readonly url: string
  /** What the hub handed to `onError`. */
  readonly errors: readonly Reported[]
}

/** A hub for `registry` with every channel served, over real sockets; ended after the test. */
export async function startHubFor<R extends AnyRegistry>(
  of: R,
  { port, attach, ...options }: HubServerOptions = {},
): Promise<HubServer<R>> {
  const http = await startHttp(undefined, port)
  const errors: Reported[] = []
  const hub = createHub<R, HubUser>(of, { onError: recordIn(errors), ...options })
  for (const key of Object.keys(of.channels)) hub.serve(key as Parameters<typeof hub.serve>[0], {})
  attachWebSocket(hub, http.server, { path: '/sync', ...attach })
  const stop = async () => {
    await hub.close({ withinMs: 0 })
    await http.stop()
  }
  onTestFinished(stop)
  const url = `ws://127.0.0.1:${http.port}/sync`
  return {
    ...http,
    get open() {
      return http.open
    },
    stop,
    hub,
    url,
    errors,
  }
}

/** A hub for the registry of `challenge-registry.ts`. */
export function startHub(options: HubServerOptions = {}): Promise<HubServer<typeof registry>> {
  return startHubFor(registry, options)
}

/** Short delays, so that a test that needs several attempts is over soon; no test asserts them. */
export const quick = { firstMaxMs: 20, baseMs: 20, maxMs: 40 }

/** A client of `url`, closed after the test, and what it handed to `onError`. */
export function startClient(
  url: string,
  options: Partial<ClientOptions> = {},
): { client: Client<typeof registry>; errors: readonly Reported[] } {
  const errors: Reported[] = []
  const client = createClient(registry, { url, backoff: quick, onError: recordIn(errors), ...options })
  onTestFinished(() => client.close())
  return { client, errors }
}

/** A client that listens in the lobby: `heard` are the texts that were said, `gaps` the reasons of gaps. */
export function startListener(url: string, options: Partial<ClientOptions> = {}) {
  const { client, errors } = startClient(url, options)
  const heard: string[] = []
  const gaps: string[] = []
  const lobby = client.channel('lobby')
  lobby.on('said', ({ text }) => heard.push(text))
  lobby.on('gap', ({ reason }) => gaps.push(reason))
  return { client, errors, heard, gaps }
}

/** Publishes until `heard` has it: a subscription says nothing of its own when it is in force. */
export async function publishUntilHeard(
  hub: Hub<typeof registry>,
  text: string,
  ...heard: (readonly string[])[]
): Promise<void> {
  await vi.waitFor(async () => {
    await hub.channel('lobby').publish('said', { text })
    for (const texts of heard) if (!texts.includes(text)) throw new Error(`"${text}" was not heard yet`)
  }, patience)
}

/**
 * Waits until the client of this clock has lost its connection and waits for the next attempt, which comes with
 * `comeBack`: on the system's clock it could be back before a test looks.
 */
export async function untilWaiting(client: Pick<Client<typeof registry>, 'status'>): Promise<void> {
  await vi.waitFor(() => {
    if (client.status.nextAttemptAt === undefined) throw new Error('the client does not wait')
  }, patience)
}

/** Moves the clock of a waiting client to its next attempt. */
export async function comeBack(
  client: Pick<Client<typeof registry>, 'status'>,
  clock: ManualClock,
): Promise<void> {
  await clock.advance((client.status.nextAttemptAt ?? 0) - clock.now())
}

/** How long a condition may take on a busy machine, in milliseconds. */
export const patience = { timeout: 15_000, interval: 10 }

function recordIn(errors: Reported[]) {
  return ({ code, message }: { code: string; message: string }, context: ErrorContext) => {
    errors.push({ ...context, code, message })
  }
}

import { request as httpRequest, type IncomingHttpHeaders } from 'node:http'
import { onTestFinished, vi } from 'vitest'
import { WebSocket } from 'ws'
import { registry } from './challenge-registry.ts'
import { patience } from './hub-server.ts'

export type BareFrame = readonly [type: string, ...fields: unknown[]]

/** A WebSocket without a client on it: everything that it says is written by hand. */
export interface BareClient {
  readonly socket: WebSocket
  /** Every message as it came. */
  readonly raw: readonly string[]
  /** Every frame that came, batches taken apart. */
  readonly frames: readonly BareFrame[]
  /** How the other side ended it; `undefined` while it is open. */
  readonly closed: { readonly code: number; readonly reason: string } | undefined
  /** Sends a text as it is, anything else as JSON. */
  send(message: unknown): void
  /** The frames of one type. */
  of(type: string): BareFrame[]
  /** Waits for the frame at `index`, counted from 0, of one type. */
  next(type: string, index?: number): Promise<BareFrame>
  /** Waits for the end. */
  ended(): Promise<{ readonly code: number; readonly reason: string }>
}

export interface BareOptions {
  readonly protocol?: string | readonly string[]
  readonly headers?: Readonly<Record<string, string>>
}

/** Opens a WebSocket to `url`, dropped after the test. Rejects when the server refuses. */
export async function openBare(
  url: string,
  { protocol = 'syncline.1', headers = {} }: BareOptions = {},
): Promise<BareClient> {
  const socket = new WebSocket(url, typeof protocol === 'string' ? protocol : [...protocol], {
    headers,
    perMessageDeflate: false,
  })
  onTestFinished(() => socket.terminate())
  const raw: string[] = []
  const frames: BareFrame[] = []
  let closed: BareClient['closed']
  socket.on('message', (data) => {
    const text = String(data)
    raw.push(text)
    const message = JSON.parse(text) as BareFrame | BareFrame[]
    frames.push(...(Array.isArray(message[0]) ? (message as BareFrame[]) : [message as BareFrame]))
  })
  socket.on('close', (code, reason) => {
    closed = { code, reason: String(reason) }
  })
  await new Promise<void>((resolve, reject) => {
    socket.once('open', resolve)
    socket.once('error', reject)
  })
  // The end of a connection is told by `closed`; what broke it adds nothing.
  socket.on('error', () => {})
  const of = (type: string) => frames.filter((frame) => frame[0] === type)
  return {
    socket,
    raw,
    frames,
    get closed() {
      return closed
    },
    send: (message) => socket.send(typeof message === 'string' ? message : JSON.stringify(message)),
    of,
    next: (type, index = 0) =>
      vi.waitFor(() => {
        const frame = of(type)[index]
        if (!frame) throw new Error(`no "${type}" number ${index} among ${raw.slice(-5).join(' ')}`)
        return frame
      }, patience),
    ended: () =>
      vi.waitFor(() => {
        if (!closed) throw new Error('the connection is open')
        return closed
      }, patience),
  }
}

/** A secret that names a session: `letter` many times. */
export const secret = (letter: string) => letter.repeat(26)

export function hello(session = secret('a'), token?: string): BareFrame {
  return ['hello', { registry: [registry.version, registry.hash], session, ...(token && { token }) }]
}

/** Opens one and says hello; resolves with the welcome's options. */
export async function greetBare(url: string, session = secret('a'), token?: string) {
  const bare = await openBare(url)
  bare.send(hello(session, token))
  const [, welcome] = await bare.next('welcome')
  return { bare, welcome: welcome as Readonly<Record<string, unknown>> }
}

/** Asks for an upgrade as a browser does, and tells the HTTP answer instead of going on. */
export function askUpgrade(
  port: number,
  path: string,
  headers: Readonly<Record<string, string>>,
): Promise<{ status: number; body: string; headers: IncomingHttpHeaders }> {
  return new Promise((resolve, reject) => {
    const asked = httpRequest({
      host: '127.0.0.1',
      port,
      path,
      agent: false,
      headers: {
        Connection: 'Upgrade',
        Upgrade: 'websocket',
        'Sec-WebSocket-Version': '13',
        'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
        ...headers,
      },
    })
    asked.on('upgrade', ({ headers: told }, stream) => {
      stream.destroy()
      resolve({ status: 101, body: '', headers: told })
    })
    asked.on('response', (response) => {
      let body = ''
      response.setEncoding('utf8')
      response.on('data', (chunk: string) => {
        body += chunk
      })
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body, headers: response.headers }))
    })
    asked.on('error', reject)
    asked.end()
  })
}

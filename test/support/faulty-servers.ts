import { createHash } from 'node:crypto'
import { STATUS_CODES } from 'node:http'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { onTestFinished, vi } from 'vitest'
import { type RawData, type WebSocket, WebSocketServer } from 'ws'
import { webSocketClass } from '../../src/client/websocket/node.ts'
import type { HubFrame, WelcomeOptions } from '../../src/protocol/frames.ts'
import { subprotocol } from '../../src/protocol/version.ts'
import { type HttpServer, patience, startHttp } from './hub-server.ts'

/** A class that the client's default socket may find. */
export interface Platform {
  readonly platform: string
  /** Whether its errors say with which status a server refused. */
  readonly tellsStatus: boolean
  /** Lets the client find this class and no other, until `vi.unstubAllGlobals`. Throws where it is missing. */
  use(): void
}

/** Both classes that a client on Node meets: `ws` on Node 20, the global one from Node 22 on. */
export const platforms: readonly Platform[] = [
  {
    platform: 'the global WebSocket',
    tellsStatus: false,
    use() {
      if (typeof globalThis.WebSocket !== 'function') throw new Error('there is no global WebSocket here')
    },
  },
  { platform: 'the ws package', tellsStatus: true, use: () => void vi.stubGlobal('WebSocket', undefined) },
]

/** A second before each attempt: one that was drawn as 0 would be over within the step of the clock that began it. */
export const aSecond = { delaysMs: [1_000] }

/** A TCP server on this machine, stopped with all of its connections after the test. */
export interface TcpServer {
  readonly port: number
  readonly url: string
  /** How many connections are open on which something has come: undici keeps a spare one for 4 s that it may never use. */
  readonly open: number
  /** How many such there have ever been. */
  readonly accepted: number
}

/** Hands each connection to `onConnection`, which by default never says a word. */
export async function startTcp(onConnection: (socket: Socket) => void = () => {}): Promise<TcpServer> {
  const sockets = new Set<Socket>()
  const asking = new Set<Socket>()
  let accepted = 0
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
    sockets.add(socket)
    socket.once('data', () => {
      accepted++
      asking.add(socket)
    })
    socket.on('close', () => {
      sockets.delete(socket)
      asking.delete(socket)
    })
    // How a connection breaks is told by its close.
    socket.on('error', () => {})
    onConnection(socket)
    // Somebody must read, or the end of the other side is never seen.
    socket.resume()
  })
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  onTestFinished(() => {
    server.close()
    for (const socket of sockets) socket.destroy()
  })
  const { port } = server.address() as AddressInfo
  return {
    port,
    url: `ws://127.0.0.1:${port}/sync`,
    get open() {
      return asking.size
    },
    get accepted() {
      return accepted
    },
  }
}

/** Accepts connections, never says a word, and goes when the other side does. */
export function startSilent(): Promise<TcpServer> {
  return startTcp((socket) => socket.on('end', () => socket.end()))
}

/** Answers each request with these bytes instead of HTTP, or of a WebSocket, and ends. */
export function startBabbling(bytes: Uint8Array | string): Promise<TcpServer> {
  return startTcp((socket) => socket.once('data', () => socket.end(bytes)))
}

/** Completes the upgrade and then neither says nor answers anything, not even a close. `heard` gets what comes after it. */
export function startMute(heard: Buffer[]): Promise<TcpServer> {
  return startTcp((socket) => {
    socket.once('data', (request) => {
      socket.on('data', (bytes: Buffer) => heard.push(bytes))
      const key = /^sec-websocket-key: (.*)\r$/im.exec(String(request))?.[1] ?? ''
      const accept = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64')
      const head = ['HTTP/1.1 101 Switching Protocols', 'Upgrade: websocket', 'Connection: Upgrade']
      head.push(`Sec-WebSocket-Accept: ${accept}`, `Sec-WebSocket-Protocol: ${subprotocol}`)
      socket.write(`${head.join('\r\n')}\r\n\r\n`)
    })
  })
}

/** A port on which nobody listens. */
export async function freePort(): Promise<number> {
  const { port, stop } = await startHttp()
  await stop()
  return port
}

/** A server that refuses every upgrade. */
export interface RefusingServer extends HttpServer {
  readonly url: string
  /** How often it has refused. */
  readonly refused: number
  /** Refuses no more, and leaves upgrades to whoever listens next. */
  relent(): void
}

/** Refuses each upgrade with the HTTP status. */
export async function startRefusing(status: number): Promise<RefusingServer> {
  const http = await startHttp()
  let refused = 0
  const refuse = (_request: unknown, stream: Duplex) => {
    refused++
    stream.on('error', () => {})
    stream.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`)
  }
  http.server.on('upgrade', refuse)
  const { server, port, cut, stop } = http
  return {
    ...{ server, port, cut, stop, url: `ws://127.0.0.1:${port}/sync` },
    get open() {
      return http.open
    },
    get refused() {
      return refused
    },
    relent: () => void server.off('upgrade', refuse),
  }
}

/**
 * How many requests the platform in use makes of one `new WebSocket` that a server refuses with the HTTP status: the global class
 * of Node 24 asks a second time on 401, as undici 7.29 does in `fetch`.
 */
export async function requestsPerRefusal(status: number): Promise<number> {
  const server = await startRefusing(status)
  const socket = new (webSocketClass())(server.url)
  await new Promise((resolve) => {
    socket.onerror = socket.onclose = resolve
  })
  return server.refused
}

/** The server's end of one WebSocket, on which everything is written by hand. */
export interface Peer {
  readonly socket: WebSocket
  /** Every frame that came. */
  readonly frames: readonly (readonly unknown[])[]
  /** The close code once it is closed, 1005 for none, 1006 when it broke. */
  readonly closed: number | undefined
  send(...frames: HubFrame[]): void
}

export interface ByHandOptions {
  /** What the server chooses of the subprotocols; `false` for none. Default: what the protocol asks for. */
  readonly protocol?: string | false
  /** Answers a frame in place of the defaults, which welcome, and grant each subscription. */
  readonly answer?: (frame: readonly unknown[], peer: Peer) => void
}

export interface ByHandServer extends HttpServer {
  readonly url: string
  /** Every connection that there has been, oldest first. */
  readonly peers: readonly Peer[]
  /** Waits for the connection at `index`, counted from 0, to have sent a frame of that type. */
  peer(index: number, type?: string): Promise<Peer>
}

/** A WebSocket server that is no hub, and says only what a test tells it to. */
export async function startByHand({
  protocol = subprotocol,
  answer = greet,
}: ByHandOptions = {}): Promise<ByHandServer> {
  const http = await startHttp()
  const peers: Peer[] = []
  const sockets = new WebSocketServer({ server: http.server, handleProtocols: () => protocol })
  sockets.on('connection', (socket) => peers.push(toPeer(socket, answer)))
  const { server, port, cut, stop } = http
  return {
    ...{ server, port, cut, stop, peers, url: `ws://127.0.0.1:${port}/sync` },
    get open() {
      return http.open
    },
    peer: (index, type = 'hello') =>
      vi.waitFor(() => {
        const peer = peers[index]
        if (!peer?.frames.some((frame) => frame[0] === type)) throw new Error(`no "${type}" on ${index}`)
        return peer
      }, patience),
  }
}

function toPeer(socket: WebSocket, answer: NonNullable<ByHandOptions['answer']>): Peer {
  const frames: unknown[][] = []
  let closed: number | undefined
  const peer: Peer = {
    socket,
    frames,
    get closed() {
      return closed
    },
    send: (...sent) => {
      for (const frame of sent) socket.send(JSON.stringify(frame))
    },
  }
  socket.on('message', (data: RawData) => {
    const frame = JSON.parse(String(data)) as unknown[]
    frames.push(frame)
    answer(frame, peer)
  })
  socket.on('close', (code) => {
    closed = code
  })
  socket.on('error', () => {})
  return peer
}

/** What a hub says of itself by default. */
export const welcome: WelcomeOptions = {
  client: 'b'.repeat(16),
  resumed: false,
  pingMs: 25_000,
  pongMs: 10_000,
  maxBytes: 262_144,
  time: 1_700_000_000_000,
  registry: [1, ''],
}

/** The channel number of the first subscription that {@link greet} grants; each next is one more. */
export const firstCid = 1

/** Answers as a hub does whose logs are all empty, and whose subscribers have missed nothing. */
export function greet(frame: readonly unknown[], peer: Peer): void {
  if (frame[0] === 'hello') peer.send(['welcome', welcome])
  if (frame[0] === 'sub') {
    const cid = firstCid + peer.frames.filter(([type]) => type === 'sub').length - 1
    const recovered = (frame[3] as { since?: unknown } | undefined)?.since ? true : null
    peer.send(['subscribed', frame[1] as number, cid, { position: ['by-hand', 0, ''], recovered }])
    peer.send(['live', cid])
  }
}

/** The first entry of a log that {@link greet} has granted: something said in the lobby. */
export function said(text: string): HubFrame {
  return ['ev', firstCid, 1, 'tag', '', welcome.time, null, 'said', { text }]
}

export interface LinkOptions {
  /** In pieces of how many bytes it hands on, over and over; each is read before the next is sent. Default: as they come. */
  readonly pieces?: readonly number[]
}

/** A way to a server on which bytes can be lost. */
export interface Link extends TcpServer {
  /** How many bytes and pieces were handed on. */
  readonly carried: { readonly bytes: number; readonly pieces: number }
  /** How many bytes came to nothing. */
  readonly swallowed: number
  /** From now on nothing passes on the connections that there are, not even their end; later ones are whole. */
  swallow(): void
}

/** A TCP proxy to a port of this machine. */
export async function startLink(to: number, { pieces }: LinkOptions = {}): Promise<Link> {
  const lines: Line[] = []
  const tcp = await startTcp((near) => {
    const far = connect({ port: to, host: '127.0.0.1', allowHalfOpen: true, noDelay: true })
    far.on('error', () => {})
    onTestFinished(() => void far.destroy())
    const line: Line = { pieces, isDead: false, bytes: 0, parts: 0, swallowed: 0 }
    lines.push(line)
    carry(near, far, line)
    carry(far, near, line)
  })
  const sum = (of: 'bytes' | 'parts' | 'swallowed') => lines.reduce((all, line) => all + line[of], 0)
  return {
    ...{ port: tcp.port, url: tcp.url },
    get open() {
      return tcp.open
    },
    get accepted() {
      return tcp.accepted
    },
    get carried() {
      return { bytes: sum('bytes'), pieces: sum('parts') }
    },
    get swallowed() {
      return sum('swallowed')
    },
    swallow() {
      for (const line of lines) line.isDead = true
    },
  }
}

/** One connection through a link, both ways. */
interface Line {
  readonly pieces: readonly number[] | undefined
  isDead: boolean
  bytes: number
  parts: number
  swallowed: number
}

/** Hands everything on from one end of a line to the other, its end too. */
function carry(from: Socket, into: Socket, line: Line): void {
  const put = (part: Buffer) => {
    if (line.isDead) line.swallowed += part.length
    else {
      into.write(part)
      line.bytes += part.length
      line.parts++
    }
  }
  const pass = async (bytes: Buffer) => {
    const { pieces } = line
    if (!pieces) put(bytes)
    for (let at = 0; pieces && at < bytes.length; ) {
      const part = bytes.subarray(at, at + pieces[line.parts % pieces.length]!)
      put(part)
      at += part.length
      // The other end is in this very process, and reads before the next turn.
      await nextTurn()
    }
  }
  let before = Promise.resolve()
  const inOrder = (run: () => unknown) => {
    before = before.then(async () => void (await run()))
  }
  from.on('data', (bytes: Buffer) => inOrder(() => pass(bytes)))
  from.on('end', () => inOrder(() => line.isDead || into.end()))
  from.on('close', () => inOrder(() => line.isDead || into.destroy()))
}

/** Lets everything run that is due, sockets included. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve)
  })
}

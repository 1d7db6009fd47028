import type { AddressInfo } from 'node:net'
import { onTestFinished } from 'vitest'
import { type WebSocket, WebSocketServer } from 'ws'
import { clientShapes } from '../../src/protocol/client-shapes.ts'
import type { ClientFrame, HelloOptions, HubFrame, PubFrame, ReqFrame } from '../../src/protocol/frames.ts'
import { parseFrames } from '../../src/protocol/parse.ts'
import { subprotocol } from '../../src/protocol/version.ts'
import { welcomeOptions } from './fake-sockets.ts'
import { type RuledLog, ruledLog } from './publication-rules.ts'

/** What outlives the server: the logs, and the first answers to requests. */
export interface SendingMemory {
  readonly log: RuledLog
  readonly answers: Map<string, HubFrame>
}

export function sendingMemory(options: Parameters<typeof ruledLog>[0] = {}): SendingMemory {
  return { log: ruledLog(options), answers: new Map() }
}

/** Where to break the connection: before the frame has any effect, or after it, before it is answered. */
export type Cut = 'before' | 'after' | undefined

export interface SendingHubOptions {
  /** Default: a free one. */
  readonly port?: number
  /** Default: a new one. */
  readonly memory?: SendingMemory
  /** Asked for each `pub` and `req`. Default: never. */
  readonly cut?: (frame: PubFrame | ReqFrame) => Cut
  /** Answers a request; `undefined` leaves it without an answer. Default: the data doubled, if it is a number. */
  readonly answer?: (data: unknown) => unknown
}

/** A real server that follows `docs/protocol.md` for what clients send, and for as much else as they need. */
export interface SendingHub {
  readonly url: string
  readonly port: number
  readonly memory: SendingMemory
  /** Every frame that came, of all connections, in order. */
  readonly received: readonly ClientFrame[]
  /** How often each request was run, by its data as JSON. */
  readonly runs: ReadonlyMap<string, number>
  /** How many connections were welcomed, and how many were cut. */
  readonly welcomes: number
  readonly cuts: number
  /** Stops listening and breaks every connection; resolves when the port is free again. */
  stop(): Promise<void>
}

interface Peer {
  readonly socket: WebSocket
  readonly channels: Map<string, number>
  session: string
  isGone: boolean
}

/** Starts one on the loopback, ended after the test. */
export async function startSendingHub(options: SendingHubOptions = {}): Promise<SendingHub> {
  const hub = new Hub(options)
  await hub.listen(options.port ?? 0)
  onTestFinished(() => hub.stop())
  return hub
}

class Hub implements SendingHub {
  readonly memory: SendingMemory
  readonly received: ClientFrame[] = []
  readonly runs = new Map<string, number>()
  welcomes = 0
  cuts = 0
  readonly #options: SendingHubOptions
  readonly #peers = new Set<Peer>()
  #server: WebSocketServer | undefined
  #lastCid = 0

  constructor(options: SendingHubOptions) {
    this.#options = options
    this.memory = options.memory ?? sendingMemory()
  }

  get port(): number {
    return (this.#server!.address() as AddressInfo).port
  }

  get url(): string {
    return `ws://127.0.0.1:${this.port}`
  }

  async listen(port: number): Promise<void> {
    this.#server = new WebSocketServer({
      host: '127.0.0.1',
      port,
      handleProtocols: (offers) => offers.has(subprotocol) && subprotocol,
    })
    this.#server.on('connection', (socket) => this.#accept(socket))
    await new Promise<void>((resolve, reject) => {
      this.#server!.once('listening', resolve)
      this.#server!.once('error', reject)
    })
  }

  stop(): Promise<void> {
    for (const peer of this.#peers) this.#drop(peer)
    return new Promise((resolve) => this.#server!.close(() => resolve()))
  }

  #accept(socket: WebSocket): void {
    const peer: Peer = { socket, channels: new Map(), session: '', isGone: false }
    this.#peers.add(peer)
    socket.on('error', () => {})
    socket.on('close', () => {
      peer.isGone = true
      this.#peers.delete(peer)
    })
    socket.on('message', (message) => {
      const parsed = parseFrames<ClientFrame>(String(message), clientShapes)
      if (!parsed.ok) {
        socket.close(4501, `bad_frame: ${parsed.error.message}`)
        return
      }
      for (const frame of parsed.frames) if (!peer.isGone) this.#read(peer, frame)
    })
  }

  /** Breaks it without a word. */
  #drop(peer: Peer): void {
    peer.isGone = true
    this.#peers.delete(peer)
    peer.socket.terminate()
  }

  #send(peer: Peer, frame: HubFrame): void {
    if (!peer.isGone) peer.socket.send(JSON.stringify(frame))
  }

  #read(peer: Peer, frame: ClientFrame): void {
    this.received.push(frame)
    const [type] = frame
    if (type === 'hello') this.#welcome(peer, frame[1])
    else if (type === 'ping') this.#send(peer, frame[1] === undefined ? ['pong'] : ['pong', frame[1]])
    else if (type === 'sub') this.#subscribe(peer, frame[1], frame[2])
    else if (type === 'tell') this.#tell(peer, frame)
    else if (type === 'pub' || type === 'req') this.#serve(peer, frame)
  }

  #welcome(peer: Peer, { session, registry }: HelloOptions): void {
    // The session's older connection ends with the newer one, so that nothing of it comes late.
    for (const other of this.#peers) if (other.session === session) this.#drop(other)
    peer.session = session
    this.#send(peer, ['welcome', { ...welcomeOptions, client: session.slice(0, 16), registry }])
    this.welcomes++
  }

  #subscribe(peer: Peer, ref: number, channel: string): void {
    const cid = ++this.#lastCid
    peer.channels.set(channel, cid)
    this.#send(peer, ['subscribed', ref, cid, { position: this.memory.log.top(channel), recovered: null }])
    this.#send(peer, ['live', cid])
  }

  #tell(from: Peer, [, channel, name, data]: Extract<ClientFrame, readonly ['tell', ...unknown[]]>): void {
    for (const peer of this.#peers) {
      const cid = peer.channels.get(channel)
      if (peer !== from && cid !== undefined) {
        this.#send(peer, ['told', cid, name, data, from.session.slice(0, 16)])
      }
    }
  }

  #serve(peer: Peer, frame: PubFrame | ReqFrame): void {
    const cut = this.#options.cut?.(frame)
    if (cut) this.cuts++
    if (cut === 'before') this.#drop(peer)
    else {
      const answer =
        frame[0] === 'pub' ? this.memory.log.publish(peer.session, frame) : this.#run(peer, frame)
      if (cut === 'after') this.#drop(peer)
      else if (answer) this.#send(peer, answer)
    }
  }

  /** The first answer to a request, which is run once. */
  #run(peer: Peer, [, ref, channel, , data, options]: ReqFrame): HubFrame | undefined {
    const { answers, log } = this.memory
    const key = `${peer.session} ${ref}`
    const known = answers.get(key)
    if (known) return known
    if (options?.ageMs !== undefined && options.ageMs >= 600_000) {
      return ['err', ref, 'indeterminate', 'Not known any more']
    }
    const { answer = (value: unknown) => (typeof value === 'number' ? value * 2 : null) } = this.#options
    const name = JSON.stringify(data)
    this.runs.set(name, (this.runs.get(name) ?? 0) + 1)
    const result = answer(data)
    if (result === undefined) return undefined
    const frame: HubFrame = ['res', ref, result, log.top(channel)]
    answers.set(key, frame)
    return frame
  }
}

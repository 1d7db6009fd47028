import type { SocketFactory, SocketListener } from '../../src/client/socket.ts'
import type { ClientFrame, HubFrame, WelcomeOptions } from '../../src/protocol/frames.ts'
import { subprotocol } from '../../src/protocol/version.ts'

/** One socket that the code under test has opened, with the test as its other side. */
export interface FakeSocket {
  readonly url: string
  readonly listener: SocketListener
  /** What was sent, parsed. */
  readonly sent: ClientFrame[]
  /** Whether the code under test has let go of it. */
  isClosed: boolean
  /** What has not left yet, in bytes. */
  bufferedBytes: number
  /** Opens it and lets the hub say welcome. */
  welcome(options?: Partial<WelcomeOptions>): void
  /** Lets a frame arrive. */
  receive(...frame: HubFrame): void
}

export interface FakeSockets {
  readonly factory: SocketFactory
  readonly all: FakeSocket[]
  /** The one that was opened last. */
  readonly last: FakeSocket
  /** Those that are still held. */
  readonly open: FakeSocket[]
}

export const welcomeOptions: WelcomeOptions = {
  client: 'me',
  resumed: false,
  pingMs: 25_000,
  pongMs: 10_000,
  maxBytes: 262_144,
  time: 0,
  registry: [1, 'hash'],
}

/** A transport that records, and does only what the test says. */
export function fakeSockets(): FakeSockets {
  const all: FakeSocket[] = []
  return {
    all,
    get last() {
      return all.at(-1)!
    },
    get open() {
      return all.filter((socket) => !socket.isClosed)
    },
    factory: ({ url }, listener) => {
      const socket: FakeSocket = {
        url,
        listener,
        sent: [],
        isClosed: false,
        bufferedBytes: 0,
        welcome(options) {
          listener.opened(subprotocol)
          this.receive('welcome', { ...welcomeOptions, ...options })
        },
        receive: (...frame) => listener.received(JSON.stringify(frame)),
      }
      all.push(socket)
      return {
        get bufferedBytes() {
          return socket.bufferedBytes
        },
        send: (message) => socket.sent.push(JSON.parse(message)),
        close: () => {
          socket.isClosed = true
        },
      }
    },
  }
}

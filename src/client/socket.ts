import { webSocketClass } from '#websocket'

/** The client's half of one transport connection, open or opening. */
export interface Socket {
  /** What was sent and is still here, in bytes. */
  readonly bufferedBytes: number
  /** Sends one text message; only valid between `opened` and `closed`. */
  send(message: string): void
  /** Lets go at once: no callback comes after this, whatever the transport still does. */
  close(): void
}

/** What a socket tells whoever opened it. `closed` comes at most once, and nothing after it. */
export interface SocketListener {
  /** `protocol` is what the server chose, empty when it chose none. */
  opened(protocol: string): void
  received(message: string): void
  /** `code` is 1006 when the connection could not be made or broke. */
  closed(code: number, reason: string): void
}

/**
 * Opens a transport to an absolute `ws:` or `wss:` address, offering one subprotocol. MUST NOT call the listener before
 * it has returned.
 */
export type SocketFactory = (
  address: { readonly url: string; readonly protocol: string },
  listener: SocketListener,
) => Socket

/** Out here, where it holds nothing: a socket may take long to close, and its client must not wait for that. */
const ignore = () => {}

/** A socket over the platform's WebSocket. */
export const webSocket: SocketFactory = ({ url, protocol }, listener) => {
  const socket = new (webSocketClass())(url, protocol)
  let isOpen = false
  let failure = ''
  const letGo = () => {
    socket.onopen = socket.onmessage = socket.onclose = null
    // A socket that is closed while connecting reports an error, which must have somewhere to go.
    socket.onerror = ignore
  }
  const ended = (code: number, reason: string) => {
    letGo()
    listener.closed(code, reason || failure)
  }
  socket.onopen = () => {
    isOpen = true
    listener.opened(socket.protocol)
  }
  // Hubs send text alone; binary data differs by platform, and an empty text is no frame on all of them.
  socket.onmessage = ({ data }) => listener.received(typeof data === 'string' ? data : '')
  socket.onerror = (event) => {
    // Browsers tell nothing; Node's classes put the reason here and leave the close event empty.
    failure = (event as { message?: string }).message ?? ''
    // The global class of Node 20 and 22 has no close event for a connection that could not be made.
    if (!isOpen) ended(1006, '')
  }
  socket.onclose = ({ code, reason }) => ended(code, reason)
  return {
    get bufferedBytes() {
      return socket.bufferedAmount
    },
    send: (message) => socket.send(message),
    close() {
      letGo()
      socket.close()
    },
  }
}

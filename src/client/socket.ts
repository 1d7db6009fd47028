import { webSocketClass } from '#websocket'

/** The client's half of one transport connection, open or opening. */
export interface Socket {
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

/** Opens a transport to an absolute `ws:` or `wss:` address, offering one subprotocol. */
export type SocketFactory = (
  address: { readonly url: string; readonly protocol: string },
  listener: SocketListener,
) => Socket

/** A socket over the platform's WebSocket. */
export const webSocket: SocketFactory = ({ url, protocol }, listener) => {
  const socket = new (webSocketClass())(url, protocol)
  let failure = ''
  socket.onopen = () => listener.opened(socket.protocol)
  socket.onmessage = ({ data }) => listener.received(data as string)
  socket.onerror = (event) => {
    // Browsers tell nothing; Node's classes put the reason here and leave the close event empty.
    failure = (event as { message?: string }).message ?? ''
  }
  socket.onclose = ({ code, reason }) => listener.closed(code, reason || failure)
  return {
    send: (message) => socket.send(message),
    close() {
      socket.onopen = socket.onmessage = socket.onclose = null
      // A socket that is closed while connecting reports an error, which must have somewhere to go.
      socket.onerror = () => {}
      socket.close()
    },
  }
}

import { type SocketFactory, webSocket } from 'syncline/client'

/** The platform's socket, with every frame that went out and came in through it, as JSON values. */
export interface RecordedSocket {
  readonly socket: SocketFactory
  readonly sent: readonly unknown[][]
  readonly received: readonly unknown[][]
}

/** For the `socket` option of one client; all of its connections are recorded together. */
export function recordedSocket(): RecordedSocket {
  const sent: unknown[][] = []
  const received: unknown[][] = []
  const socket: SocketFactory = (address, listener) => {
    const real = webSocket(address, {
      ...listener,
      received(message) {
        received.push(...framesOf(message))
        listener.received(message)
      },
    })
    return {
      ...real,
      send(message) {
        sent.push(...framesOf(message))
        real.send(message)
      },
    }
  }
  return { socket, sent, received }
}

/** A message is a frame, or a batch of frames. */
function framesOf(message: string): unknown[][] {
  const value = JSON.parse(message)
  return Array.isArray(value[0]) ? value : [value]
}

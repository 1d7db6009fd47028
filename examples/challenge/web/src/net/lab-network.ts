import { browserSignals, type Signals, type Socket, type SocketFactory, webSocket } from 'syncline/client'

/** What the visitor lets this window have: all, nothing, or HTTP without the live connection. */
export type NetworkMode = 'whole' | 'cut' | 'http-only'

const listeners = new Set<() => void>()
const open = new Set<() => void>()
let mode: NetworkMode = 'whole'

/** The network of this window, which the visitor can break. */
export const labNetwork = {
  get mode(): NetworkMode {
    return mode
  },
  get hasNetwork(): boolean {
    return mode !== 'cut' && navigator.onLine
  },
  set(next: NetworkMode): void {
    if (next === mode) return
    mode = next
    // A network that goes takes its connections with it.
    if (next !== 'whole') for (const drop of [...open]) drop()
    for (const listener of [...listeners]) listener()
  },
  /** Hears when the network comes and goes, the browser's own too. */
  subscribe(listener: () => void): () => void {
    listeners.add(listener)
    window.addEventListener('online', listener)
    window.addEventListener('offline', listener)
    return () => {
      listeners.delete(listener)
      window.removeEventListener('online', listener)
      window.removeEventListener('offline', listener)
    }
  },
}

/** The browser's sockets, as long as the visitor lets them through. */
export const labSocket: SocketFactory = (address, listener) => {
  let isOver = false
  let socket: Socket | undefined
  const end = () => {
    isOver = true
    open.delete(drop)
    socket?.close()
  }
  const drop = () => {
    if (isOver) return
    end()
    listener.closed(1006, 'the network was cut by hand')
  }
  open.add(drop)
  // A socket must not tell anything before it is handed over.
  if (mode !== 'whole') queueMicrotask(drop)
  else {
    socket = webSocket(address, {
      ...listener,
      closed(code, reason) {
        end()
        listener.closed(code, reason)
      },
    })
  }
  return {
    get bufferedBytes() {
      return socket?.bufferedBytes ?? 0
    },
    send: (message) => socket?.send(message),
    close: end,
  }
}

/** The browser's signals, and the visitor's hand on the network. */
export const labSignals: Signals = {
  ...browserSignals,
  online: (tell) => {
    const undo = browserSignals.online(tell)
    const heard = () => tell(labNetwork.hasNetwork)
    listeners.add(heard)
    return () => {
      listeners.delete(heard)
      undo()
    }
  },
}

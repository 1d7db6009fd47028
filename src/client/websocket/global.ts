/** The platform's WebSocket class, looked up at each connect so that a replacement made later is seen. */
export function webSocketClass(): typeof WebSocket {
  return globalThis.WebSocket
}

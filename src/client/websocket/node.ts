import IsomorphicWebSocket from 'isomorphic-ws'

/**
 * The WebSocket class of a Node-like runtime, looked up at each connect: the global one where there is one
 * (Node 22 and later, Bun, Deno, jsdom, msw's replacement of it), else the `ws` package.
 */
export function webSocketClass(): typeof WebSocket {
  return globalThis.WebSocket ?? (IsomorphicWebSocket as unknown as typeof WebSocket)
}

const Own = globalThis.WebSocket

/** How many sockets of the runtime's own class were made since this module, which comes first, was loaded. */
export const sockets = { own: 0 }

if (Own) {
  globalThis.WebSocket = class extends Own {
    constructor(...args) {
      super(...args)
      sockets.own += 1
    }
  }
}

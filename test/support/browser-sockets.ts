import type { Page } from 'playwright-core'

/** How many connections to the hub the page has opened, and how many of them are still open. */
export function socketsOf(page: Page) {
  const sockets = { opened: 0, open: 0 }
  page.on('websocket', (socket) => {
    if (!socket.url().endsWith('/sync')) return
    sockets.opened++
    sockets.open++
    socket.on('close', () => void sockets.open--)
  })
  return sockets
}

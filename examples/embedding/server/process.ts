import type { Server } from 'node:net'

/** Where to listen: `PORT` (default 3000; 0 for a free one) and `HOST` (default 127.0.0.1, which no other machine can reach). */
export const port = Number(process.env.PORT || 3000)
export const host = process.env.HOST || '127.0.0.1'

export function announce(scheme: 'http' | 'https', server: Pick<Server, 'address'>): void {
  const address = server.address()
  const taken = typeof address === 'object' ? address?.port : address
  process.stdout.write(`Live at ${scheme}://${host}:${taken}\n`)
}

/** Stops what `close` stops when the process is told to end, so that clients are told, too. */
export function onStop(close: () => Promise<unknown>): void {
  // `once` leaves a second signal its default, so an end that hangs can still be forced.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void close())
}

import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { ServerOptions } from './app.ts'
import { startServer } from './app.ts'

const { PORT, HOST, DB_FILE, NODE_ENV, PAGE_DIR } = process.env

try {
  const server = await startServer({
    dbFile: DB_FILE ?? fileURLToPath(new URL('../challenges.db', import.meta.url)),
    // A page that is built before the server starts, and not by it.
    page: PAGE_DIR ? { folder: resolve(PAGE_DIR) } : NODE_ENV === 'production' ? 'built' : 'dev',
    ...portOf(PORT),
    ...(HOST ? { host: HOST } : {}),
  })
  process.stdout.write(`Challenges are live at ${server.url} - open it in two windows.\n`)
  // `once` leaves a second signal its default, so an end that hangs can still be forced.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => end(server.close()))
} catch (error) {
  complain(error)
}

function portOf(text: string | undefined): Pick<ServerOptions, 'port'> {
  if (!text) return {}
  const port = Number(text)
  if (Number.isInteger(port) && port >= 0 && port <= 65_535) return { port }
  throw new Error(`PORT is "${text}", which is no port; set it to a whole number from 0 to 65535.`)
}

function end(closed: Promise<void>): void {
  closed.then(() => process.exit(0)).catch(complain)
}

function complain(error: unknown): void {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
  process.exit(1)
}

import { createServer, type Server } from 'node:http'
import express from 'express'
import { attachWebSocket, type HubSettings, hubDefaults } from 'syncline/server'
import { openBackend } from './backend.ts'
import { failures, noSuchRoute } from './http.ts'
import { listen } from './listen.ts'
import { openPage, type Page, type PageMode } from './page.ts'

export interface ServerOptions {
  /** Path of the SQLite file; made and filled when it is missing. */
  readonly dbFile: string
  /** First port to try, the next free one is taken; 0 lets the system choose. Default 5173. */
  readonly port?: number
  /** Address to listen on; default 127.0.0.1, which no other machine can reach. */
  readonly host?: string
  /** Default `dev`. */
  readonly page?: PageMode
  /** Gets one line for each thing that went wrong; default standard error. */
  readonly log?: (line: string) => void
  /** Time, for the rows, the game's clocks and the hub; default the system's. */
  readonly clock?: HubSettings['clock']
}

export interface RunningServer {
  /** Where the page is, for example `http://127.0.0.1:5173`. */
  readonly url: string
  /** Says goodbye to every window, ends open requests and closes the database; twice is harmless. */
  close(): Promise<void>
}

/** Starts API, live channel and page on one port. Throws one line that says what to do. */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const { dbFile, port = 5173, host = '127.0.0.1', page: mode = 'dev', log = logToStderr } = options
  const { hub, api, ...backend } = openBackend({
    dbFile,
    host,
    log,
    clock: options.clock ?? hubDefaults.clock,
  })
  const app = express().disable('x-powered-by')
  const server = createServer(app)
  attachWebSocket(hub, server, { path: '/sync' })
  let page: Page | undefined
  const close = once(async () => {
    const stopped = stopServer(server)
    await hub.close()
    await page?.close()
    await stopped
    backend.close()
  })
  try {
    page = await openPage(mode, server)
    app.use(api, page.handler, noSuchRoute, failures(log))
    const taken = await listen(server, { port, host })
    return { url: `http://${host}:${taken}`, close }
  } catch (error) {
    await close()
    throw error
  }
}

const graceMs = 2_000

/** Resolves when the last open request has its answer, at the latest after {@link graceMs}. */
function stopServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    // Browsers open connections ahead of need, and those never count as idle.
    const timer = setTimeout(() => {
      server.closeAllConnections()
      resolve()
    }, graceMs)
    server.close(() => {
      clearTimeout(timer)
      resolve()
    })
  })
}

function once(close: () => Promise<void>): () => Promise<void> {
  let closing: Promise<void> | undefined
  return () => {
    closing ??= close()
    return closing
  }
}

function logToStderr(line: string): void {
  process.stderr.write(`${line}\n`)
}

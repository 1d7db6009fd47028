import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, onTestFinished, vi } from 'vitest'
import { type ServerProcess, startProcess } from './server-process.ts'

/**
 * The example's server, without its page, for all tests of a file; gives its address. A process of its own, as its database wants
 * Node's own arrays, which jsdom replaces.
 */
export function sharedServer(): () => string {
  let server: ServerProcess | undefined
  const folder = mkdtempSync(join(tmpdir(), 'syncline-challenge-'))
  beforeAll(async () => {
    server = await startProcess({ dbFile: join(folder, 'challenges.db'), pageFolder: 'none' })
    // That of jsdom names another origin than this server's, and is not let in; without it, Node's is used.
    vi.stubGlobal('WebSocket', undefined)
  })
  afterAll(async () => {
    vi.unstubAllGlobals()
    await server?.stop()
    rmSync(folder, { recursive: true })
  })
  return () => server!.url
}

/** What the browser says of its network from now on, until the test ends. */
export function setOnline(isOnline: boolean): void {
  Object.defineProperty(navigator, 'onLine', { configurable: true, get: () => isOnline })
  onTestFinished(() => void Reflect.deleteProperty(navigator, 'onLine'))
  window.dispatchEvent(new Event(isOnline ? 'online' : 'offline'))
}

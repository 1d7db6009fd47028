import type { Server } from 'node:http'
import { fileURLToPath } from 'node:url'
import react from '@vitejs/plugin-react'
import { type RequestHandler, Router, static as staticFiles } from 'express'
import { build, createServer, type InlineConfig } from 'vite'

/** How the page is served: by Vite with hot reload, as a build made now or before, or not at all (the API alone). */
export type PageMode = 'dev' | 'built' | 'none' | { readonly folder: string }

export interface Page {
  readonly handler: RequestHandler
  close(): Promise<void>
}

const at = (path: string) => fileURLToPath(new URL(path, import.meta.url))
const outDir = at('../dist')

const config: InlineConfig = {
  root: at('../web'),
  configFile: false,
  plugins: [react()],
  logLevel: 'warn',
}

/** Makes the page's request handler for `httpServer`, which also carries Vite's own WebSocket in `dev`. */
export async function openPage(mode: PageMode, httpServer: Server): Promise<Page> {
  if (mode === 'dev') return devPage(httpServer)
  if (mode === 'none') return { handler: Router(), close: async () => {} }
  if (mode !== 'built') return served(mode.folder)
  await buildPage(outDir)
  return served(outDir)
}

async function devPage(httpServer: Server): Promise<Page> {
  const vite = await createServer({
    ...config,
    appType: 'spa',
    server: { middlewareMode: true, hmr: { server: httpServer } },
  })
  return { handler: vite.middlewares, close: () => vite.close() }
}

/** Builds the page into a folder of its own. */
export async function buildPage(folder: string): Promise<void> {
  await build({ ...config, mode: 'production', build: { outDir: folder, emptyOutDir: true } })
}

const served = (folder: string): Page => ({ handler: builtFiles(folder), close: async () => {} })

/** Serves a build: its files, and for the addresses of pages, which are no files, the one page that finds out which is meant. */
export function builtFiles(folder: string): RequestHandler {
  const router = Router()
  router.use(staticFiles(folder))
  router.use((req, res, next) => {
    const isPage = (req.method === 'GET' || req.method === 'HEAD') && !/\.\w+$/.test(req.path)
    if (!isPage) return next()
    res.sendFile('index.html', { root: folder })
  })
  return router
}

import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest'
import { read, temporaryFolder } from '../package/support/files.ts'
import { projectOf } from '../package/support/markdown.ts'
import { run, start, tool } from '../package/support/run.ts'
import { launchBrowser, openWindow } from '../support/browser.ts'
import { socketsOf } from '../support/browser-sockets.ts'
import { freePort } from '../support/free-port.ts'

let browser: Browser
beforeAll(async () => {
  browser = await launchBrowser()
})
afterAll(() => browser?.close())

const patience = { timeout: 30_000 }
const index =
  '<!doctype html><link rel="icon" href="data:,"><div id="root"></div><script type="module" src="/src/main.tsx"></script>'
const tsconfig = {
  compilerOptions: {
    target: 'ES2022',
    module: 'ESNext',
    moduleResolution: 'bundler',
    jsx: 'react-jsx',
    strict: true,
    noEmit: true,
    skipLibCheck: true,
    types: ['vite/client', 'node'],
  },
}

type Files = Record<string, string>

interface App {
  /** Who makes the client; default `module`. */
  readonly maker?: 'module' | 'provider'
  /** What somebody got wrong in a file. */
  readonly change?: (files: Files) => void
}

/** The app of the recipe, in a folder of its own. */
function writeApp(port: number, { maker = 'module', change = () => {} }: App = {}) {
  const folder = temporaryFolder()
  onTestFinished(() => folder.remove())
  const recipe = read('docs/recipes/vite.md').replaceAll('5173', String(port))
  const [first, second] = recipe.split(/^## A client that the provider makes$/m)
  const files = { ...projectOf(first!), ...(maker === 'provider' ? projectOf(second!) : {}) }
  expect(files['src/app.tsx']).toContain(maker === 'provider' ? 'options={options}' : 'client={client}')
  change(files)
  // A package of its own has a cache of its own, too: what Vite finds anew in a shared one reloads the page.
  const manifest = { name: 'app', private: true, type: 'module' }
  const given = { 'package.json': manifest, 'tsconfig.json': tsconfig }
  const written = Object.entries(given).map(([name, value]) => [name, JSON.stringify(value)])
  folder.write({ ...files, 'index.html': index, ...Object.fromEntries(written) })
  return folder
}

/** Runs the recipe's server and opens its page. */
async function startApp(app?: App) {
  const port = await freePort()
  const folder = writeApp(port, app)
  const server = start(tool('tsx'), ['server.ts'], folder.path)
  onTestFinished(() => server.stop())
  const url = `http://localhost:${port}`
  await server.until((output) => output.includes(url))
  const connections = async () => {
    const answer = await fetch(`${url}/health`)
    return ((await answer.json()) as { connections: number }).connections
  }
  const window = await openWindow(browser, 'about:blank')
  const sockets = socketsOf(window.page)
  await window.page.goto(url)
  await shows(window.page, 'connected: ')
  // Lost where the page is loaded anew.
  await window.page.evaluate(() => Object.assign(globalThis, { mark: 'kept' }))
  const mark = () => window.page.evaluate(() => (globalThis as { mark?: string }).mark)
  const say = () => fetch(`${url}/say`)
  const edit = ({ file, from, to }: typeof inSync) => {
    const text = readFileSync(join(folder.path, file), 'utf8')
    expect(text).toContain(from)
    writeFileSync(join(folder.path, file), text.replace(from, to))
  }
  return { ...window, sockets, connections, mark, say, edit }
}

const shows = (page: Page, text: string) =>
  vi.waitFor(async () => expect(await page.locator('p').textContent()).toBe(text), patience)

/** As a text, because vitest rewrites `import()` in what it has compiled. */
const clientId = (page: Page) => page.evaluate(`import('/src/sync.ts').then(({ client }) => client?.id)`)

const makers = ['module', 'provider'] as const
const inSync = { file: 'src/sync.ts', from: 'export const', to: 'export const edited = true\nexport const' }
const inRegistry = { file: 'registry.ts', from: 'text: z.string()', to: 'text: z.string().min(1)' }

describe('a page under hot reload', () => {
  it.each(makers)('keeps its connection and its state when a component is edited: %s', async (maker) => {
    const { page, errors, sockets, connections, mark, say, edit } = await startApp({ maker })
    await say()
    await shows(page, 'connected: hello')
    const id = await clientId(page)
    if (maker === 'module') expect(id).toMatch(/./)
    for (const [from, to] of [
      ['{`$', '{`now $'],
      ['{`now $', '{`then $'],
    ] as const) {
      edit({ file: 'src/lobby.tsx', from, to })
      await shows(page, `${to.slice(2, -1)}connected: hello`)
    }
    await say()
    await shows(page, 'then connected: hello, hello')
    expect(sockets).toEqual({ opened: 1, open: 1 })
    expect(await connections()).toBe(1)
    expect(await clientId(page)).toBe(id)
    expect(await mark()).toBe('kept')
    expect(errors).toEqual([])
  })

  it.each(
    makers.flatMap((maker) => [inSync, inRegistry].map((change) => ({ maker, file: change.file, change }))),
  )('ends with one connection when $file is edited: $maker', async ({ maker, change }) => {
    const { page, errors, sockets, connections, mark, say, edit } = await startApp({ maker })
    await say()
    await shows(page, 'connected: hello')
    edit(change)
    await vi.waitFor(() => expect(sockets).toEqual({ opened: 2, open: 1 }), patience)
    await shows(page, 'connected: ')
    await vi.waitFor(async () => expect(await connections()).toBe(1), patience)
    await say()
    await shows(page, 'connected: hello')
    expect(await mark()).toBe('kept')
    expect(errors).toEqual([])
  })

  it.each([
    { how: 'nothing closes the client', instead: '' },
    { how: 'only `dispose` closes the client', instead: 'import.meta.hot?.dispose(() => client.close())' },
  ])('ends with two where $how: what the tests above look for can be seen', async ({ instead }) => {
    const { page, sockets, connections, edit } = await startApp({
      change(files) {
        const closing = /^if \(import\.meta\.hot\) \{[\s\S]*?^\}$/m
        expect(files['src/sync.ts']).toMatch(closing)
        files['src/sync.ts'] = files['src/sync.ts']!.replace(closing, instead)
      },
    })
    edit(inSync)
    await vi.waitFor(async () => expect(await connections()).toBe(2), patience)
    await shows(page, 'connected: ')
    expect(sockets).toEqual({ opened: 2, open: 2 })
  })

  it('is loaded anew where the module that starts it imports the client', async () => {
    const { page, sockets, connections, mark, edit } = await startApp({
      change(files) {
        files['src/main.tsx'] = `import './sync.js'\n${files['src/main.tsx']}`
      },
    })
    edit(inSync)
    await vi.waitFor(() => expect(sockets.opened).toBe(2), patience)
    await shows(page, 'connected: ')
    expect(await mark()).toBeUndefined()
    await vi.waitFor(async () => expect(await connections()).toBe(1), patience)
  })
})

describe('the code of the recipe', () => {
  it.each(makers)('compiles: %s', async (maker) => {
    const folder = writeApp(5173, { maker })
    expect(await run(tool('tsc'), ['--project', folder.path, '--pretty', 'false'])).toEqual({
      code: 0,
      output: '',
    })
  })
})

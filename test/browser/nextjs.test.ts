import { appendFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest'
import { type Folder, read, root, temporaryFolder } from '../package/support/files.ts'
import { projectOf } from '../package/support/markdown.ts'
import { run, start } from '../package/support/run.ts'
import { npm, pack } from '../package/support/tarball.ts'
import { launchBrowser, openWindow } from '../support/browser.ts'
import { socketsOf } from '../support/browser-sockets.ts'
import { freePort } from '../support/free-port.ts'

let browser: Browser
let folder: Folder
beforeAll(async () => {
  browser = await launchBrowser()
  folder = temporaryFolder({ outside: true })
  const installed = ['package.json', 'package-lock.json'].map((name) => [
    name,
    read(`test/support/next/${name}`),
  ])
  folder.write({ ...Object.fromEntries(installed), ...given })
  const { path } = await pack(root, folder.path)
  const quietly = ['--prefer-offline', '--no-audit', '--no-fund']
  for (const command of [['ci'], ['install', '--no-save', path]]) {
    const { code, output } = await npm(folder.path, ...command, ...quietly)
    if (code !== 0) throw new Error(output)
  }
}, 300_000)
afterAll(async () => {
  await browser?.close()
  folder?.remove()
})

/** What is not of the recipe: strictness, and an icon, as the browser would complain of its absence. */
const given = {
  'tsconfig.json': JSON.stringify({ compilerOptions: { strict: true } }),
  'app/icon.svg': '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1"/>',
}

type Files = Record<string, string>

/** Writes the recipe's app, on free ports; in the second form the later section's files replace those of the first. */
async function writeApp(form: 'one server' | 'a hub of its own', change: (files: Files) => void = () => {}) {
  const [page, hub] = [await freePort(), await freePort()]
  const recipe = read('docs/recipes/nextjs.md').replaceAll('3000', `${page}`).replaceAll('4000', `${hub}`)
  const [first, second] = recipe.split(/^## A hub of its own$/m)
  const files = { ...projectOf(first!), ...(form === 'one server' ? {} : projectOf(second!)) }
  expect(Object.keys(files)).toEqual(expect.arrayContaining(['server.ts', 'lib/board.ts', 'app/page.tsx']))
  change(files)
  folder.write(files)
  return { page: `http://localhost:${page}`, hub: `http://localhost:${hub}` }
}

const bin = (name: string) => join(folder.path, 'node_modules', '.bin', name)
const environment = (mode: string) => [`NODE_ENV=${mode}`, 'NEXT_TELEMETRY_DISABLED=1']

async function build(...variables: string[]) {
  const args = [...environment('production'), ...variables, bin('next'), 'build']
  const { code, output } = await run('env', args, folder.path)
  expect(code, output).toBe(0)
}

/** Starts a program of the app, until it prints that it listens. */
async function serve(mode: string, says: string, ...command: string[]) {
  const program = start('env', [...environment(mode), ...command], folder.path)
  onTestFinished(() => program.stop())
  await program.until((output) => output.includes(says))
}

/** Opens the page, whose connection to the hub waits for `release` where it is `held`. */
async function open(url: string, { held = false } = {}) {
  const window = await openWindow(browser, 'about:blank')
  const { page } = window
  const sockets = socketsOf(page)
  let release = () => {}
  const released = new Promise<void>((resolve) => {
    release = resolve
  })
  if (held) {
    await page.routeWebSocket(/\/sync$/, async (socket) => {
      await released
      socket.connectToServer()
    })
  }
  await page.goto(url)
  const shows = (text: string) => page.getByText(text, { exact: true }).waitFor()
  const say = async (text: string) => {
    await page.getByLabel('Message').fill(text)
    await page.getByLabel('Message').press('Enter')
  }
  const messages = () => page.locator('li').allTextContents()
  return { ...window, sockets, release, shows, say, messages }
}

/** What the recipe promises of a page at `url`. */
async function expectRecipe(url: string) {
  const markup = await (await fetch(url)).text()
  expect(markup).toContain('<p>disconnected</p><ul><li>Welcome</li></ul>')

  const late = await open(url, { held: true })
  const windows = [await open(url), await open(url)] as const
  for (const { shows } of windows) await shows('connected')
  await windows[0].say('hello')
  for (const { shows } of windows) await shows('hello')
  for (const { messages } of windows) expect(await messages()).toEqual(['Welcome', 'hello'])

  // Rendered before that was said, and listening only after it.
  expect(await late.messages()).toEqual(['Welcome'])
  late.release()
  await late.shows('hello')
  await windows[1].say('goodbye')
  await late.shows('goodbye')
  expect(await late.messages()).toEqual(['Welcome', 'hello', 'goodbye'])
  for (const { errors } of [...windows, late]) expect(errors).toEqual([])
}

describe('an app of Next.js after the recipe', () => {
  it('is rendered with its first state and then hears events, with one server for all', async () => {
    const { page } = await writeApp('one server')
    await build()
    await serve('production', page, bin('tsx'), 'server.ts')
    await expectRecipe(page)
  })

  it('does so in development, where React complains of every difference', async () => {
    const { page } = await writeApp('one server')
    await serve('development', page, bin('tsx'), 'server.ts')
    await expectRecipe(page)
  })

  it('ends with one connection under hot reload, when the module of the hooks is edited', async () => {
    const { page: url } = await writeApp('one server')
    await serve('development', url, bin('tsx'), 'server.ts')
    const { page, shows, say, messages, sockets, errors } = await open(url)
    await shows('connected')
    await page.evaluate(() => Object.assign(globalThis, { mark: 'kept' }))
    appendFileSync(join(folder.path, 'app/sync.ts'), '\nexport const edited = true\n')
    await vi.waitFor(() => expect(sockets).toEqual({ opened: 2, open: 1 }), { timeout: 30_000 })
    await shows('connected')
    await say('hello')
    await shows('hello')
    expect(await messages()).toEqual(['Welcome', 'hello'])
    // A page that was loaded anew would have one connection, too.
    expect(await page.evaluate(() => (globalThis as { mark?: string }).mark)).toBe('kept')
    expect(errors).toEqual([])
  })

  it('is found out where the page differs from what the server has rendered', async () => {
    const { page } = await writeApp('one server', (files) => {
      const differs = `<p>{typeof window === 'undefined' ? 'server' : state}</p>`
      expect(files['app/messages.tsx']).toContain('<p>{state}</p>')
      files['app/messages.tsx'] = files['app/messages.tsx']!.replace('<p>{state}</p>', differs)
    })
    await serve('development', page, bin('tsx'), 'server.ts')
    const { shows, errors } = await open(page)
    await shows('connected')
    expect(errors).toContainEqual(expect.stringMatching(/hydrat/i))
  })

  it('is the same with a hub in a process of its own', async () => {
    const { page, hub } = await writeApp('a hub of its own')
    await build(`NEXT_PUBLIC_SYNC_URL=${hub}/sync`)
    await serve('production', hub, bin('tsx'), 'server.ts')
    await serve('production', page, bin('next'), 'start', '-p', new URL(page).port)
    await expectRecipe(page)
  })
})

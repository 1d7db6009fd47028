import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openStore } from '../../examples/challenge/server/store.ts'
import { launchBrowser, openWindow } from '../support/browser.ts'
import { startExample, temporaryDatabase } from '../support/browser-example.ts'

let browser: Browser
beforeAll(async () => {
  browser = await launchBrowser()
})
afterAll(() => browser?.close())

const cardOf = (page: Page, id: number) => page.locator(`[data-challenge="${id}"]`)
const switchOf = (page: Page, id: number) => cardOf(page, id).getByRole('switch')
const isOn = (page: Page, id: number, on: boolean) =>
  cardOf(page, id).locator(`[role="switch"][aria-checked="${on}"][aria-busy="false"]`).waitFor()
const says = (page: Page, label: string) =>
  page.locator('.status').getByText(label, { exact: true }).waitFor()

/** The cards in which anything of the page changes from now on, by id. */
async function watchCards(page: Page) {
  await page.evaluate(() => {
    const changed = new Set<string>()
    Object.assign(window, { changedCards: changed })
    new MutationObserver((records) => {
      for (const { target } of records) {
        const element = target instanceof Element ? target : target.parentElement
        const id = element?.closest('[data-challenge]')?.getAttribute('data-challenge')
        if (id) changed.add(id)
      }
    }).observe(document.body, { subtree: true, childList: true, attributes: true, characterData: true })
  })
  return () => page.evaluate(() => [...(window as unknown as { changedCards: Set<string> }).changedCards])
}

async function startPair() {
  const dbFile = temporaryDatabase()
  const example = await startExample({ mode: 'production', dbFile })
  const [one, other] = await Promise.all([openWindow(browser, example.url), openWindow(browser, example.url)])
  await Promise.all([says(one.page, 'Live'), says(other.page, 'Live')])
  return { example, dbFile, one, other }
}

describe('two browsers on the challenge example', () => {
  it('show a toggle made in one of them in the other, in its card and nowhere else', async () => {
    const { example, one, other } = await startPair()
    await isOn(other.page, 2, false)
    const changed = await watchCards(other.page)
    await switchOf(one.page, 2).click()
    await isOn(other.page, 2, true)
    expect(await changed()).toEqual(['2'])
    await switchOf(other.page, 3).press('Space')
    await isOn(one.page, 3, false)
    expect(await changed()).toEqual(['2', '3'])
    await one.page.reload()
    await isOn(one.page, 3, false)
    expect([...one.errors, ...other.errors]).toEqual([])
    expect(await example.stop()).toBe(0)
  })

  it('announce a change by somebody else in words, and not to whoever made it', async () => {
    const { one, other } = await startPair()
    await isOn(other.page, 2, false)
    await switchOf(one.page, 2).click()
    await other.page.getByText('One thing at a time was switched on by somebody else.').waitFor()
    await isOn(one.page, 2, true)
    expect(await one.page.getByText('by somebody else').count()).toBe(0)
  })

  it('put a switch back, with the reason, when the server refuses', async () => {
    const { one, other } = await startPair()
    await isOn(one.page, 1, true)
    const error = { code: 'internal', message: 'The disk is full.' }
    await one.page.route('**/toggle', (route) => route.fulfill({ status: 500, json: { error } }))
    await switchOf(one.page, 1).click()
    await one.page.getByText('Not changed. The disk is full.').waitFor()
    await isOn(one.page, 1, true)
    await isOn(other.page, 1, true)
  })

  it('say so when the list does not load, and load it on demand', async () => {
    const { example } = await startPair()
    const { page } = await openWindow(browser, 'about:blank')
    let aborted = 0
    await page.route('**/challenges', (route) => {
      aborted += 1
      return route.abort()
    })
    await page.goto(example.url)
    // One load at once and one with the connection; only a person asks for a third.
    await expect.poll(() => aborted).toBe(2)
    await page.getByText('The challenges did not load').waitFor()
    await page.unroute('**/challenges')
    await page.getByRole('button', { name: 'Try again' }).click()
    await isOn(page, 1, true)
  })

  it('say that they are reconnecting while the server is away, and catch up when it is back', async () => {
    const { example, dbFile, one, other } = await startPair()
    const pages = [one.page, other.page]
    await Promise.all(pages.map((page) => page.evaluate(() => Object.assign(window, { notReloaded: true }))))
    await example.stop()
    await Promise.all(pages.map((page) => says(page, 'Reconnecting…')))
    const store = openStore({ file: dbFile })
    store.toggle(3)
    store.close()
    await startExample({ mode: 'production', dbFile, port: example.port })
    await Promise.all(pages.map((page) => says(page, 'Live')))
    await Promise.all(pages.map((page) => isOn(page, 3, false)))
    await switchOf(one.page, 4).click()
    await isOn(other.page, 4, true)
    for (const page of pages) expect(await page.evaluate(() => 'notReloaded' in window)).toBe(true)
  })

  it('say that they are offline without a network, and catch up when it is back', async () => {
    const { one, other } = await startPair()
    await isOn(other.page, 5, false)
    await other.page.context().setOffline(true)
    await says(other.page, 'Offline')
    await switchOf(one.page, 5).click()
    await isOn(one.page, 5, true)
    await switchOf(other.page, 6).click()
    await other.page.getByText('Not changed. The server cannot be reached.').waitFor()
    await isOn(other.page, 6, false)
    await isOn(other.page, 5, false)
    await other.page.context().setOffline(false)
    await says(other.page, 'Live')
    await isOn(other.page, 5, true)
  })
})

describe('the page under Vite', () => {
  it("keeps Vite's own WebSocket and ours working side by side on one port", async () => {
    const example = await startExample({ mode: 'development', dbFile: temporaryDatabase() })
    const one = await openWindow(browser, example.url)
    await says(one.page, 'Live')
    const received: string[] = []
    const other = await openWindow(browser, 'about:blank')
    other.page.on('websocket', (socket) => {
      const path = new URL(socket.url()).pathname
      socket.on('framereceived', () => received.push(path))
    })
    await other.page.goto(example.url)
    await says(other.page, 'Live')
    await switchOf(one.page, 6).click()
    await isOn(other.page, 6, true)
    await expect.poll(() => new Set(received)).toEqual(new Set(['/', '/sync']))
    expect([...one.errors, ...other.errors]).toEqual([])
    expect(await example.stop()).toBe(0)
  })
})

describe('what is collected as an error', () => {
  it('has what a page throws and what it writes to the console as an error', async () => {
    const { page, errors } = await openWindow(browser, 'about:blank')
    await page.evaluate(() => {
      console.error('written')
      setTimeout(() => {
        throw new Error('thrown')
      })
    })
    await expect.poll(() => errors).toEqual(['written', 'thrown'])
  })
})

const folder = process.env['SCREENSHOTS']
// Asked for by whoever changes how the page looks; nothing is asserted.
if (folder) {
  it('has its picture taken at both widths in both colour schemes', async () => {
    mkdirSync(folder, { recursive: true })
    const example = await startExample({ mode: 'production', dbFile: temporaryDatabase() })
    for (const colorScheme of ['light', 'dark'] as const) {
      for (const width of [390, 1180]) {
        const viewport = { width, height: 860 }
        const { page } = await openWindow(browser, example.url, { colorScheme, viewport })
        const picture = (name: string) =>
          page.screenshot({ path: join(folder, `${name}-${colorScheme}-${width}.png`), fullPage: true })
        await says(page, 'Live')
        await isOn(page, 1, true)
        await picture('list')
        await page.context().setOffline(true)
        await switchOf(page, 2).click()
        await page.getByText('The server cannot be reached.').waitFor()
        await picture('offline')
        await page.context().setOffline(false)
        await page.route('**/challenges', (route) => route.abort())
        await page.reload()
        await page.getByText('Try again').waitFor()
        await picture('failed')
      }
    }
  })
}

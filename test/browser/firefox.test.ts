import type { Browser as Chromium } from 'playwright-core'
import type { Browser as Firefox } from 'puppeteer-core'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { openStore } from '../../examples/challenge/server/store.ts'
import { findFirefox } from '../../scripts/needs.mjs'
import { launchBrowser, openWindow, type Window } from '../support/browser.ts'
import { startExample, temporaryDatabase } from '../support/browser-example.ts'
import { startLink } from '../support/faulty-servers.ts'
import { type FirefoxWindow, launchFirefox, openFirefoxWindow } from '../support/firefox.ts'
import { patience } from '../support/hub-server.ts'

const hasFirefox = findFirefox() !== undefined
if (!hasFirefox) {
  console.warn(
    '!!! SKIPPED: no Firefox found for test/browser/firefox.test.ts. On Debian `apt-get install firefox-esr`; elsewhere set FIREFOX to the path of one.',
  )
}

let chromium: Chromium
let firefox: Firefox
beforeAll(async () => {
  if (hasFirefox) [chromium, firefox] = await Promise.all([launchBrowser(), launchFirefox()])
})
afterAll(() => Promise.all([chromium?.close(), firefox?.close()]))

/** All that these tests know of the page. */
const card = (id: number) => `[data-challenge="${id}"]`
const toggle = (id: number) => `${card(id)} [role="switch"]`
const settled = (id: number, on: boolean) => `${toggle(id)}[aria-checked="${on}"][aria-busy="false"]`
const badge = '.status'

/** What a person does and sees, in either browser. */
interface Person {
  readonly errors: readonly string[]
  toggle(id: number): Promise<unknown>
  /** Resolves when that switch is on or off, and not busy. */
  sees(id: number, on: boolean): Promise<unknown>
  /** Resolves when the connection is said to be so. */
  reads(label: string): Promise<unknown>
}

const inChromium = ({ page, errors }: Window): Person => ({
  errors,
  toggle: (id) => page.locator(toggle(id)).click(),
  sees: (id, on) => page.locator(settled(id, on)).waitFor(),
  reads: (label) => page.locator(badge).getByText(label, { exact: true }).waitFor(),
})

const inFirefox = ({ page, errors }: FirefoxWindow): Person => ({
  errors,
  toggle: (id) => page.locator(toggle(id)).click(),
  sees: (id, on) => page.locator(settled(id, on)).wait(),
  reads: (label) => page.locator(`${badge} ::-p-text(${label})`).wait(),
})

/** A person in each browser, connected. */
async function openPair(chromiumUrl: string, firefoxUrl: string) {
  const windows = await Promise.all([
    openWindow(chromium, chromiumUrl),
    openFirefoxWindow(firefox, firefoxUrl),
  ])
  const [one, other] = [inChromium(windows[0]), inFirefox(windows[1])]
  await Promise.all([one.reads('Live'), other.reads('Live')])
  return { one, other, firefoxPage: windows[1].page }
}

async function startPair() {
  const dbFile = temporaryDatabase()
  const example = await startExample({ mode: 'production', dbFile })
  return { example, dbFile, ...(await openPair(example.url, example.url)) }
}

/** What Firefox itself writes to the console for an address that nobody answers at. */
const unreachable = /^Firefox can’t establish a connection to the server at ws:/

describe.skipIf(!hasFirefox)('a Firefox and a Chromium on the challenge example', () => {
  it('show a toggle made in either of them in the other', async () => {
    const { example, one, other } = await startPair()
    await other.sees(2, false)
    await one.toggle(2)
    await other.sees(2, true)
    await other.toggle(3)
    await Promise.all([one.sees(3, false), other.sees(3, false)])
    await other.toggle(2)
    await one.sees(2, false)
    expect([...one.errors, ...other.errors]).toEqual([])
    expect(await example.stop()).toBe(0)
  })

  it('say that they are reconnecting while the server is away, and catch up when it is back', async () => {
    const { example, dbFile, one, other, firefoxPage } = await startPair()
    await firefoxPage.evaluate(() => void Object.assign(window, { notReloaded: true }))
    await example.stop()
    await Promise.all([one.reads('Reconnecting…'), other.reads('Reconnecting…')])
    const store = openStore({ file: dbFile })
    store.toggle(3)
    store.close()
    await startExample({ mode: 'production', dbFile, port: example.port })
    await Promise.all([other.reads('Live'), other.sees(3, false)])
    await other.toggle(4)
    await one.sees(4, true)
    expect(other.errors.filter((line) => !unreachable.test(line))).toEqual([])
    expect(await firefoxPage.evaluate(() => 'notReloaded' in window)).toBe(true)
  })

  it('say in Firefox that it is offline without a network, and catch up when it is back', async () => {
    const dbFile = temporaryDatabase()
    const example = await startExample({ mode: 'production', dbFile })
    const link = await startLink(example.port)
    const { one, other, firefoxPage } = await openPair(example.url, `http://127.0.0.1:${link.port}/`)
    await other.sees(5, false)
    // Firefox refuses new connections when it is offline, but keeps what is open; the link makes that half-open.
    link.swallow()
    await firefoxPage.setOfflineMode(true)
    await other.reads('Offline')
    await one.toggle(5)
    await one.sees(5, true)
    await vi.waitFor(() => expect(link.swallowed).toBeGreaterThan(0), patience)
    await other.sees(5, false)
    await firefoxPage.setOfflineMode(false)
    await Promise.all([other.reads('Live'), other.sees(5, true)])
    await other.toggle(6)
    await one.sees(6, true)
    expect(other.errors.filter((line) => !unreachable.test(line))).toEqual([])
  })
})

describe.skipIf(!hasFirefox)('what is collected as an error in Firefox', () => {
  it('has what a page throws and what it writes to the console as an error', async () => {
    const { page, errors } = await openFirefoxWindow(firefox, 'about:blank')
    await page.evaluate(() => {
      console.error('written')
      setTimeout(() => {
        throw new Error('thrown')
      })
    })
    await expect.poll(() => errors).toEqual(['written', 'Error: thrown'])
  })
})

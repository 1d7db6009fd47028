import type { Browser as Chromium } from 'playwright-core'
import type { Browser as Firefox } from 'puppeteer-core'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { openStore } from '../../examples/challenge/server/store.ts'
import { findFirefox } from '../../scripts/needs.mjs'
import { launchBrowser, openWindow, type Window } from '../support/browser.ts'
import { startExample, temporaryDatabase } from '../support/browser-example.ts'
import { startLink } from '../support/faulty-servers.ts'
import { type FirefoxWindow, gameInFirefox, launchFirefox, openFirefoxWindow } from '../support/firefox.ts'
import {
  apiOf,
  assign,
  expectSameTime,
  historyOf,
  host,
  isPaused,
  makeGame,
  openSeat,
  patient,
  press,
  rowOf,
  shownFor,
} from '../support/game-page.ts'
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

/** A host in Chromium and a player in Firefox, in a game of their own. */
async function openGamePair() {
  const { url } = await startExample({ mode: 'production', dbFile: temporaryDatabase() })
  const code = await makeGame(url)
  const [hosts, firefoxWindow] = await Promise.all([
    openSeat(chromium, { ...host, url, code }),
    openFirefoxWindow(firefox, `${url}/game/${code}`),
  ])
  const players = gameInFirefox(firefoxWindow)
  await players.takeSeat('Paul', 2)
  await players.hears('Live')
  const errors = () => [...hosts.errors, ...firefoxWindow.errors]
  return { hosts: hosts.page, players, api: await apiOf(hosts.page), errors }
}

type GamePair = Awaited<ReturnType<typeof openGamePair>>

/** Two buildings are asked for; one is worked for, and the game is paused. */
async function playAndPause({ hosts, players, api }: GamePair): Promise<void> {
  await players.ask('Farm')
  await players.ask('Mine')
  await rowOf(hosts, 'Requests', 'Paul wants a Mine').waitFor()
  await assign(hosts, { building: 'Farm', what: 'push-ups', many: 20, time: '5 min' })
  await players.reads('20 push-ups')
  const clocks = [async () => (await players.times()).join(), rowOf(hosts, 'Running', 'Farm')]
  await expectSameTime(clocks, () => api.left('Farm'))
  await press(hosts, 'Pause')
  await players.reads('The game is paused.')
  const { remaining_ms } = await api.only('Farm')
  expect(await players.times()).toEqual([shownFor(remaining_ms!)])
}

/** What the player misses: the other building's challenge, and that the game goes on. */
async function missSome({ hosts, players, api }: GamePair): Promise<void> {
  await players.setNetwork('cut')
  await players.hears('Offline')
  await assign(hosts, { building: 'Mine', what: 'squats', time: '10 min' })
  await press(hosts, 'Resume')
  await isPaused(hosts, false)
  expect(await players.isPaused()).toBe(true)
  await players.setNetwork('whole')
  await players.hears('Live')
  await players.reads('25 squats')
  await expect.poll(() => players.isPaused(), patient).toBe(false)
  for (const [index, building] of ['Farm', 'Mine'].entries()) {
    const clocks = [async () => (await players.times())[index] ?? '', rowOf(hosts, 'Running', building)]
    await expectSameTime(clocks, () => api.left(building))
  }
}

describe.skipIf(!hasFirefox)('a player in Firefox and a host in Chromium', () => {
  it('play a whole game, the player offline in the middle, and both pages are right', async () => {
    const pair = await openGamePair()
    const { hosts, players, api, errors } = pair
    await playAndPause(pair)
    await missSome(pair)
    await players.completeFirst()
    await rowOf(hosts, 'Running', 'Farm').waitFor({ state: 'detached' })
    await players.ask('Market')
    await rowOf(hosts, 'Requests', 'Market').waitFor()
    await api.assign('Market', 3)
    await players.reads('3 s of push-ups')
    await press(rowOf(hosts, 'Running', 'Mine'), 'Cancel')
    const over = [
      ['Paul: Market', '3 s of push-ups, ran out of time'],
      ['Paul: Mine', '25 squats, cancelled'],
      ['Paul: Farm', '20 push-ups, completed'],
    ]
    const lines = (texts: readonly string[]) => texts.map((text) => text.split(/\n+/))
    await expect.poll(async () => lines(await players.history()), patient).toEqual(over)
    await expect.poll(async () => lines(await historyOf(hosts)), patient).toEqual(over)
    expect(await players.times()).toEqual([])
    expect(errors()).toEqual([])
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

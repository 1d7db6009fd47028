import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openStore } from '../../examples/challenge/server/store.ts'
import { listen } from '../../examples/challenge/test/support.ts'
import { launchBrowser } from '../support/browser.ts'
import {
  type Example,
  startExample,
  startSharedExample,
  temporaryDatabase,
} from '../support/browser-example.ts'
import { says, setLab } from '../support/game-page.ts'
import {
  cardOf,
  giveUp,
  isAsked,
  isOn,
  nameIn,
  networkLines,
  rename,
  someone,
  stays,
  storedIn,
  switchOf,
  toggleWindows,
} from '../support/toggles-page.ts'

let browser: Browser
let example: Example
beforeAll(async () => {
  ;[browser, example] = await Promise.all([launchBrowser(), startSharedExample()])
})
afterAll(() => Promise.all([browser?.close(), example?.stop()]))
const { blank, open, openTwo } = toggleWindows(() => browser)

/** Two challenges of their own for a test, with whoever made them. */
async function makeTwo() {
  const maker = await someone(example.url, 'Mara')
  return { ids: [(await maker.create('Swim')).id, (await maker.create('Run')).id] as const, maker }
}

const storedRow = async (id: number) => (await storedIn(example.url)).find((row) => row.id === id)!
const tally = (page: Page, text: string) => page.locator('.tally').getByText(text, { exact: true })

/** How many times the page asks for that path from now on. */
function requestsOf(page: Page, path: string) {
  const seen = { count: 0 }
  page.on('request', (request) => {
    if (new URL(request.url()).pathname === path) seen.count += 1
  })
  return seen
}

describe('a window without a network', () => {
  it.each([
    ['of the browser', (page: Page, isCut: boolean) => page.context().setOffline(isCut)],
    ['cut in the lab', (page: Page, isCut: boolean) => setLab(page, isCut ? 'Cut' : 'Network')],
  ])(
    '%s keeps changes, and sends each once when it is back; and it has missed nothing',
    async (_, setCut) => {
      const { ids, maker } = await makeTwo()
      const [here, other] = [await open(example.url, { mayWrite: networkLines }), await open(example.url)]
      const stayed = await stays(here)
      const { heard } = await listen(example.url)
      await setCut(here, true)
      await says(here, 'Offline')
      await maker.toggle(1, false)
      for (const id of ids) await switchOf(here, id).click()
      for (const id of ids) await isAsked(here, id, true)
      await tally(here, '2 changes wait to be sent').waitFor()
      for (const id of ids) await cardOf(here, id).getByText('Waits until you are back online').waitFor()
      await isOn(other, 1, false)
      for (const id of ids) await isOn(other, id, false)
      await isOn(here, 1, true)
      await setCut(here, false)
      await says(here, 'Live')
      for (const page of [here, other]) for (const id of ids) await isOn(page, id, true)
      await isOn(here, 1, false)
      await tally(here, '2 changes wait to be sent').waitFor({ state: 'detached' })
      const by = `Switched on by ${await nameIn(here)}`
      for (const id of ids) await cardOf(other, id).getByText(by).waitFor()
      await maker.toggle(1, true)
      await isOn(here, 1, true)
      await expect.poll(() => heard.map(({ event }) => event.challenge_id)).toEqual([1, ...ids, 1])
      expect(await stayed()).toBe(true)
    },
  )

  it('ends at what it was asked for last, however often it is switched meanwhile', async () => {
    const {
      ids: [id],
    } = await makeTwo()
    const [here, other] = [await open(example.url, { mayWrite: networkLines }), await open(example.url)]
    await setLab(here, 'Cut')
    for (const on of [true, false, true]) {
      await switchOf(here, id).click()
      await isAsked(here, id, on)
    }
    // One after the other: two on their way at once could arrive in either order.
    await tally(here, '1 change waits to be sent').waitFor()
    await setLab(here, 'Network')
    await isOn(here, id, true)
    await isOn(other, id, true)
    await tally(here, '1 change waits to be sent').waitFor({ state: 'detached' })
    expect((await storedRow(id)).toggle_details.is_active).toBe(true)
  })
})

describe('a server that starts anew', () => {
  it('is caught up with by every window, without a reload', async () => {
    const dbFile = temporaryDatabase()
    const first = await startExample({ mode: 'production', dbFile })
    const pages = await openTwo(first.url, { mayWrite: networkLines })
    const stayed = await Promise.all(pages.map(stays))
    expect(await first.stop()).toBe(0)
    for (const page of pages) await says(page, 'Reconnecting…')
    const store = openStore({ file: dbFile })
    store.toggle(3)
    store.close()
    await switchOf(pages[0], 4).click()
    await tally(pages[0], '1 change waits to be sent').waitFor()
    await startExample({ mode: 'production', dbFile, port: first.port })
    for (const page of pages) {
      await says(page, 'Live')
      await isOn(page, 3, false)
      await isOn(page, 4, true)
    }
    await switchOf(pages[1], 5).click()
    await isOn(pages[0], 5, true)
    for (const stayedHere of stayed) expect(await stayedHere()).toBe(true)
  })

  it('long after a window has given up is found by it, and gets what waits there', async () => {
    const dbFile = temporaryDatabase()
    const first = await startExample({ mode: 'production', dbFile })
    const page = await blank({ mayWrite: networkLines })
    await page.clock.install()
    await page.goto(first.url)
    await says(page, 'Live')
    await isOn(page, 2, false)
    await first.stop()
    await says(page, 'Reconnecting…')
    await giveUp(page, 'Offline')
    await page.getByText('This may be out of date. The server cannot be reached.').waitFor()
    await switchOf(page, 2).click()
    await tally(page, '1 change waits to be sent').waitFor()
    const second = await startExample({ mode: 'production', dbFile, port: first.port })
    await page.clock.fastForward(10_000)
    await says(page, 'Live')
    await isOn(page, 2, true)
    await page.getByText('This may be out of date.').waitFor({ state: 'detached' })
    expect((await storedIn(second.url))[1]!.toggle_details.is_active).toBe(true)
  })
})

/** A window whose time can be moved on, in front of a proxy that lets WebSockets through or not. */
async function openBehindProxy() {
  const page = await blank({ mayWrite: networkLines })
  const proxy = { isOpen: false }
  await page.routeWebSocket('**/sync', (socket) => {
    if (proxy.isOpen) socket.connectToServer()
    else socket.close({ code: 1011 })
  })
  await page.clock.install()
  await page.goto(example.url)
  return { page, proxy }
}

describe('a window without WebSockets', () => {
  it('says so after its attempts, asks over HTTP every ten seconds, and is live when somebody asks for it', async () => {
    const { ids, maker } = await makeTwo()
    const { page, proxy } = await openBehindProxy()
    const other = await open(example.url)
    await giveUp(page, 'Not live')
    await page.getByText('Live updates are off.').waitFor()
    const lists = requestsOf(page, '/challenges')
    await maker.toggle(ids[0], true)
    await page.clock.fastForward(10_000)
    await isOn(page, ids[0], true)
    expect(lists.count).toBe(1)
    await page.clock.fastForward(10_000)
    await expect.poll(() => lists.count).toBe(2)
    await switchOf(page, ids[1]).click()
    await isOn(page, ids[1], true)
    await isOn(other, ids[1], true)
    proxy.isOpen = true
    await page.getByRole('button', { name: 'Connect again' }).click()
    await says(page, 'Live')
    await page.getByText('Live updates are off.').waitFor({ state: 'detached' })
    await maker.toggle(ids[0], false)
    await isOn(page, ids[0], false)
  })

  it('of the lab gives up after five attempts, and is live when it has them back', async () => {
    const { ids, maker } = await makeTwo()
    const page = await blank({ mayWrite: networkLines })
    await page.clock.install()
    await page.goto(example.url)
    await says(page, 'Live')
    await setLab(page, 'No WebSocket')
    await says(page, 'Reconnecting…')
    await giveUp(page, 'Not live')
    await page.getByRole('button', { name: 'Connect again' }).click()
    await says(page, 'Reconnecting…')
    await giveUp(page, 'Not live')
    await maker.toggle(ids[0], true)
    await setLab(page, 'Network')
    await says(page, 'Live')
    await isOn(page, ids[0], true)
  })
})

describe('the lab', () => {
  it('freezes the server: what is asked for meanwhile is shown at once and arrives everywhere afterwards', async () => {
    const { ids } = await makeTwo()
    const [here, other] = await openTwo(example.url, { mayWrite: networkLines })
    await here.route('**/lab/freeze', (route) => route.continue({ postData: { seconds: 2 } }))
    await here.locator('.lab summary').click()
    const button = here.getByRole('button', { name: 'Freeze the server 10 s' })
    await button.click()
    await here.getByRole('button', { name: /^Frozen for \d+ s$/, disabled: true }).waitFor()
    const toggled = here.waitForResponse('**/toggle')
    await switchOf(here, ids[0]).click()
    await isAsked(here, ids[0], true)
    await isOn(other, ids[0], false)
    expect((await toggled).status()).toBe(200)
    for (const page of [here, other]) await isOn(page, ids[0], true)
  })

  it('shows a second person beside, who is somebody else and sees the same', async () => {
    const { ids } = await makeTwo()
    const page = await open(example.url)
    await rename(page, 'Ada Lovelace')
    await page.locator('.lab summary').click()
    await page.getByRole('button', { name: 'Second person beside' }).click()
    const second = page.frameLocator('iframe')
    await second.locator('.status').getByText('Live', { exact: true }).waitFor()
    const name = (await second.locator('.person-name').textContent())!
    expect(name).not.toBe('Ada Lovelace')
    await second.locator(`[data-challenge="${ids[0]}"]`).getByRole('switch').click()
    await isOn(page, ids[0], true)
    await cardOf(page, ids[0]).getByText(`Switched on by ${name}`, { exact: true }).waitFor()
    await switchOf(page, ids[1]).click()
    await second.locator(`[data-challenge="${ids[1]}"] [aria-checked="true"]`).waitFor()
    await second.locator('.lab summary').click()
    expect(await second.getByRole('button', { name: 'Second person beside' }).count()).toBe(0)
    await page.getByRole('button', { name: 'Second person beside' }).click()
    await page.locator('iframe').waitFor({ state: 'detached' })
    // On a phone it comes below the list, and into view.
    await page.setViewportSize({ width: 390, height: 800 })
    await page.getByRole('button', { name: 'Second person beside' }).click()
    await expect.poll(async () => (await page.locator('iframe').boundingBox())?.y).toBeLessThan(800)
  })

  it('counts on each card how often it was drawn, when asked to', async () => {
    const { ids, maker } = await makeTwo()
    const page = await open(example.url)
    const shown = (id: number) =>
      cardOf(page, id).evaluate((card) => getComputedStyle(card, '::before').content.replaceAll('"', ''))
    expect(await shown(ids[0])).toBe('none')
    await page.locator('.lab summary').click()
    await page.getByRole('button', { name: 'Count renders' }).click()
    const before = await Promise.all(ids.map(shown))
    await maker.toggle(ids[0], true)
    await isOn(page, ids[0], true)
    expect(Number.parseInt(await shown(ids[0]), 10)).toBeGreaterThan(Number.parseInt(before[0]!, 10))
    expect(await shown(ids[1])).toBe(before[1])
  })
})

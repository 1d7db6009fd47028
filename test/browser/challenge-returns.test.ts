import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { launchBrowser } from '../support/browser.ts'
import { type Example, startSharedExample } from '../support/browser-example.ts'
import { says, setLab } from '../support/game-page.ts'
import {
  cardOf,
  giveUp,
  isOn,
  networkLines,
  someone,
  switchOf,
  toggleWindows,
} from '../support/toggles-page.ts'

let browser: Browser
let example: Example
beforeAll(async () => {
  ;[browser, example] = await Promise.all([launchBrowser(), startSharedExample()])
})
afterAll(() => Promise.all([browser?.close(), example?.stop()]))
const { blank, open } = toggleWindows(() => browser)

const stale = 'This may be out of date.'

describe('a window whose network was cut until it had given up', () => {
  it('says nothing of old data any more when it is live again', async () => {
    const page = await blank({ mayWrite: networkLines })
    await page.clock.install()
    await page.goto(example.url)
    await says(page, 'Live')
    await setLab(page, 'Cut')
    await giveUp(page, 'Offline')
    await page.clock.fastForward(30_000)
    await page.getByText(stale).waitFor()
    await setLab(page, 'Network')
    await says(page, 'Live')
    await page.getByText(stale).waitFor({ state: 'detached' })
  })

  it('is tried again by itself within a minute, also where nothing is asked of the server', async () => {
    const page = await blank({ mayWrite: networkLines })
    await page.clock.install()
    let isRefused = true
    await page.routeWebSocket('**/sync', (socket) => {
      if (isRefused) void socket.close()
      else socket.connectToServer()
    })
    await page.goto(`${example.url}/game`)
    await giveUp(page, 'Not live')
    await page.getByRole('button', { name: 'Connect again' }).waitFor()
    isRefused = false
    await page.clock.fastForward(60_000)
    await says(page, 'Live')
  })
})

describe('a change that waits', () => {
  it('stays in sight when its window shows something else meanwhile, and is sent from there', async () => {
    const maker = await someone(example.url, 'Mara')
    const { id } = await maker.create('Swim')
    const [here, other] = [await open(example.url, { mayWrite: networkLines }), await open(example.url)]
    await setLab(here, 'Cut')
    await switchOf(here, id).click()
    await cardOf(here, id).getByText('Waits until you are back online').waitFor()
    await here.getByRole('link', { name: 'Game' }).click()
    await here.getByRole('heading', { name: 'The Trading Game' }).waitFor()
    await here.getByRole('link', { name: 'Toggles' }).click()
    await cardOf(here, id).getByText('Waits until you are back online').waitFor()
    await here.getByRole('link', { name: 'Game' }).click()
    await setLab(here, 'Network')
    await isOn(other, id, true)
    await here.getByRole('link', { name: 'Toggles' }).click()
    await isOn(here, id, true)
  })
})

describe('a window that hears nothing', () => {
  it('shows what was done in it as soon as that is answered', async () => {
    const page = await blank({ mayWrite: networkLines })
    await page.clock.install()
    await page.routeWebSocket('**/sync', (socket) => void socket.close())
    await page.goto(example.url)
    await giveUp(page, 'Not live')
    // From here on no time passes, so that nothing is fetched by itself.
    await page.clock.pauseAt(new Date(Date.now() + 3_600_000))
    await page.getByRole('button', { name: 'New challenge' }).click()
    const form = page.getByRole('dialog')
    await form.getByLabel('Name').fill('Row a boat')
    await form.getByLabel('What to do').fill('Across the lake.')
    await form.getByRole('button', { name: 'Create' }).click()
    const card = page.locator('.card').filter({ hasText: 'Row a boat' })
    await card.getByRole('button', { name: 'Join', pressed: false }).click()
    await card.getByRole('button', { name: 'Joined', pressed: true }).waitFor()
    await card.getByRole('button', { name: 'Delete Row a boat' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click()
    await card.waitFor({ state: 'detached' })
  })
})

describe('words without a space', () => {
  it.each([360, 1180])('break, so that the page keeps to a width of %s', async (width) => {
    const maker = await someone(example.url, 'M'.repeat(40))
    const { id } = await maker.create('W'.repeat(60))
    const page = await open(example.url, { viewport: { width, height: 800 } })
    await maker.toggle(id, true)
    await cardOf(page, id).getByText('Switched on by').waitFor()
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(width)
    await maker.remove(id)
  })
})

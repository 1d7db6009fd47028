import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { expectAccessible } from '../support/axe.ts'
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

/** What lies over the middle of what has the focus. */
const whatCovers = () => {
  const focused = document.activeElement!
  const { left, top, width, height } = focused.getBoundingClientRect()
  const seen = document.elementFromPoint(left + width / 2, top + height / 2)
  const isSeen = focused === document.body || focused.contains(seen) || seen?.contains(focused)
  return isSeen ? 'nothing' : `${seen?.outerHTML.slice(0, 200)} over ${focused.outerHTML.slice(0, 200)}`
}

/** Tab after Tab, until what `selector` means has the focus; fails when a turn through the page does not bring it. */
async function tabTo(page: Page, selector: string) {
  const seen: string[] = []
  for (let turn = 0; turn < 80; turn += 1) {
    await page.keyboard.press('Tab')
    expect(await page.evaluate(whatCovers)).toBe('nothing')
    if (await page.locator(`${selector}:focus`).count()) return
    seen.push(await page.evaluate(() => document.activeElement?.textContent ?? ''))
  }
  expect.fail(`Tab leads to ${seen.join(', ')}, and not to ${selector}`)
}

describe('with the keyboard alone', () => {
  it('a challenge is switched, by Space and by Enter, and the focus is seen and stays', async () => {
    const { id } = await (await someone(example.url, 'Mara')).create('Swim')
    const [page, other] = [await open(example.url), await open(example.url)]
    const name = `[data-challenge="${id}"] [role="switch"]`
    await tabTo(page, name)
    expect(await page.locator(name).evaluate((element) => getComputedStyle(element).outlineStyle)).toBe(
      'solid',
    )
    await page.keyboard.press('Space')
    await isOn(other, id, true)
    await page.keyboard.press('Enter')
    await isOn(other, id, false)
    expect(await page.locator(`${name}:focus`).count()).toBe(1)
  })

  it('a challenge is made in a dialog that keeps the focus, and gives it back', async () => {
    const page = await open(example.url)
    await tabTo(page, '.page-header .button')
    await page.keyboard.press('Enter')
    await page.locator('dialog[open] input:focus').waitFor()
    await page.keyboard.type('Dive')
    await page.keyboard.press('Tab')
    await page.keyboard.type('Deep.')
    await tabTo(page, 'dialog[open] button[type="submit"]')
    await page.keyboard.press('Enter')
    await page.locator('.card').filter({ hasText: 'Dive' }).waitFor()
    await page.locator('.page-header .button:focus').waitFor()
    await page.keyboard.press('Enter')
    await page.keyboard.press('Escape')
    await page.locator('.page-header .button:focus').waitFor()
  })

  it('the lab is opened and the network is cut', async () => {
    const page = await open(example.url)
    await tabTo(page, '.lab summary')
    await page.keyboard.press('Enter')
    await tabTo(page, '.segment input')
    await page.keyboard.press('ArrowRight')
    await says(page, 'Offline')
    await page.keyboard.press('ArrowLeft')
    await says(page, 'Live')
  })
})

const looks = (['light', 'dark'] as const).flatMap((colorScheme) =>
  [390, 1180].map((width) => ({ colorScheme, width })),
)

/** Takes the page from one state to the next, and looks at each. */
async function lookAround(page: Page, see: (state: string) => Promise<void>) {
  const { id } = await (await someone(example.url, 'Mara')).create('Row a boat')
  await isOn(page, 1, true)
  await cardOf(page, id).getByRole('button', { name: 'Join', pressed: false }).click()
  await cardOf(page, id).getByRole('button', { name: 'Joined', pressed: true }).waitFor()
  await switchOf(page, id).click()
  await cardOf(page, id).getByText('Switched on by').waitFor()
  await see('the list')
  await cardOf(page, id).getByRole('button', { name: 'Delete Row a boat' }).click()
  await page.getByRole('dialog', { name: 'Delete “Row a boat” for everyone?' }).waitFor()
  await see('the question before a deletion')
  await page.keyboard.press('Escape')
  await page.getByRole('button', { name: 'New challenge' }).click()
  await see('the dialog for another')
  await page.keyboard.press('Escape')
  await page.locator('.person').click()
  await see('the dialog for a name')
  await page.keyboard.press('Escape')
  await setLab(page, 'Cut')
  await switchOf(page, id).click()
  await page.getByText('1 change waits to be sent').waitFor()
  await see('offline, with the lab open')
  await setLab(page, 'Network')
  await says(page, 'Live')
  await page.locator('.lab summary').click()
  const error = { code: 'internal', message: 'The disk is full.' }
  await page.route('**/toggle', (route) => route.fulfill({ status: 500, json: { error } }))
  await switchOf(page, id).click()
  await page.getByText('Not changed. The disk is full.').waitFor()
  await see('a refusal')
}

/** What a page shows of a list that does not come, fails, or is empty. */
async function lookAtLists(page: Page, see: (state: string) => Promise<void>) {
  await page.route('**/challenges', () => {})
  await page.goto(example.url)
  await page.getByText('Loading the challenges').waitFor()
  await see('loading')
  await page.unroute('**/challenges')
  await page.route('**/challenges', (route) => route.abort())
  await page.goto(example.url)
  await page.getByText('The challenges did not load').waitFor()
  await see('failed')
  await page.unroute('**/challenges')
  await page.route('**/challenges', (route) => route.fulfill({ json: { challenges: [] } }))
  await page.getByRole('button', { name: 'Try again' }).click()
  await page.getByText('No challenges yet').waitFor()
  await see('empty')
  await page.unroute('**/challenges')
}

/** What a page shows that has given up its connection, and then one with a second person beside. */
async function lookAtRest(page: Page, see: (state: string) => Promise<void>) {
  await page.clock.install()
  await page.goto(example.url)
  await says(page, 'Live')
  await setLab(page, 'No WebSocket')
  await giveUp(page, 'Not live')
  await see('not live')
  await setLab(page, 'Network')
  await says(page, 'Live')
  await page.getByRole('button', { name: 'Second person beside' }).click()
  await page.frameLocator('iframe').locator('.card').first().waitFor()
  await see('a second person beside')
}

describe.each(looks)('$colorScheme, $width px wide, the page is accessible', ({ colorScheme, width }) => {
  // As tall as the list, so that the bars which stick to the window cover nothing of it.
  const look = { colorScheme, viewport: { width, height: 4_500 }, mayWrite: networkLines }

  it('with a list, a toast, either dialog, the lab, a change that waits and one that is refused', async () => {
    const page = await open(example.url, look)
    await lookAround(page, () => expectAccessible(page))
  })

  it('with a list that loads, fails or is empty, without live updates, and with a second person', async () => {
    const page = await blank(look)
    await lookAtLists(page, () => expectAccessible(page))
    await lookAtRest(page, () => expectAccessible(page))
  })
})

/** How many animations and transitions run in the page as it stands. */
const running = (page: Page) =>
  page.evaluate(() => document.getAnimations().filter(({ playState }) => playState === 'running').length)

describe('who wants less motion', () => {
  it('sees none in any state', async () => {
    const page = await open(example.url, { reducedMotion: 'reduce', mayWrite: networkLines })
    const seen: [string, number][] = []
    const see = async (state: string) => void seen.push([state, await running(page)])
    await (await someone(example.url, 'Mara')).toggle(2, true)
    await cardOf(page, 2).locator('.card-flash').waitFor({ state: 'attached' })
    await see('a change by somebody else')
    await lookAround(page, see)
    await lookAtLists(page, see)
    await lookAtRest(page, see)
    expect(seen.filter(([, count]) => count > 0)).toEqual([])
    expect(seen).toHaveLength(12)
  })

  it('is not who wants nothing in particular: for them, the dot of a live page moves', async () => {
    const page = await open(example.url)
    expect(await running(page)).toBeGreaterThan(0)
  })
})

import { mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, it } from 'vitest'
import { launchBrowser, openWindow } from '../support/browser.ts'
import { type Example, startSharedExample } from '../support/browser-example.ts'
import {
  ask,
  assign,
  host,
  makeGame,
  openSeat,
  part,
  player,
  press,
  rowOf,
  says,
  setLab,
} from '../support/game-page.ts'
import { cardOf, giveUp, isOn, rename, switchOf, toastIn } from '../support/toggles-page.ts'

// Asked for by whoever changes how the page looks; nothing is asserted.
const folder = process.env['SCREENSHOTS'] ?? 'screenshots'
const looks = [390, 1180].flatMap((width) =>
  (['light', 'dark'] as const).map((colorScheme) => ({ width, colorScheme })),
)
const fileOf = (name: string, { width, colorScheme }: (typeof looks)[number]) =>
  join(folder, `${name}-${width}-${colorScheme}.png`)

let browser: Browser
let example: Example
const names: string[] = []
beforeAll(async () => {
  mkdirSync(folder, { recursive: true })
  ;[browser, example] = await Promise.all([launchBrowser(), startSharedExample()])
})
afterAll(async () => {
  if (browser) await composeSheets()
  await Promise.all([browser?.close(), example?.stop()])
})

/** A picture of the page as it stands, in each look; a window as tall as the page, unless something lies over it. */
async function shoot(page: Page, name: string, isWhole = true) {
  names.push(name)
  for (const look of looks) {
    const { width, colorScheme } = look
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
    await page.setViewportSize({ width, height: width === 390 ? 844 : 800 })
    if (isWhole) {
      const height = await page.evaluate(() => document.documentElement.scrollHeight)
      await page.setViewportSize({ width, height })
    }
    await page.screenshot({ path: fileOf(name, look) })
  }
}

/** All pictures of one look in a row, so that they can be looked at together. */
async function composeSheets() {
  const page = await browser.newPage({ viewport: { width: 2_000, height: 1_000 } })
  for (const look of looks) {
    const height = look.width === 390 ? 620 : 300
    const figures = names.map((name) => {
      const picture = readFileSync(fileOf(name, look)).toString('base64')
      return `<figure><figcaption>${name}</figcaption><img src="data:image/png;base64,${picture}"></figure>`
    })
    await page.setContent(`<style>
      body { display: flex; flex-wrap: wrap; gap: 16px; margin: 16px; font: 14px sans-serif; background: #999 }
      figure { margin: 0 } img { display: block; max-height: ${height}px; max-width: 480px }
    </style>${figures.join('')}`)
    await page.screenshot({ path: fileOf('all', look), fullPage: true })
  }
}

async function open(path: string, name = 'Ada Lovelace'): Promise<Page> {
  const { page } = await openWindow(browser, example.url, { viewport: { width: 1180, height: 800 } })
  await says(page, 'Live')
  await rename(page, name)
  if (path !== '/') await page.goto(example.url + path)
  await says(page, 'Live')
  return page
}

it('the toggles', async () => {
  const page = await open('/')
  await isOn(page, 1, true)
  const others = await Promise.all(['Grace Hopper', 'Alan Turing'].map((name) => open('/', name)))
  await switchOf(others[0]!, 2).click()
  await cardOf(others[1]!, 2).getByRole('button', { name: 'Join', pressed: false }).click()
  await cardOf(page, 3).getByRole('button', { name: 'Join', pressed: false }).click()
  await cardOf(page, 3).getByRole('button', { name: 'Joined', pressed: true }).waitFor()
  await cardOf(page, 2).getByText('Switched on by Grace Hopper').waitFor()
  await page.locator('.online').getByText('3 online').waitFor()
  await shoot(page, 'toggles')
  await switchOf(others[1]!, 3).click()
  await toastIn(page, 'which you have joined').waitFor()
  await shoot(page, 'toggles-toast', false)
  await cardOf(page, 8).locator('.icon-button').click()
  await page.getByRole('dialog', { name: 'Delete “A letter a week” for everyone?' }).waitFor()
  await shoot(page, 'delete-dialog', false)
  await page.keyboard.press('Escape')
  await page.getByRole('button', { name: 'New challenge' }).click()
  await shoot(page, 'toggles-dialog', false)
  await page.keyboard.press('Escape')
  await page.locator('.person').click()
  await shoot(page, 'name-dialog', false)
  await page.keyboard.press('Escape')
})

it('the toggles while something is broken', async () => {
  const page = await open('/')
  await page.clock.install()
  await page.reload()
  await says(page, 'Live')
  await page.locator('.lab summary').click()
  await page.getByRole('button', { name: 'Count renders' }).click()
  await shoot(page, 'lab')
  await page.getByRole('button', { name: 'Count renders' }).click()
  await setLab(page, 'Cut')
  for (const id of [5, 6]) await switchOf(page, id).click()
  await page.getByText('2 changes wait to be sent').waitFor()
  await shoot(page, 'toggles-waiting')
  await setLab(page, 'Network')
  await says(page, 'Live')
  await isOn(page, 6, true)
  const error = { code: 'internal', message: 'The disk is full.' }
  await page.route('**/toggle', (route) => route.fulfill({ status: 500, json: { error } }))
  await switchOf(page, 4).click()
  await page.getByText('Not changed.').waitFor()
  await page.locator('.lab summary').click()
  await shoot(page, 'toggles-refused')
  await setLab(page, 'No WebSocket')
  await says(page, 'Reconnecting…')
  // Attempts are soon over, and pictures take their time.
  await page.clock.pauseAt((await page.evaluate(() => Date.now())) + 500)
  await page.locator('.lab summary').click()
  await shoot(page, 'toggles-reconnecting')
  await giveUp(page, 'Not live')
  await shoot(page, 'toggles-not-live')
})

it('the toggles before they are there', async () => {
  const page = await open('/')
  await page.route('**/challenges', () => {})
  await page.reload()
  await page.getByText('Loading the challenges').waitFor()
  await shoot(page, 'toggles-loading')
  await page.unroute('**/challenges')
  await page.route('**/challenges', (route) => route.abort())
  await page.reload()
  await page.getByText('The challenges did not load').waitFor()
  await shoot(page, 'toggles-failed')
  await page.unroute('**/challenges')
  await page.route('**/challenges', (route) => route.fulfill({ json: { challenges: [] } }))
  await page.getByRole('button', { name: 'Try again' }).click()
  await page.getByText('No challenges yet').waitFor()
  await shoot(page, 'toggles-empty')
})

it('two people side by side', async () => {
  const page = await open('/')
  await page.locator('.lab summary').click()
  await page.getByRole('button', { name: 'Second person beside' }).click()
  const second = page.frameLocator('iframe')
  await second.locator('.status').getByText('Live', { exact: true }).waitFor()
  await second.locator('.card').first().waitFor()
  await shoot(page, 'second-person', false)
})

it('the way into a game', async () => {
  const page = await open('/game')
  await page.getByLabel('Game code').waitFor()
  await shoot(page, 'lobby')
  await page.goto(`${example.url}/game/ABC123`)
  await page.getByLabel('Your name').waitFor()
  await shoot(page, 'join')
  await page.goto(`${example.url}/game/NONE99`)
  await page.getByText('There is no game NONE99').waitFor()
  await shoot(page, 'game-missing')
  await page.route('**/api/v2/**', (route) => route.abort())
  await page.goto(`${example.url}/game/ABC123`)
  await page.getByText('The game did not load').waitFor()
  await shoot(page, 'game-failed')
})

it('a game', async () => {
  const place = { url: example.url, code: await makeGame(example.url) }
  const { page: players } = await openSeat(browser, { ...place, ...player })
  const { page: hosts } = await openSeat(browser, { ...place, ...host })
  await shoot(players, 'player-empty')
  await shoot(hosts, 'host-empty')
  for (const building of ['Farm', 'Mine', 'School', 'Harbour']) await ask(players, building)
  for (const building of ['Farm', 'Mine', 'School', 'Harbour']) {
    await rowOf(hosts, 'Requests', `Paul wants a ${building}`).waitFor()
  }
  await assign(hosts, { building: 'Farm', what: 'push-ups', many: 20, time: '5 min' })
  await assign(hosts, { building: 'Mine' })
  await assign(hosts, { building: 'School' })
  await press(rowOf(hosts, 'Running', 'School'), 'Complete')
  await part(players, 'History').locator('.past').first().waitFor()
  await rowOf(players, 'Your challenges', 'Mine').waitFor()
  await shoot(players, 'player')
  await shoot(hosts, 'host')
  await press(hosts, 'Pause')
  for (const page of [players, hosts]) await page.getByText('The game is paused.').waitFor()
  await shoot(players, 'player-paused')
  await shoot(hosts, 'host-paused')
  await setLab(players, 'Cut')
  await says(players, 'Offline')
  await shoot(players, 'player-offline')
  await hosts.locator('.lab summary').click()
  await hosts.getByRole('button', { name: 'Second person beside' }).click()
  await hosts.frameLocator('iframe').getByLabel('Your name').waitFor()
  await shoot(hosts, 'second-player', false)
})

import type { Browser, Locator, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { expectAccessible } from '../support/axe.ts'
import { launchBrowser, openWindow } from '../support/browser.ts'
import { type Example, startSharedExample } from '../support/browser-example.ts'
import {
  ask,
  assign,
  host,
  isPaused,
  makeGame,
  openSeat,
  openTable as openTableAt,
  part,
  patient,
  player,
  press,
  rowOf,
  seated,
} from '../support/game-page.ts'

let browser: Browser
let example: Example
beforeAll(async () => {
  browser = await launchBrowser()
  example = await startSharedExample()
})
afterAll(() => Promise.all([browser?.close(), example?.stop()]))

const openTable = (...seats: Parameters<typeof openTableAt>[2]) =>
  openTableAt(browser, { url: example.url }, seats)

const still = { reducedMotion: 'reduce' } as const
const schemes = ['light', 'dark'] as const
const widths = [390, 1180]

/** Nowhere to break it, and as long as names may be. */
const longNamed = { name: 'Wolfeschlegelsteinhausenbergerdorffwelch' }

/** Whether the page, as it stands, is accessible and fits, in both themes and widths. */
async function expectGood(page: Page): Promise<void> {
  for (const colorScheme of schemes) {
    await page.emulateMedia({ colorScheme })
    for (const width of widths) {
      await page.setViewportSize({ width, height: 860 })
      await expectAccessible(page)
      const needed = await page.evaluate(() => document.documentElement.scrollWidth)
      expect(needed, `width that ${page.url()} needs`).toBeLessThanOrEqual(width)
    }
  }
}

describe('in both themes, at the width of a phone and of a desk', () => {
  it('lobby, join form and a game that is not there are accessible', async () => {
    const code = await makeGame(example.url)
    const { page } = await openWindow(browser, `${example.url}/game`, still)
    await page.getByLabel('Game code').waitFor()
    await expectGood(page)
    await page.goto(`${example.url}/game/${code}`)
    await page.getByText('You have no seat in game').waitFor()
    await expectGood(page)
    await page.goto(`${example.url}/game/NOGAME1`)
    await page.getByText('There is no game NOGAME1').waitFor()
    await expectGood(page)
  })

  it('a game is accessible for host and player: empty, asked, running, paused, over', async () => {
    const {
      pages: [hosts, players],
    } = await openTable({ ...host, context: still }, { ...player, ...longNamed, context: still })
    const both = [hosts, players]
    const expectBothGood = () => Promise.all(both.map(expectGood))
    await expectBothGood()
    for (const building of ['School', 'Farm', 'Mine']) await ask(players, building)
    await rowOf(hosts, 'Requests', 'Mine').waitFor()
    await expectBothGood()
    await assign(hosts, { building: 'School' })
    await press(rowOf(players, 'Your challenges', 'School'), 'Complete')
    await assign(hosts, { building: 'Farm' })
    await assign(hosts, { building: 'Mine', time: '15 s' })
    await press(rowOf(hosts, 'Running', 'Farm'), 'Cancel')
    await ask(players, 'Market')
    await rowOf(hosts, 'Requests', 'Market').getByText('has a school').waitFor()
    await rowOf(players, 'Your challenges', 'Mine').locator('.countdown[data-tone="urgent"]').waitFor()
    await press(hosts, 'Pause')
    await Promise.all(both.map((page) => isPaused(page, true)))
    await expectBothGood()
    await press(hosts, 'Resume')
    await Promise.all(both.map((page) => part(page, 'History').getByText('ran out of time').waitFor()))
    await expectBothGood()
  })
})

/** Goes on by the Tab key until it is there. */
async function tabTo(target: Locator): Promise<void> {
  const page = target.page()
  const isThere = () => target.evaluate((element) => element === document.activeElement)
  for (let presses = 0; presses < 60; presses++) {
    if (await isThere()) return
    await page.keyboard.press('Tab')
  }
  expect.fail(`The Tab key does not lead to ${target}`)
}

const button = (within: Page | Locator, name: string) => within.getByRole('button', { name, exact: true })

async function pressByKey(target: Locator, key: 'Enter' | 'Space' = 'Enter'): Promise<void> {
  await tabTo(target)
  await target.page().keyboard.press(key)
}

/** Takes a seat without a mouse. */
async function sitByKey(page: Page, role: 'Player' | 'Host', name: string): Promise<void> {
  await tabTo(page.getByLabel('Your name', { exact: true }))
  await page.keyboard.press('Control+A')
  await page.keyboard.type(name)
  await tabTo(page.getByRole('radio', { name: 'Player' }))
  if (role === 'Host') await page.keyboard.press('ArrowDown')
  await page.keyboard.press('Enter')
  await seated(page, name)
}

describe('by the keyboard alone', () => {
  it('a seat is taken, a building asked for, a challenge assigned and completed', async () => {
    const code = await makeGame(example.url)
    const open = () => openWindow(browser, `${example.url}/game/${code}`)
    const [{ page: hosts }, { page: players }] = await Promise.all([open(), open()])
    await sitByKey(hosts, 'Host', 'Hanna')
    await sitByKey(players, 'Player', 'Paul')
    await pressByKey(part(players, 'Build').getByRole('button', { name: 'Farm' }))
    const request = rowOf(hosts, 'Requests', 'Farm')
    await request.waitFor()
    await tabTo(request.getByRole('combobox', { name: /^Challenge/ }))
    await hosts.keyboard.press('ArrowDown')
    await tabTo(request.getByLabel('How many'))
    await hosts.keyboard.type('12')
    await pressByKey(button(request, 'Assign'), 'Space')
    const mine = rowOf(players, 'Your challenges', 'Farm')
    await mine.getByText('12 sit-ups').waitFor()
    await pressByKey(button(mine, 'Complete'))
    await part(hosts, 'History').getByText('12 sit-ups, completed').waitFor()
  })

  it('goes on where it was when the row that had the focus is gone', async () => {
    const {
      pages: [hosts, players],
    } = await openTable(host, player)
    const focused = (page: Page) => page.evaluate(() => document.activeElement?.textContent ?? '')
    await ask(players, 'Farm')
    await ask(players, 'Mine')
    await rowOf(hosts, 'Requests', 'Mine').waitFor()
    await pressByKey(button(rowOf(hosts, 'Requests', 'Farm'), 'Assign'))
    await rowOf(hosts, 'Running', 'Farm').waitFor()
    await expect.poll(() => focused(hosts), patient).toBe('Requests 1')
    await pressByKey(button(rowOf(players, 'Your challenges', 'Farm'), 'Complete'))
    await part(players, 'History').getByText('completed').waitFor()
    await expect.poll(() => focused(players), patient).toBe('Your challenges 1')
    // Somebody else's doing takes nobody's focus.
    await tabTo(button(hosts, 'Pause'))
    await press(rowOf(players, 'Your challenges', 'Mine'), 'Cancel')
    await rowOf(hosts, 'Requests', 'Mine').waitFor({ state: 'detached' })
    expect(await focused(hosts)).toBe('Pause')
  })
})

/** Notes the name of everything of the game that starts to move. */
const watchMotion = () => {
  const moved: string[] = []
  Object.assign(window, { moved })
  const note = (event: Event, what: string) => {
    if ((event.target as Element).closest('main')) moved.push(what)
  }
  document.addEventListener('animationstart', (event) => note(event, event.animationName))
  document.addEventListener('transitionrun', (event) => note(event, event.propertyName))
}

describe('motion', () => {
  it('is what the page has only for those who do not mind it', async () => {
    const code = await makeGame(example.url)
    const seat = { url: example.url, code, before: watchMotion }
    const [moving, quiet, playing] = await Promise.all([
      openSeat(browser, { ...host, ...seat }),
      openSeat(browser, { ...host, ...seat, context: still }),
      openSeat(browser, { ...player, ...seat, context: still }),
    ])
    const movesOf = (page: Page) => page.evaluate(() => (window as unknown as { moved: string[] }).moved)
    await ask(playing.page, 'Farm')
    await assign(moving.page, { building: 'Farm' })
    await expect
      .poll(() => movesOf(moving.page), patient)
      .toEqual(expect.arrayContaining(['arrive', 'stroke-dasharray']))
    for (const { page } of [quiet, playing]) {
      await page.locator('.row .countdown-time').waitFor()
      expect(await movesOf(page)).toEqual([])
    }
  })
})

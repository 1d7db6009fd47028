import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { launchBrowser, openWindow } from '../support/browser.ts'
import {
  type Example,
  startExample,
  startSharedExample,
  temporaryDatabase,
} from '../support/browser-example.ts'
import {
  apiOf,
  ask,
  assign,
  endsIn,
  expectSameTime,
  fillSeat,
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
  says,
  setLab,
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

/** Counts each note that the page starts to play. */
const countNotes = () => {
  Object.assign(window, { notes: 0 })
  const { start } = AudioScheduledSourceNode.prototype
  AudioScheduledSourceNode.prototype.start = function (...when) {
    Object.assign(window, { notes: (window as unknown as { notes: number }).notes + 1 })
    return start.apply(this, when)
  }
}
const notesOf = (page: Page) => page.evaluate(() => (window as unknown as { notes: number }).notes)
const toastOf = (page: Page, text: string) => page.locator('[data-sonner-toast]').filter({ hasText: text })

describe('a new request', () => {
  it('is told the host by a toast and a chime, until the chime is switched off, which a reload does not change', async () => {
    const seats = [{ ...host, before: countNotes }, player]
    const {
      pages: [hosts, players],
      errors,
    } = await openTable(...seats)
    await ask(players, 'Farm')
    await toastOf(hosts, 'Paul asks for a challenge').getByText('Farm, team 2').waitFor()
    await expect.poll(() => notesOf(hosts), patient).toBe(2)
    await press(hosts, 'Sound')
    await ask(players, 'Mine')
    await toastOf(hosts, 'Mine, team 2').waitFor()
    expect(await notesOf(hosts)).toBe(2)
    await hosts.reload()
    // A page that nobody has touched may make no sound at all.
    await hosts.getByRole('heading', { name: 'A game' }).click()
    await hosts.locator('.chip[aria-pressed="false"]', { hasText: 'Sound' }).waitFor()
    await says(hosts, 'Live')
    await ask(players, 'Market')
    await toastOf(hosts, 'Market, team 2').waitFor()
    expect(await notesOf(hosts)).toBe(0)
    await press(hosts, 'Sound')
    expect(await notesOf(hosts)).toBe(2)
    await ask(players, 'Harbour')
    await toastOf(hosts, 'Harbour, team 2').waitFor()
    expect(await notesOf(hosts)).toBe(4)
    expect(errors()).toEqual([])
  })

  it('is no news to whoever made it; what becomes of it is', async () => {
    const {
      pages: [hosts, players],
      errors,
    } = await openTable(host, { ...player, before: countNotes })
    await ask(players, 'Farm')
    await assign(hosts, { building: 'Farm' })
    await toastOf(players, 'New challenge: 20 push-ups').waitFor()
    await expect.poll(() => notesOf(players), patient).toBe(2)
    await press(rowOf(hosts, 'Running', 'Farm'), 'Complete')
    await toastOf(players, 'Your team can build the Farm').waitFor()
    expect(await toastOf(players, 'asks for a challenge').count()).toBe(0)
    expect(errors()).toEqual([])
  })
})

describe('what others do', () => {
  const renders = (page: Page, building: string) =>
    page.locator('.row', { hasText: building }).getAttribute('data-renders')

  it('draws again only the row that it concerns, and takes nothing away that somebody has filled in', async () => {
    const {
      pages: [hosts, players],
      errors,
    } = await openTable(host, player)
    for (const building of ['Farm', 'Mine', 'Market']) await ask(players, building)
    await assign(hosts, { building: 'Farm' })
    const mine = rowOf(hosts, 'Requests', 'Mine')
    await rowOf(hosts, 'Requests', 'Market').waitFor()
    await mine.getByLabel('How many').fill('33')
    const drawn = async () => [await renders(hosts, 'Farm'), await renders(hosts, 'Mine')]
    const before = await drawn()
    await ask(players, 'Harbour')
    await rowOf(hosts, 'Requests', 'Harbour').waitFor()
    await press(rowOf(players, 'Your challenges', 'Market'), 'Cancel')
    await rowOf(hosts, 'Requests', 'Market').waitFor({ state: 'detached' })
    expect(await drawn()).toEqual(before)
    expect(await mine.getByLabel('How many').inputValue()).toBe('33')
    // A pause concerns whatever runs, and only that.
    await press(hosts, 'Pause')
    await isPaused(players, true)
    await expect.poll(() => renders(hosts, 'Farm'), patient).not.toBe(before[0])
    expect(await renders(hosts, 'Mine')).toBe(before[1])
    expect(errors()).toEqual([])
  })
})

/** What a browser writes for addresses at which nobody answers. */
const unreachable = /WebSocket connection to .* failed|Failed to load resource/

describe('a server that is restarted', () => {
  it('finds both pages again, with clocks that have gone on, and what ran out meanwhile', async () => {
    const dbFile = temporaryDatabase()
    const first = await startExample({ mode: 'production', dbFile })
    const {
      pages: [hosts, players],
      errors,
    } = await openTableAt(browser, { url: first.url }, [host, player])
    const api = await apiOf(hosts)
    await ask(players, 'Farm')
    await ask(players, 'Mine')
    await assign(hosts, { building: 'Farm', time: '5 min' })
    await rowOf(hosts, 'Requests', 'Mine').waitFor()
    await api.assign('Mine', 3)
    await rowOf(players, 'Your challenges', 'Mine').getByText('3 s of push-ups').waitFor()
    const { ends_at } = await api.only('Mine')
    await first.stop()
    await Promise.all([hosts, players].map((page) => says(page, 'Reconnecting…')))
    await expect.poll(() => Date.now(), patient).toBeGreaterThan(ends_at!)
    expect(await endsIn(players)).toEqual([])
    await startExample({ mode: 'production', dbFile, port: first.port })
    await Promise.all(
      [hosts, players].map((page) => part(page, 'History').getByText('ran out of time').waitFor()),
    )
    const rows = [rowOf(players, 'Your challenges', 'Farm'), rowOf(hosts, 'Running', 'Farm')]
    await expectSameTime(rows, () => api.left('Farm'))
    await Promise.all([hosts, players].map((page) => says(page, 'Live')))
    await press(rows[0]!, 'Complete')
    await rows[1]!.waitFor({ state: 'detached' })
    expect(errors().filter((line) => !unreachable.test(line))).toEqual([])
  })
})

/** Lets time pass quickly in a page whose clock was taken over. */
async function passUntil(page: Page, done: () => Promise<unknown>): Promise<void> {
  await expect
    .poll(async () => {
      await page.clock.fastForward(5_000)
      return done()
    }, patient)
    .toBe(true)
}

describe('a socket that is given up', () => {
  it('leaves a player who plays on over HTTP, and is live again on demand', async () => {
    const {
      pages: [hosts, players],
      errors,
    } = await openTable(host, player)
    await players.clock.install()
    await players.reload()
    await says(players, 'Live')
    await setLab(players, 'No WebSocket')
    await passUntil(players, () => players.getByText('Live updates are off.').isVisible())
    await says(players, 'Not live')
    await ask(players, 'Farm')
    await rowOf(players, 'Your challenges', 'Farm').waitFor()
    await assign(hosts, { building: 'Farm' })
    const farm = rowOf(players, 'Your challenges', 'Farm')
    await passUntil(players, () => farm.getByText('20 push-ups').isVisible())
    await press(hosts, 'Pause')
    await passUntil(players, () => players.getByText('The game is paused.').isVisible())
    await press(hosts, 'Resume')
    await passUntil(players, async () => !(await players.getByText('The game is paused.').isVisible()))
    await press(farm, 'Complete')
    await part(hosts, 'History').getByText('completed').waitFor()
    await setLab(players, 'Network')
    await says(players, 'Live')
    await ask(players, 'Mine')
    await assign(hosts, { building: 'Mine' })
    await rowOf(players, 'Your challenges', 'Mine').getByText('20 push-ups').waitFor()
    expect(errors()).toEqual([])
  })

  it('and never came about still leaves the clocks right where the machine is an hour late', async () => {
    const code = await makeGame(example.url)
    const [{ page: hosts }, { page: players }] = await Promise.all([
      openSeat(browser, { ...host, url: example.url, code }),
      openWindow(browser, 'about:blank'),
    ])
    await players.routeWebSocket(/sync$/, (socket) => socket.close())
    await players.clock.install({ time: Date.now() - 3_600_000 })
    await players.goto(`${example.url}/game/${code}`)
    await fillSeat(players, player)
    await players.getByText('You are Paul, ').waitFor()
    await ask(players, 'Farm')
    await assign(hosts, { building: 'Farm' })
    const farm = rowOf(players, 'Your challenges', 'Farm')
    await passUntil(players, () => farm.getByText('20 push-ups').isVisible())
    const { left } = await apiOf(hosts)
    await expectSameTime([farm, rowOf(hosts, 'Running', 'Farm')], () => left('Farm'))
  })

  it('with the whole network leaves no word of it when all is back', async () => {
    const {
      pages: [hosts, players],
      errors,
    } = await openTable(host, player)
    await players.clock.install()
    await players.reload()
    await says(players, 'Live')
    await setLab(players, 'Cut')
    await passUntil(players, () => players.getByText('This may be out of date.').isVisible())
    await press(hosts, 'Pause')
    await setLab(players, 'Network')
    await isPaused(players, true)
    await players.getByText('This may be out of date.').waitFor({ state: 'detached' })
    await says(players, 'Live')
    expect(errors()).toEqual([])
  })

  it('does not take the form away in which somebody is about to take a seat', async () => {
    const code = await makeGame(example.url)
    const { page } = await openWindow(browser, 'about:blank')
    await page.clock.install()
    await page.goto(`${example.url}/game/${code}`)
    const name = page.getByLabel('Your name', { exact: true })
    await name.fill('Slow Writer')
    await setLab(page, 'Cut')
    await passUntil(page, () => page.getByText('The server cannot be reached.').isVisible())
    expect(await name.inputValue()).toBe('Slow Writer')
    await setLab(page, 'Network')
    await press(page, 'Take the seat')
    await page.getByText('You are Slow Writer, player of team 1.').waitFor()
  })
})

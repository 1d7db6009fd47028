import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { launchBrowser, openWindow } from '../support/browser.ts'
import { type Example, startSharedExample } from '../support/browser-example.ts'
import {
  apiOf,
  ask,
  assign,
  banker,
  endsIn,
  expectSameTime,
  historyOf,
  host,
  isPaused,
  makeGame,
  openTable as openTableAt,
  part,
  patient,
  player,
  press,
  rowOf,
  says,
  seated,
  setLab,
  shownFor,
  takeSeat,
  timeIn,
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

/** Makes the clock of a machine an hour late. */
const lateByAnHour = () => {
  const now = Date.now.bind(Date)
  Date.now = () => now() - 3_600_000
}

/** What two people see of the same challenge. */
const bothRows = (hosts: Page, players: Page, building: string) => [
  rowOf(players, 'Your challenges', building),
  rowOf(hosts, 'Running', building),
]

type Api = Awaited<ReturnType<typeof apiOf>>
type Two = readonly [hosts: Page, players: Page]

/** A farm is asked for and assigned; a mine is asked for. */
async function begin([hosts, players]: Two, api: Api): Promise<void> {
  await ask(players, 'Farm')
  await ask(players, 'Mine')
  await rowOf(hosts, 'Requests', 'Paul wants a Farm').waitFor()
  await rowOf(hosts, 'Requests', 'Paul wants a Mine').waitFor()
  await assign(hosts, { building: 'Farm', what: 'push-ups', many: 20, time: '5 min' })
  await rowOf(players, 'Your challenges', 'Farm').getByText('20 push-ups').waitFor()
  await expectSameTime(bothRows(hosts, players, 'Farm'), () => api.left('Farm'))
}

/** The game stands still; the player misses that the mine is assigned and the game goes on. */
async function pause([hosts, players]: Two, api: Api): Promise<void> {
  const farms = bothRows(hosts, players, 'Farm')
  await press(hosts, 'Pause')
  await Promise.all([isPaused(hosts, true), isPaused(players, true)])
  const shown = shownFor((await api.only('Farm')).remaining_ms!)
  for (const row of farms) expect(await timeIn(row)).toBe(shown)
  const pausedAt = Date.now()
  await players.context().setOffline(true)
  await says(players, 'Offline')
  await assign(hosts, { building: 'Mine', what: 'squats', time: '10 min' })
  await expect.poll(() => Date.now() - pausedAt, patient).toBeGreaterThan(1_200)
  for (const row of farms) expect(await timeIn(row)).toBe(shown)
  await press(hosts, 'Resume')
  await isPaused(hosts, false)
  await isPaused(players, true)
  await players.context().setOffline(false)
  await isPaused(players, false)
  await rowOf(players, 'Your challenges', 'Mine').getByText('25 squats').waitFor()
  for (const building of ['Farm', 'Mine']) {
    await expectSameTime(bothRows(hosts, players, building), () => api.left(building))
  }
}

/** The host misses that the farm is done. */
async function completeUnseen([hosts, players]: Two): Promise<void> {
  await setLab(hosts, 'Cut')
  await says(hosts, 'Offline')
  await press(rowOf(players, 'Your challenges', 'Farm'), 'Complete')
  await part(players, 'Build').getByRole('button', { name: 'Farm built' }).waitFor()
  expect(await rowOf(hosts, 'Running', 'Farm').count()).toBe(1)
  await setLab(hosts, 'Network')
  await rowOf(hosts, 'Running', 'Farm').waitFor({ state: 'detached' })
}

/** A market's time runs out, and the mine is cancelled. */
async function endRest([hosts, players]: Two, api: Api): Promise<void> {
  await ask(players, 'Market')
  await rowOf(hosts, 'Requests', 'Market').waitFor()
  await api.assign('Market', 3)
  await rowOf(players, 'Your challenges', 'Market').getByText('3 s of push-ups').waitFor()
  await part(players, 'History').getByText('ran out of time').waitFor()
  await part(hosts, 'History').getByText('ran out of time').waitFor()
  await press(rowOf(hosts, 'Running', 'Mine'), 'Cancel')
  await part(players, 'Your challenges').getByText('Ask for a building below').waitFor()
}

describe('a whole game', () => {
  it('is played by two people, one clock an hour late, each offline once, and both are right', async () => {
    const seats = [host, { ...player, before: lateByAnHour }]
    const { pages, errors } = await openTableAt(browser, { url: example.url, code: 'ABC123' }, seats)
    const [hosts, players] = pages
    expect(Math.abs((await players.evaluate(() => Date.now())) - Date.now())).toBeGreaterThan(3_000_000)
    const api = await apiOf(hosts)
    const two = [hosts, players] as const
    await begin(two, api)
    const [farm, mine] = await api.list('active')
    await pause(two, api)
    await completeUnseen(two)
    await endRest(two, api)
    const over = [
      { id: mine!.id, status: 'cancelled' },
      { id: mine!.id + 1, status: 'expired' },
      { id: farm!.id, status: 'completed' },
    ]
    for (const page of two) await expect.poll(() => endsIn(page), patient).toEqual(over)
    expect(await historyOf(hosts)).toEqual(await historyOf(players))
    expect((await api.list('history')).map(({ id, status }) => ({ id, status }))).toEqual(over)
    await Promise.all(two.map((page) => page.reload()))
    for (const page of two) await expect.poll(() => endsIn(page), patient).toEqual(over)
    expect(errors()).toEqual([])
  })

  it('has several challenges at once, each with a clock of its own, the one that ends first on top', async () => {
    const {
      pages: [hosts, players],
      errors,
    } = await openTable(host, player)
    const api = await apiOf(hosts)
    for (const building of ['Farm', 'Mine', 'Harbour']) await ask(players, building)
    const times = [
      ['Farm', '10 min'],
      ['Mine', '1 min'],
      ['Harbour', '5 min'],
    ] as const
    for (const [building, time] of times) {
      await rowOf(hosts, 'Requests', building).waitFor()
      await assign(hosts, { building, time })
    }
    const order = (page: Page, name: string) => part(page, name).locator('.row-text p').allInnerTexts()
    await expect.poll(() => order(players, 'Your challenges'), patient).toEqual(['Mine', 'Harbour', 'Farm'])
    expect((await order(hosts, 'Running')).map((text) => text.split(',')[0])).toEqual([
      'Mine',
      'Harbour',
      'Farm',
    ])
    for (const [building] of times) {
      const rows = [rowOf(players, 'Your challenges', building), rowOf(hosts, 'Running', building)]
      await expectSameTime(rows, () => api.left(building))
    }
    await press(rowOf(players, 'Your challenges', 'Harbour'), 'Complete')
    await expect.poll(() => order(players, 'Your challenges'), patient).toEqual(['Mine', 'Farm'])
    expect(errors()).toEqual([])
  })
})

describe('the roles', () => {
  it('let a banker assign, complete and cancel, but not pause', async () => {
    const {
      pages: [bankers, players],
      errors,
    } = await openTable(banker, player)
    for (const building of ['Farm', 'Mine', 'Market']) await ask(players, building)
    await rowOf(bankers, 'Requests', 'Market').waitFor()
    await assign(bankers, { building: 'Farm' })
    await assign(bankers, { building: 'Mine' })
    await press(rowOf(bankers, 'Running', 'Farm'), 'Complete')
    await press(rowOf(bankers, 'Running', 'Mine'), 'Cancel')
    await press(rowOf(bankers, 'Requests', 'Market'), 'Cancel')
    const over = ['cancelled', 'cancelled', 'completed']
    await expect.poll(async () => (await endsIn(players)).map(({ status }) => status), patient).toEqual(over)
    expect(await bankers.getByRole('button', { name: 'Pause' }).count()).toBe(0)
    expect(await players.getByRole('button', { name: 'Pause' }).count()).toBe(0)
    expect(errors()).toEqual([])
  })

  it('let a player see what others do, and end only what is their own', async () => {
    const { pages, errors } = await openTable(host, player, { ...player, name: 'Petra', team: 3 })
    const [hosts, pauls, petras] = pages
    await ask(pauls, 'Sawmill')
    await rowOf(petras, 'Other players', 'Sawmill, Paul of team 2').waitFor()
    await assign(hosts, { building: 'Sawmill' })
    const seen = rowOf(petras, 'Other players', 'Sawmill, Paul of team 2')
    await seen.getByText('20 push-ups').waitFor()
    const rows = [seen, rowOf(pauls, 'Your challenges', 'Sawmill')]
    const api = await apiOf(hosts)
    await expectSameTime(rows, () => api.left('Sawmill'))
    expect(await seen.getByRole('button').count()).toBe(0)
    expect(await rows[1]!.getByRole('button').allInnerTexts()).toEqual(['Complete', 'Cancel'])
    expect(await part(petras, 'Your challenges').locator('.row').count()).toBe(0)
    await press(rows[1]!, 'Complete')
    await part(petras, 'History').getByText('Paul: Sawmill').waitFor()
    // It is the other team's.
    expect(await part(petras, 'Build').getByText('built').count()).toBe(0)
    expect(errors()).toEqual([])
  })

  it('ask a quarter less of a team that has built a school', async () => {
    const {
      pages: [hosts, players],
    } = await openTable(host, player)
    await ask(players, 'School')
    await assign(hosts, { building: 'School' })
    await press(rowOf(players, 'Your challenges', 'School'), 'Complete')
    await part(players, 'Build').getByRole('button', { name: 'School built' }).waitFor()
    await ask(players, 'Farm')
    const request = rowOf(hosts, 'Requests', 'Farm')
    await request.getByText('has a school').waitFor()
    expect(await request.getByLabel('How many').inputValue()).toBe('15')
    await assign(hosts, { building: 'Farm', what: 'sit-ups' })
    await rowOf(players, 'Your challenges', 'Farm').getByText('23 sit-ups').waitFor()
  })
})

describe('a seat', () => {
  it('is asked for before anything of the game is shown, and outlasts a reload', async () => {
    const code = await makeGame(example.url)
    const { page, errors } = await openWindow(browser, `${example.url}/game`)
    await page.getByLabel('Game code').fill(code.toLowerCase())
    await press(page, 'Enter')
    await page.getByText('You have no seat in game').waitFor()
    expect(await page.locator('.section, .row').count()).toBe(0)
    await takeSeat(page, { name: 'Ruth', role: 'player', team: 4 })
    await page.getByText('You are Ruth, player of team 4.').waitFor()
    await page.reload()
    await seated(page, 'Ruth')
    expect(await page.locator('.roster li').count()).toBe(1)
    expect(errors).toEqual([])
  })

  it('belongs to a person, not to a machine: another window is somebody else, as is the frame beside', async () => {
    const {
      pages: [page],
      code,
    } = await openTable(host)
    const second = await page.context().newPage()
    await second.goto(`${example.url}/game/${code}`)
    await takeSeat(second, player)
    await page.locator('.lab summary').click()
    await press(page, 'Second person beside')
    const frame = page.frameLocator('iframe')
    await frame.getByText('You have no seat in game').waitFor()
    await frame.getByLabel('Your name', { exact: true }).fill('Frieda')
    await frame.getByRole('button', { name: 'Take the seat' }).click()
    await frame.getByText('You are Frieda, player of team 1.').waitFor()
    await expect
      .poll(() => page.locator('.roster-name').allInnerTexts(), patient)
      .toEqual(['Hanna (you)', 'Paul', 'Frieda'])
    await part(second, 'Players').getByText('3 here').waitFor()
    await Promise.all([page.reload(), second.reload()])
    await Promise.all([seated(page, 'Hanna'), seated(second, 'Paul')])
  })

  it('is not to be had in a game that is not there', async () => {
    const { page } = await openWindow(browser, `${example.url}/game/NOGAME1`)
    await page.getByRole('alert').getByText('There is no game NOGAME1').waitFor()
    await page.getByRole('link', { name: 'To the games' }).click()
    await page.getByLabel('Game code').waitFor()
  })

  it('is taken in a game that the lobby has made', async () => {
    const { page, errors } = await openWindow(browser, `${example.url}/game`)
    await page.getByLabel('Or start a game of your own').fill('Friday')
    await press(page, 'Start')
    await takeSeat(page, host)
    await page.getByRole('heading', { name: 'Friday' }).waitFor()
    await expect.poll(() => page.title(), patient).toMatch(/^Friday [A-Z0-9]{4,8}$/)
    expect(errors).toEqual([])
  })
})

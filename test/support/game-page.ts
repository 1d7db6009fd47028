import type { Browser, BrowserContextOptions, Locator, Page } from 'playwright-core'
import { expect } from 'vitest'
import {
  type AssignInput,
  Game,
  GameChallengeList,
  type Player,
} from '../../examples/challenge/shared/game.ts'
import { Session } from '../../examples/challenge/shared/identity.ts'
import { openWindow, type Window } from './browser.ts'

async function asked(url: string, init?: RequestInit): Promise<unknown> {
  const response = await fetch(url, init)
  const answer: unknown = await response.json()
  if (!response.ok) throw new Error(`${url} answered ${response.status}: ${JSON.stringify(answer)}`)
  return answer
}

const post = (body: unknown, token?: string): RequestInit => ({
  method: 'POST',
  headers: { 'content-type': 'application/json', ...(token && { authorization: `Bearer ${token}` }) },
  body: JSON.stringify(body),
})

/** Makes a game; resolves to its code. */
export async function makeGame(url: string): Promise<string> {
  const { token } = Session.parse(await asked(`${url}/session`, post({ name: 'Nobody' })))
  return Game.parse(await asked(`${url}/api/v2/games`, post({ name: 'A game' }, token))).code
}

/** A seat to take, and where. */
export interface Seat extends Pick<Player, 'name' | 'role'> {
  readonly team?: number
}

/** Fills in the form, as a person does. */
export async function fillSeat(page: Page, { name, role, team = 1 }: Seat): Promise<void> {
  await page.getByLabel('Your name', { exact: true }).fill(name)
  await page.locator(`input[name="role"][value="${role}"]`).check()
  if (role === 'player') await page.getByLabel('Team').selectOption(String(team))
  await page.getByRole('button', { name: 'Take the seat' }).click()
}

/** Takes a seat; resolves when the game is there, live. */
export async function takeSeat(page: Page, seat: Seat): Promise<void> {
  await fillSeat(page, seat)
  await seated(page, seat.name)
}

/** Resolves when the page shows the game as somebody of that name sees it, live. */
export async function seated(page: Page, name: string): Promise<void> {
  await page.getByText(`You are ${name}, `).waitFor()
  await says(page, 'Live')
}

/** Where a game is, and in what kind of window to look at it. */
export interface Visit extends Seat {
  readonly url: string
  readonly code: string
  readonly context?: BrowserContextOptions
  /** Runs in the page before its own scripts. */
  readonly before?: () => void
}

/** A person of their own in a game, with a seat. */
export async function openSeat(browser: Browser, visit: Visit): Promise<Window> {
  const window = await openWindow(browser, 'about:blank', visit.context)
  if (visit.before) await window.page.addInitScript(visit.before)
  await window.page.goto(`${visit.url}/game/${visit.code}`)
  await takeSeat(window.page, visit)
  return window
}

/** Windows of people with seats in a game of their own. */
export async function openTable(
  browser: Browser,
  { url, code }: { readonly url: string; readonly code?: string },
  seats: readonly Omit<Visit, 'url' | 'code'>[],
) {
  const game = code ?? (await makeGame(url))
  const windows = await Promise.all(seats.map((seat) => openSeat(browser, { ...seat, url, code: game })))
  return {
    code: game,
    pages: windows.map(({ page }) => page) as [Page, Page, Page],
    /** What went wrong in any of them. */
    errors: () => windows.flatMap(({ errors }) => errors),
  }
}

export const host = { name: 'Hanna', role: 'host' } as const
export const player = { name: 'Paul', role: 'player', team: 2 } as const
export const banker = { name: 'Berta', role: 'banker' } as const

export const isPaused = (page: Page, paused: boolean) =>
  page.getByText('The game is paused.').waitFor({ state: paused ? 'visible' : 'detached' })

export const says = (page: Page, label: string) =>
  page.locator('.status').getByText(label, { exact: true }).waitFor()

/** A part of the page, by the word that its heading begins with. */
export const part = (page: Page, name: string) => page.getByRole('region', { name: new RegExp(`^${name}`) })

/** What waits or runs in a part of the page, for that building. */
export const rowOf = (page: Page, name: string, building: string) =>
  part(page, name)
    .locator('.row')
    .filter({ has: page.locator('.row-text').getByText(building) })

export const press = (within: Locator | Page, name: string) =>
  within.getByRole('button', { name, exact: true }).click()

export const ask = (page: Page, building: string) =>
  part(page, 'Build').locator('.building').filter({ hasText: building }).click()

export interface Task {
  readonly building: string
  /** The host's choice, as it is written there. */
  readonly what?: string
  readonly many?: number
  readonly time?: string
}

/** Fills in a request and sends it off; resolves when it runs, on this page. */
export async function assign(page: Page, { building, what, many, time }: Task): Promise<void> {
  const request = rowOf(page, 'Requests', building)
  if (what !== undefined) await request.getByRole('combobox', { name: /^Challenge/ }).selectOption(what)
  if (many !== undefined) await request.getByLabel('How many').fill(String(many))
  if (time !== undefined) await request.getByLabel('Time').selectOption(time)
  await press(request, 'Assign')
  await rowOf(page, 'Running', building).waitFor()
}

/** What a clock shows, like 9:59. */
export const timeIn = (row: Locator) => row.locator('.countdown-time').innerText()

/** What a clock shows for that many milliseconds. */
export function shownFor(ms: number): string {
  const seconds = Math.ceil(ms / 1_000)
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`
}

/** What the person of a page may do over HTTP. */
export async function apiOf(page: Page) {
  const kept = await page.evaluate(() => sessionStorage.getItem('challenges:person:first'))
  const { token } = Session.parse(JSON.parse(kept ?? 'null'))
  const { origin, pathname } = new URL(page.url())
  const base = `${origin}/api/v2/challenges/${pathname.split('/').at(-1)}`
  const list = async (which: 'active' | 'history') => {
    const init = { headers: { authorization: `Bearer ${token}` } }
    const answer = await asked(`${base}/${which}?include_time_remaining=true`, init)
    return GameChallengeList.parse(answer).challenges
  }
  const only = async (building: string) => {
    const found = (await list('active')).filter(({ building_name }) => building_name === building)
    expect(found).toHaveLength(1)
    return found[0]!
  }
  return {
    list,
    /** The one challenge for that building that is not over. */
    only,
    /** How much of its time is left now, on the server's clock, in milliseconds. */
    left: async (building: string) => (await only(building)).time_remaining_seconds! * 1_000,
    /** Assigns it with a time that the page does not offer. */
    async assign(building: string, seconds: number): Promise<void> {
      const input: AssignInput = {
        challenge_type: 'push_ups',
        challenge_description: `${seconds} s of push-ups`,
        target_number: 1,
        time_limit_seconds: seconds,
      }
      await asked(`${base}/${(await only(building)).id}/assign`, post(input, token))
    },
  }
}

/** For `expect.poll`: machines that run other tests meanwhile are slow. */
export const patient = { timeout: 15_000 }

/** Resolves when the pages show what the server says is left, all in the same moment: each a row, or what reads its clock. */
export async function expectSameTime(
  clocks: readonly (Locator | (() => Promise<string>))[],
  left: () => Promise<number>,
): Promise<void> {
  const read = (clock: (typeof clocks)[number]) => (typeof clock === 'function' ? clock() : timeIn(clock))
  await expect
    .poll(async () => {
      const shown = await Promise.all(clocks.map(read))
      const real = shownFor(await left())
      return shown.every((time) => time === real) ? 'the same' : `${shown.join(', ')} instead of ${real}`
    }, patient)
    .toBe('the same')
}

/** What is over, as a page lists it, newest first. */
export const historyOf = (page: Page) => part(page, 'History').locator('.past p').allInnerTexts()

/** The challenges of the history by id and status, as a page lists them. */
export const endsIn = (page: Page) =>
  part(page, 'History')
    .locator('.past')
    .evaluateAll((rows) =>
      rows.map((row) => ({
        id: Number((row as HTMLElement).dataset['gameChallenge']),
        status: (row as HTMLElement).dataset['status'],
      })),
    )

/** Sets the network of a window by the lab at its foot. */
export async function setLab(page: Page, label: 'Network' | 'Cut' | 'No WebSocket'): Promise<void> {
  const lab = page.locator('.lab')
  if ((await lab.getAttribute('open')) === null) await lab.locator('summary').click()
  await lab.getByLabel(label, { exact: true }).check({ force: true })
}

import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { afterEach, expect } from 'vitest'
import { Challenge, ChallengeList } from '../../examples/challenge/shared/challenge.ts'
import { ask, type Call, call, signIn } from '../../examples/challenge/test/support.ts'
import { openWindow } from './browser.ts'
import { says } from './game-page.ts'

/** What a browser says of every request and connection that fails; the page cannot keep it from doing so. */
export const networkLines =
  /^Failed to load resource: (net::ERR_(INTERNET_DISCONNECTED|CONNECTION_REFUSED|FAILED)|the server responded with a status of 5\d\d)|^WebSocket connection to '\S+' failed/

export interface ViewOptions extends BrowserContextOptions {
  /** Where to go. Default: the toggles. */
  readonly path?: string
  /** Which lines of the console are no error of the page. Default: none. */
  readonly mayWrite?: RegExp
}

/** Opens windows for tests, and fails a test in whose windows an error was written that nobody expects. */
export function toggleWindows(browserOf: () => Browser) {
  const opened: (() => readonly string[])[] = []
  afterEach(() => {
    const written = opened.splice(0).flatMap((unexpected) => unexpected())
    expect(written, 'errors on the console').toEqual([])
  })
  /** A window that shows nothing yet. */
  const blank = async ({ path: _path, mayWrite, ...context }: ViewOptions = {}): Promise<Page> => {
    const { page, errors } = await openWindow(browserOf(), 'about:blank', context)
    opened.push(() => errors.filter((line) => !mayWrite?.test(line)))
    return page
  }
  /** A window of somebody new, live. */
  const open = async (url: string, options: ViewOptions = {}): Promise<Page> => {
    const page = await blank(options)
    await page.goto(url + (options.path ?? '/'))
    await says(page, 'Live')
    await page.locator('.card, .message').first().waitFor()
    return page
  }
  const openTwo = (url: string, options?: ViewOptions) =>
    Promise.all([open(url, options), open(url, options)])
  return { blank, open, openTwo }
}

/** Somebody who has no window and uses HTTP. */
export async function someone(url: string, name: string) {
  const { token } = await signIn(url, name)
  const send = (to: string, body?: unknown) => ask(url, Challenge, { to, token, body })
  const act = (request: Omit<Call, 'token'>) => call(url, { ...request, token })
  return {
    act,
    create: (name: string) => send('POST /challenges', { name, description: 'So it is.', category: 'Focus' }),
    toggle: (id: number, is_active: boolean) => send(`PATCH /challenges/${id}/toggle`, { is_active }),
    remove: (id: number) => act({ to: `DELETE /challenges/${id}` }),
  }
}

/** The challenges as they stand in the database. */
export async function storedIn(url: string): Promise<readonly Challenge[]> {
  return (await ask(url, ChallengeList, { to: 'GET /challenges' })).challenges
}

export const cardOf = (page: Page, id: number) => page.locator(`[data-challenge="${id}"]`)
export const switchOf = (page: Page, id: number) => cardOf(page, id).getByRole('switch')

/** Resolves when a switch stands so, and nothing of it is on its way. */
export const isOn = (page: Page, id: number, on: boolean) =>
  cardOf(page, id).locator(`[role="switch"][aria-checked="${on}"][aria-busy="false"]`).waitFor()

/** Resolves when a switch is shown so before anybody has said that it is. */
export const isAsked = (page: Page, id: number, on: boolean) =>
  cardOf(page, id).locator(`[role="switch"][aria-checked="${on}"][aria-busy="true"]`).waitFor()

/** Who a window is. */
export const nameIn = (page: Page) => page.locator('.person-name').innerText()

/** Calls the person of a window something else. */
export async function rename(page: Page, name: string): Promise<void> {
  await page.locator('.person').click()
  await page.getByRole('dialog').getByLabel('Name').fill(name)
  await page.getByRole('dialog').getByRole('button', { name: 'Save' }).click()
  await page.getByRole('button', { name: `You are ${name}. Change your name` }).waitFor()
}

/** What lies over the page for a moment. */
export const toastIn = (page: Page, text: string) =>
  page.locator('[data-sonner-toast]').filter({ hasText: text })

/** Marks the page as it stands; tells later whether it was not loaded anew. */
export async function stays(page: Page): Promise<() => Promise<boolean>> {
  await page.evaluate(() => void Object.assign(window, { notReloaded: true }))
  return () => page.evaluate(() => 'notReloaded' in window)
}

/** The cards in which anything of the page changes from now on, and those that React draws, by id. */
export async function watchCards(page: Page) {
  await page.evaluate(() => {
    const changed = new Set<string>()
    Object.assign(window, { changedCards: changed })
    new MutationObserver((records) => {
      for (const { target } of records) {
        const element = target instanceof Element ? target : target.parentElement
        const id = element?.closest('[data-challenge]')?.getAttribute('data-challenge')
        if (id) changed.add(id)
      }
    }).observe(document.body, { subtree: true, childList: true, attributes: true, characterData: true })
  })
  const draws = () =>
    page
      .locator('[data-challenge]')
      .evaluateAll((cards) =>
        cards.map((card) => [card.getAttribute('data-challenge')!, card.getAttribute('data-renders')!]),
      )
  const before = new Map((await draws()) as [string, string][])
  return {
    changed: () =>
      page.evaluate(() => [...(window as unknown as { changedCards: Set<string> }).changedCards]),
    drawn: async () => (await draws()).filter(([id, count]) => before.get(id!) !== count).map(([id]) => id),
  }
}

/** Lets the time of attempts pass, in a page whose clock is installed, until it says `label`. */
export async function giveUp(page: Page, label: string) {
  await expect
    .poll(async () => {
      await page.clock.fastForward(8_000)
      return page.locator('.status').innerText()
    })
    .toBe(label)
}

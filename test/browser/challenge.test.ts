import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { toggle } from '../../examples/challenge/test/support.ts'
import { launchBrowser, openWindow } from '../support/browser.ts'
import {
  type Example,
  startExample,
  startSharedExample,
  temporaryDatabase,
} from '../support/browser-example.ts'
import { says } from '../support/game-page.ts'
import {
  cardOf,
  isAsked,
  isOn,
  nameIn,
  networkLines,
  rename,
  someone,
  stays,
  storedIn,
  switchOf,
  toastIn,
  toggleWindows,
  watchCards,
} from '../support/toggles-page.ts'

let browser: Browser
let example: Example
beforeAll(async () => {
  ;[browser, example] = await Promise.all([launchBrowser(), startSharedExample()])
})
afterAll(() => Promise.all([browser?.close(), example?.stop()]))
const { blank, open, openTwo } = toggleWindows(() => browser)

/** A challenge of its own for a test, with whoever made it. */
async function make(name = 'Swim') {
  const maker = await someone(example.url, 'Mara')
  const { id } = await maker.create(name)
  return { id, maker }
}

const by = (page: Page, id: number, text: string) =>
  cardOf(page, id).getByText(text, { exact: true }).waitFor()

describe('a toggle', () => {
  it('over plain HTTP, of a program that has no connection, shows in every window, with its name', async () => {
    const { id, maker } = await make()
    const pages = await openTwo(example.url)
    await maker.toggle(id, true)
    for (const page of pages) {
      await isOn(page, id, true)
      await by(page, id, 'Switched on by Mara')
    }
    await toggle(example.url, id)
    for (const page of pages) await by(page, id, 'Switched off by somebody')
  })

  it('in one window shows in the other, in its card and nowhere else, and is still there after a reload', async () => {
    const [first, second] = [await make('Swim'), await make('Run')]
    const [one, other] = await openTwo(example.url)
    const watch = await watchCards(other)
    await switchOf(one, first.id).click()
    await isOn(other, first.id, true)
    await by(other, first.id, `Switched on by ${await nameIn(one)}`)
    expect(await watch.changed()).toEqual([`${first.id}`])
    expect(await watch.drawn()).toEqual([`${first.id}`])
    await switchOf(other, second.id).click()
    await isOn(one, second.id, true)
    await by(other, second.id, `Switched on by ${await nameIn(other)}`)
    expect(await watch.drawn()).toEqual([`${first.id}`, `${second.id}`])
    await one.reload()
    await isOn(one, first.id, true)
    await isOn(one, second.id, true)
  })

  it('is told in words to those who did not make it, and marked on their card', async () => {
    const { id } = await make('Sing loudly')
    const [one, other] = await openTwo(example.url)
    await switchOf(one, id).click()
    const words = `Sing loudly was switched on by ${await nameIn(one)}.`
    await other.locator('[aria-live="polite"]').getByText(words).waitFor()
    await by(one, id, `Switched on by ${await nameIn(one)}`)
    expect(await one.getByText(words).count()).toBe(0)
    const marks = [one, other].map((page) => cardOf(page, id).locator('.card-flash').count())
    expect(await Promise.all(marks)).toEqual([0, 1])
  })

  it('shows at once where it is made, and nowhere else before the server has it', async () => {
    const { id } = await make()
    const [one, other] = await openTwo(example.url)
    let goOn = () => {}
    const held = new Promise<void>((resolve) => {
      goOn = resolve
    })
    await one.route('**/toggle', async (route) => {
      await held
      await route.continue()
    })
    await switchOf(one, id).click()
    await isAsked(one, id, true)
    await isOn(other, id, false)
    goOn()
    await isOn(one, id, true)
    await isOn(other, id, true)
  })

  it('goes back with the reason, and without a reload, when the server refuses it', async () => {
    const { id } = await make()
    const [one, other] = await openTwo(example.url, { mayWrite: networkLines })
    const stayed = await stays(one)
    const error = { code: 'internal', message: 'The disk is full.' }
    await one.route('**/toggle', (route) => route.fulfill({ status: 500, json: { error } }))
    await switchOf(one, id).click()
    await cardOf(one, id).getByRole('alert').getByText('Not changed. The disk is full.').waitFor()
    await isOn(one, id, false)
    await one.unroute('**/toggle')
    await switchOf(one, id).click()
    await isOn(other, id, true)
    await isOn(one, id, true)
    expect(await cardOf(one, id).getByRole('alert').count()).toBe(0)
    expect(await stayed()).toBe(true)
  })

  it('of whoever has another name now has that name, in every window', async () => {
    const { id } = await make()
    const [one, other] = await openTwo(example.url)
    await rename(one, 'Grace Hopper')
    await switchOf(one, id).click()
    await by(one, id, 'Switched on by Grace Hopper')
    await by(other, id, 'Switched on by Grace Hopper')
    await expect.poll(() => other.locator('.online').getAttribute('title')).toContain('Grace Hopper')
    await one.reload()
    await one.getByRole('button', { name: 'You are Grace Hopper. Change your name' }).waitFor()
  })
})

describe('who is there', () => {
  it('is counted: up with each person who comes, down when they have gone', async () => {
    const { url } = await startExample({ mode: 'production', dbFile: temporaryDatabase() })
    const counts = (page: Page, text: string) => page.locator('.online').getByText(text).waitFor()
    const one = await open(url)
    await counts(one, '1 online')
    const two = await open(url)
    const three = await open(url)
    for (const page of [one, two, three]) await counts(page, '3 online')
    await two.reload()
    await says(two, 'Live')
    await counts(one, '3 online')
    await Promise.all([two.context().close(), three.goto('about:blank')])
    await counts(one, '1 online')
    expect(await one.locator('.online').getAttribute('title')).toBe(await nameIn(one))
  })
})

describe('a challenge', () => {
  it('that is made in one window is in every window, and the form is empty for the next', async () => {
    const [one, other] = await openTwo(example.url)
    await one.getByRole('button', { name: 'New challenge' }).click()
    const form = one.getByRole('dialog')
    await form.getByLabel('Name').fill('Bake bread')
    await form.getByLabel('What to do').fill('With your own hands.')
    await form.getByLabel('Category').selectOption('Together')
    await form.getByRole('button', { name: 'Create' }).click()
    await form.waitFor({ state: 'hidden' })
    for (const page of [one, other]) {
      const card = page.locator('.card').filter({ hasText: 'Bake bread' })
      await card.getByText('With your own hands.').waitFor()
      await card.getByText('Together').waitFor()
    }
    await one.getByRole('button', { name: 'New challenge' }).click()
    expect(await form.getByLabel('Name').inputValue()).toBe('')
    await form.getByRole('button', { name: 'Not now' }).click()
    await form.waitFor({ state: 'hidden' })
  })

  it('is deleted in every window once somebody has said so twice', async () => {
    const { id } = await make('Gone soon')
    const [one, other] = await openTwo(example.url)
    await cardOf(one, id).getByRole('button', { name: 'Delete Gone soon' }).click()
    const question = one.getByRole('dialog', { name: 'Delete “Gone soon” for everyone?' })
    await question.getByRole('button', { name: 'Keep it' }).click()
    await question.waitFor({ state: 'hidden' })
    await cardOf(other, id).waitFor()
    await cardOf(one, id).getByRole('button', { name: 'Delete Gone soon' }).press('Enter')
    await question.getByRole('button', { name: 'Delete' }).press('Enter')
    for (const page of [one, other]) await cardOf(page, id).waitFor({ state: 'detached' })
    expect((await storedIn(example.url)).map((row) => row.id)).not.toContain(id)
    // Whoever goes by keyboard is not sent back to the top.
    await one.waitForFunction(() => document.activeElement !== document.body)
  })

  it('that somebody has joined tells them, and only them, when somebody else switches it', async () => {
    const { id } = await make('Row a boat')
    const [one, joined, other] = [...(await openTwo(example.url)), await open(example.url)] as const
    await cardOf(joined, id).getByRole('button', { name: 'Join Row a boat 0 joined' }).click()
    await cardOf(joined, id)
      .getByRole('button', { name: 'Joined Row a boat 1 joined', pressed: true })
      .waitFor()
    await cardOf(other, id)
      .getByRole('button', { name: 'Join Row a boat 1 joined', pressed: false })
      .waitFor()
    await switchOf(one, id).click()
    await toastIn(joined, `${await nameIn(one)} switched on “Row a boat”, which you have joined.`).waitFor()
    // A second one, so that a notice of the first to the others would be there by now.
    await switchOf(joined, id).click()
    await isOn(other, id, false)
    await isOn(one, id, false)
    for (const page of [one, other]) expect(await toastIn(page, 'Row a boat').count()).toBe(0)
    expect(await toastIn(joined, 'switched off').count()).toBe(0)
    await cardOf(joined, id).getByRole('button', { name: 'Joined Row a boat 1 joined' }).click()
    await cardOf(one, id).getByRole('button', { name: 'Join Row a boat 0 joined' }).waitFor()
  })
})

describe('the list', () => {
  it('says so when it does not load, and loads on demand', async () => {
    const page = await blank({ mayWrite: networkLines })
    let aborted = 0
    await page.route('**/challenges', (route) => {
      aborted += 1
      return route.abort()
    })
    await page.goto(example.url)
    // One load at once and one with the connection; only a person asks for a third.
    await expect.poll(() => aborted).toBe(2)
    await page.getByRole('alert').getByText('The challenges did not load').waitFor()
    await page.unroute('**/challenges')
    await page.getByRole('button', { name: 'Try again' }).click()
    await isOn(page, 1, true)
  })

  it('says that it is empty, and fills with the first that anybody makes', async () => {
    const { url, stop } = await startExample({ mode: 'production', dbFile: temporaryDatabase() })
    const page = await open(url)
    const somebody = await someone(url, 'Ada')
    for (const { id } of await storedIn(url)) await somebody.remove(id)
    await page.getByText('No challenges yet').waitFor()
    await page.reload()
    await page.getByText('No challenges yet').waitFor()
    const { id } = await somebody.create('The first')
    await isOn(page, id, false)
    await page.close()
    expect(await stop()).toBe(0)
  })
})

describe('the page under Vite', () => {
  it("keeps Vite's own WebSocket and ours working side by side on one port", async () => {
    const { url, stop } = await startExample({ mode: 'development', dbFile: temporaryDatabase() })
    const one = await open(url, { mayWrite: networkLines })
    const received: string[] = []
    const other = await blank({ mayWrite: networkLines })
    other.on('websocket', (socket) => {
      const path = new URL(socket.url()).pathname
      socket.on('framereceived', () => received.push(path))
    })
    await other.goto(url)
    await says(other, 'Live')
    await switchOf(one, 6).click()
    await isOn(other, 6, true)
    await expect.poll(() => new Set(received)).toEqual(new Set(['/', '/sync']))
    expect(await stop()).toBe(0)
  })
})

describe('what is collected as an error', () => {
  it('has what a page throws and what it writes to the console as an error', async () => {
    const { page, errors } = await openWindow(browser, 'about:blank')
    await page.evaluate(() => {
      console.error('written')
      setTimeout(() => {
        throw new Error('thrown')
      })
    })
    await expect.poll(() => errors).toEqual(['written', 'thrown'])
    for (const line of errors) expect(line).not.toMatch(networkLines)
  })
})

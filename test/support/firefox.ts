import puppeteer, { type Browser, type Page } from 'puppeteer-core'
import { onTestFinished } from 'vitest'
import { findFirefox } from '../../scripts/needs.mjs'

/**
 * A headless Firefox, as its makers ship it, driven over WebDriver BiDi. It is not Playwright's, which drives only a
 * build of its own. Throws one line that says how to get one where there is none.
 */
export async function launchFirefox(): Promise<Browser> {
  const executablePath = findFirefox()
  if (executablePath === undefined) {
    throw new Error(
      'No Firefox found: install the Debian package firefox-esr, or set FIREFOX to the path of one.',
    )
  }
  return puppeteer.launch({ browser: 'firefox', executablePath, headless: true })
}

/** A page in a context of its own, with what went wrong in it. */
export interface FirefoxWindow {
  readonly page: Page
  /** Uncaught errors, and what the page or the browser wrote to the console as an error. */
  readonly errors: readonly string[]
}

/** Opens `url` like another person's browser: nothing is shared with other windows. Closed after the test. */
export async function openFirefoxWindow(browser: Browser, url: string): Promise<FirefoxWindow> {
  const context = await browser.createBrowserContext()
  onTestFinished(() => context.close())
  const page = await context.newPage()
  const errors: string[] = []
  page.on('pageerror', (error) => errors.push(error instanceof Error ? error.message : String(error)))
  page.on('console', (message) => {
    if (message.type() === 'error') errors.push(message.text())
  })
  await page.goto(url)
  return { page, errors }
}

/** What a player does and sees in a game of the challenge example, in Firefox. */
export function gameInFirefox({ page }: FirefoxWindow) {
  const click = (selector: string) => page.locator(selector).click()
  const sees = (selector: string) => page.locator(selector).wait()
  const texts = (selector: string) =>
    page.$$eval(selector, (found) => found.map((element) => (element as HTMLElement).innerText))
  return {
    async takeSeat(name: string, team: number): Promise<void> {
      await page.locator('main input[name="name"]').fill(name)
      await page.locator('main select[name="team"]').fill(String(team))
      await click('main button[type="submit"]')
      await sees(`.lead ::-p-text(You are ${name})`)
    },
    ask: (building: string) => click(`.building ::-p-text(${building})`),
    reads: (text: string) => sees(`main ::-p-text(${text})`),
    hears: (label: string) => sees(`.status ::-p-text(${label})`),
    isPaused: () => page.$('.paused').then((found) => found !== null),
    /** Lets nothing through, or all, by the lab at the foot. */
    async setNetwork(mode: 'whole' | 'cut'): Promise<void> {
      if (!(await page.$('.lab[open]'))) await click('.lab summary')
      await click(`.segment:nth-of-type(${mode === 'whole' ? 1 : 2})`)
    },
    /** The clocks, in the order in which they are shown. */
    times: () => texts('.countdown-time'),
    completeFirst: () => click('.row[data-status="assigned"] .row-actions .button'),
    history: () => texts('.past p'),
  }
}

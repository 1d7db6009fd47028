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

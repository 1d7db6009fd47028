import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core'
import { onTestFinished } from 'vitest'
import { findChromium } from '../../scripts/needs.mjs'

const args = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

/** A headless Chromium. Throws one line that says how to get one where there is none. */
export async function launchBrowser(): Promise<Browser> {
  const executablePath = findChromium()
  if (executablePath === undefined) {
    throw new Error(
      'No Chromium found: install the Debian package chromium, or set CHROMIUM to the path of one.',
    )
  }
  return chromium.launch({ executablePath, args })
}

/** A page in a context of its own, with what went wrong in it. */
export interface Window {
  readonly page: Page
  /** Uncaught errors, and what the page or the browser wrote to the console as an error. */
  readonly errors: readonly string[]
}

/** Opens `url` like another person's browser: nothing is shared with other windows. Closed after the test. */
export async function openWindow(
  browser: Browser,
  url: string,
  options: BrowserContextOptions = {},
): Promise<Window> {
  const context = await browser.newContext(options)
  onTestFinished(() => context.close())
  const page = await context.newPage()
  const errors: string[] = []
  page.on('pageerror', (error) => errors.push(error.message))
  page.on('console', (message) => {
    if (message.type() === 'error') errors.push(message.text())
  })
  await page.goto(url)
  return { page, errors }
}

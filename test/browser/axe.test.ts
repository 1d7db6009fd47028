import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { expectAccessible } from '../support/axe.ts'
import { launchBrowser, openWindow } from '../support/browser.ts'

let browser: Browser
beforeAll(async () => {
  browser = await launchBrowser()
})
afterAll(() => browser?.close())

/** A page without a fault but what `main` brings. */
const page = (main: string, lang = 'lang="en"') => `<!doctype html>
  <html ${lang}><head><title>Page</title></head>
  <body><main><h1>Page</h1>${main}</main></body></html>`

async function check(html: string): Promise<void> {
  const window = await openWindow(browser, 'about:blank')
  await window.page.setContent(html)
  await expectAccessible(window.page)
}

const tiny = 'style="width: 10px; height: 10px; padding: 0; border: 0; margin: 0"'

const faults = [
  {
    of: 'level A',
    says: ['image-alt (critical): Images must have alternative text', '  #it', 'alt attribute'],
    html: page('<img id="it" src="data:,">'),
  },
  {
    of: 'level A, in the document itself',
    says: ['html-has-lang (serious): <html> element must have a lang attribute', '  html'],
    html: page('', ''),
  },
  {
    of: 'level A since WCAG 2.1',
    says: ['label-content-name-mismatch (serious): ', '  #it'],
    html: page('<button id="it" aria-label="Leave">Send the letter</button>'),
  },
  {
    of: 'level AA',
    says: ['color-contrast (serious): ', '  #it', 'insufficient color contrast of 1.35'],
    html: page('<p id="it" style="color: #ddd; background: #fff">Pale</p>'),
  },
  {
    of: 'level AA since WCAG 2.1',
    says: ['autocomplete-valid (serious): ', '  #it'],
    html: page('<label>Name <input id="it" autocomplete="nonsense"></label>'),
  },
  {
    of: 'level AA since WCAG 2.2',
    says: ['target-size (serious): ', '  #it'],
    html: page(
      `<button id="it" ${tiny} aria-label="One"></button><button ${tiny} aria-label="Two"></button>`,
    ),
  },
  {
    of: 'good practice',
    says: ['heading-order (moderate): ', '  #it'],
    html: page('<h4 id="it">Too deep</h4>'),
  },
]

describe('the check of accessibility', () => {
  it('lets a page without a fault pass', async () => {
    await check(page('<button>Go</button>'))
  })

  it.each(faults)('names a fault against $of, where it is, and nothing else', async ({ says, html }) => {
    const message = await check(html).then(
      () => 'no fault found',
      (error: Error) => error.message,
    )
    for (const text of says) expect(message).toContain(text)
    expect(message.match(/^[a-z-]+ \((minor|moderate|serious|critical)\): /gm)).toHaveLength(1)
  })

  it('names every fault of a page that has several', async () => {
    const several = check(page('<h4>Too deep</h4><img src="data:,"><img src="data:,">'))
    await expect(several).rejects.toThrow(/heading-order[\s\S]*image-alt|image-alt[\s\S]*heading-order/)
  })

  it('judges colours as they are when an animation has ended, and waits for none that never ends', async () => {
    const { page: moving } = await openWindow(browser, 'about:blank')
    await moving.setContent(page('<p style="background: #fff">Text</p>'))
    await moving.evaluate(() => {
      const text = document.querySelector('p')!
      text.animate({ color: ['#ddd', '#ddd', '#000'] }, 3_000)
      text.animate({ opacity: [1, 1] }, { duration: 100, iterations: Infinity })
    })
    await expectAccessible(moving)
  })
})

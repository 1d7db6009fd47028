import axe, { type NodeResult, type Result, type RunOptions } from 'axe-core'
import type { Page } from 'playwright-core'
import { expect } from 'vitest'

/** WCAG 2.2, levels A and AA, by the version that brought each criterion, and what axe holds good practice. */
const options: RunOptions = {
  runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'],
  resultTypes: ['violations'],
}

/** Waits for what moves and ends: a colour halfway through a transition is not the one that people read. */
const atRest = () =>
  Promise.allSettled(
    document
      .getAnimations()
      .filter(
        ({ effect, playState }) =>
          playState === 'running' && effect?.getComputedTiming().endTime !== Infinity,
      )
      .map((animation) => animation.finished),
  )

async function violationsOf(page: Page): Promise<Result[]> {
  await page.evaluate(atRest)
  if (!(await page.evaluate(() => 'axe' in window))) await page.evaluate(axe.source)
  return page.evaluate(async (how) => {
    const { axe } = window as unknown as { axe: typeof import('axe-core') }
    return (await axe.run(document, how)).violations
  }, options)
}

function describeNode({ target, any, all, none }: NodeResult): string {
  const reasons = [...any, ...all, ...none].map(({ message }) => message)
  return [`  ${target.join(' ')}`, ...reasons.map((reason) => `    ${reason}`)].join('\n')
}

const describeViolation = ({ id, impact, help, nodes }: Result) =>
  [`${id} (${impact}): ${help}`, ...nodes.map(describeNode)].join('\n')

/**
 * Fails with a list of what `page`, as it stands, has against WCAG 2.2 A and AA and against good practice: each rule
 * with its impact and its meaning, and under it the selectors and why. Only what a machine can tell; frames are not
 * looked into.
 */
export async function expectAccessible(page: Page): Promise<void> {
  const violations = await violationsOf(page)
  if (violations.length === 0) return
  expect.fail([`Not accessible: ${page.url()}`, ...violations.map(describeViolation)].join('\n'))
}

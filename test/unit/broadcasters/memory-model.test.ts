import * as fc from 'fast-check'
import { memory } from 'syncline/server'
import { manualClock, seededRandom } from 'syncline/testing'
import { describe, expect, test } from 'vitest'
import type { AppendOnce, Broadcaster } from '../../../src/broadcasters/broadcaster.ts'
import { SyncError } from '../../../src/shared/errors.ts'
import {
  type Attempt,
  HonestSenders,
  RulesModel,
  type SendStep,
  sendSteps,
} from '../../support/honest-senders.ts'

const windowMs = 600_000
/** A mark is kept for so much longer, as what comes may have been on its way for so long. */
const keepMs = windowMs + 15_000
/** Holds the marks of three of the six pairs, and a few entries. */
const fewBytes = 1_400

type Wrap = (inner: Broadcaster) => Partial<Broadcaster>

/** The appends of one course, over a memory broadcaster that may be small, or wrong. */
async function attemptsOf(steps: readonly SendStep[], maxBytes?: number, wrong: Wrap = () => ({})) {
  const clock = manualClock()
  const inner = memory({ clock, random: seededRandom(1), ...(maxBytes ? { maxBytes } : {}) })
  const senders = new HonestSenders({ ...inner, ...wrong(inner) }, clock)
  await senders.run(steps)
  return senders.attempts
}

/** Where a mark may have been dropped, what needs it may be indeterminate if it is a resend, and out of order if it is not the base. */
function isExcused({ outcome, mark }: Attempt): boolean {
  return outcome === 'indeterminate'
    ? mark.ageMs !== undefined
    : outcome === 'out_of_order' && mark.n !== mark.base
}

/** Requires what the rules say of each attempt; gives how often they were excused. */
function requireRules(attempts: readonly Attempt[], mayExcuse: boolean): number {
  const model = new RulesModel(windowMs, keepMs)
  let excused = 0
  for (const attempt of attempts) {
    const expected = model.expect(attempt)
    if (attempt.outcome === expected) continue
    if (!mayExcuse || !isExcused(attempt)) expect(attempt.outcome, JSON.stringify(attempt)).toBe(expected)
    excused++
  }
  return excused
}

const courses = { seed: 20_261, numRuns: 300 }

test('whatever is sent, lost and sent again, the rules 1 to 5 hold to the letter', async () => {
  const seen = new Set<string>()
  await fc.assert(
    fc.asyncProperty(sendSteps, async (steps) => {
      const attempts = await attemptsOf(steps)
      for (const { outcome } of attempts) seen.add(outcome)
      requireRules(attempts, false)
    }),
    courses,
  )
  expect([...seen].sort()).toEqual(['appended', 'duplicate', 'indeterminate', 'out_of_order'])
})

test('where marks go for want of room, nothing is appended twice and nothing falsely acknowledged', async () => {
  let excused = 0
  await fc.assert(
    fc.asyncProperty(sendSteps, async (steps) => {
      excused += requireRules(await attemptsOf(steps, fewBytes), true)
    }),
    courses,
  )
  // Else there was room for all of them.
  expect(excused).toBeGreaterThan(50)
})

const withSender =
  (change: (once: AppendOnce & { readonly sender: object }) => AppendOnce): Wrap =>
  (inner) => ({
    append: (channel, body, once) => inner.append(channel, body, once?.sender ? change(once) : once),
  })

/** What is wrong, with how the check says so. */
const wrongs: Record<string, readonly [says: string, wrong: Wrap]> = {
  'appends anew what it does not know': [
    'Told appended; before: true',
    withSender(({ sender: { id, n, base } }) => ({ sender: { id, n, base } })),
  ],
  'takes the age for less than it is': [
    'Told appended; before: true',
    withSender(({ sender }) => ({
      sender: { ...sender, ageMs: sender.ageMs === undefined ? undefined : sender.ageMs / 2 },
    })),
  ],
  'appends anew what it knows, and says that it did not': [
    'Appended twice',
    (inner) => ({
      append: async (channel, body, once) => {
        const appended = await inner.append(channel, body, once)
        if (appended.duplicate) await inner.append(channel, body)
        return appended
      },
    }),
  ],
  'acknowledges what it does not know': [
    'Told duplicate; before: false',
    (inner) => ({
      append: async (channel, body, once) => {
        const { top } = await inner.read(channel)
        return inner.append(channel, body, once).catch((error: SyncError) => {
          if (error.code !== 'indeterminate') throw error
          return { ...top, duplicate: true as const }
        })
      },
    }),
  ],
  'says of what it does not know that it was not applied': [
    'Told out_of_order; before: true',
    (inner) => ({
      append: (channel, body, once) =>
        inner.append(channel, body, once).catch((error: SyncError) => {
          throw error.code === 'indeterminate' ? new SyncError('out_of_order', 'Not known') : error
        }),
    }),
  ],
  'knows nothing at a look': ['A look tells false', () => ({ recall: async () => undefined })],
  'refuses what it could append': [
    "to be 'appended'",
    withSender(({ sender }) => ({ sender: { ...sender, base: Math.min(1, sender.base) } })),
  ],
}

describe('the check finds a broadcaster that', () => {
  for (const [name, [says, wrong]] of Object.entries(wrongs)) {
    test(name, async () => {
      const property = fc.asyncProperty(sendSteps, async (steps) => {
        requireRules(await attemptsOf(steps, fewBytes, wrong), true)
      })
      const { errorInstance } = await fc.check(property, { ...courses, endOnFailure: true })
      expect(String(errorInstance)).toContain(says)
    })
  }
})

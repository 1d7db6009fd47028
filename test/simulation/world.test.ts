import { describe, expect, test } from 'vitest'
import { checkHistory } from '../../src/testing/history.ts'
import { runWorld, type WorldReport } from '../../src/testing/world.ts'

const seeds = Number(process.env.SEEDS ?? 2_000)
const first = Number(process.env.FROM_SEED ?? 1)

/** What is wrong with a run, with the seed that replays it; empty for a good one. */
function faultsOf(seed: number, { history, leftTimers, errors }: WorldReport): string[] {
  const violations = checkHistory(history).map(
    ({ invariant, who, why, at }) => `${invariant} at fact ${at}: ${who} ${why}`,
  )
  const timers = leftTimers > 0 ? [`${leftTimers} timers are left`] : []
  const reported = errors.map(({ code, message }) => `${code}: ${message}`)
  return [...violations, ...timers, ...reported].map((fault) => `seed ${seed}: ${fault}`)
}

test(`${seeds} worlds full of faults keep every promise`, async () => {
  const total: Record<string, number> = {}
  for (let seed = first; seed < first + seeds; seed++) {
    const report = await runWorld(seed)
    expect(faultsOf(seed, report)).toEqual([])
    for (const [name, count] of Object.entries(report.counts)) total[name] = (total[name] ?? 0) + count
  }
  console.info(`What happened in ${seeds} worlds:`, total)
  // Proof that the runs were not empty: a world without gaps, cuts and deliveries keeps any promise.
  const happens = [
    'publish',
    'delivered',
    'gap',
    'cut',
    'black hole',
    'hub restart',
    'hub unreachable',
    'broker failure',
  ]
  expect(happens.filter((name) => !((total[name] ?? 0) > seeds / 2))).toEqual([])
}, 600_000)

test('a world without faults has no gap, and nothing of it is lost', async () => {
  for (let seed = 1; seed <= 100; seed++) {
    const report = await runWorld(seed, { faults: false })
    expect(faultsOf(seed, report)).toEqual([])
    expect(report.counts.gap ?? 0).toBe(0)
    expect(report.counts.delivered).toBeGreaterThan(0)
  }
})

test('one seed replays one history', async () => {
  const [one, two] = [await runWorld(7), await runWorld(7)]
  expect(two).toEqual(one)
  expect(await runWorld(8)).not.toEqual(one)
})

describe('the worlds catch a hub', () => {
  const frames = (change: (frame: unknown[]) => unknown[][]) => (message: string) =>
    change(JSON.parse(message)).map((frame) => JSON.stringify(frame))

  /** The rules that are broken in some worlds whose hub's messages are changed on their way. */
  async function broken(tamper: () => (message: string) => readonly string[]): Promise<number[]> {
    const rules = new Set<number>()
    for (let seed = 1; seed <= 20; seed++) {
      const { history } = await runWorld(seed, { tamper: tamper() })
      for (const { invariant } of checkHistory(history)) rules.add(invariant)
    }
    return [...rules].sort()
  }

  test('whose messages arrive as they are: none is caught', async () => {
    expect(await broken(() => (message) => [message])).toEqual([])
  })

  test('that claims a recovery which it did not do', async () => {
    const claim = frames((frame) =>
      frame[0] === 'subscribed'
        ? [[...frame.slice(0, 3), { ...(frame[3] as object), recovered: frame[3] && true }]]
        : [frame],
    )
    expect(await broken(() => claim)).toContain(4)
  })

  test('that drops entries and covers its tracks', async () => {
    const rules = await broken(() => {
      let count = 0
      const hidden = new Map<unknown, { by: number; previous: unknown }>()
      return frames((frame) => {
        if (frame[0] !== 'ev') return [frame]
        const [type, cid, offset, tag, previous, ...rest] = frame
        const trick = hidden.get(cid)
        if (++count % 10 === 0 && !trick) {
          hidden.set(cid, { by: 1, previous })
          return []
        }
        hidden.delete(cid)
        return trick ? [[type, cid, (offset as number) - 1, tag, trick.previous, ...rest]] : [frame]
      })
    })
    expect(rules).toContain(4)
  })

  test('that moves a position without a gap: the client does not follow, and stays behind', async () => {
    const silent = frames((frame) =>
      frame[0] === 'subscribed'
        ? [[...frame.slice(0, 3), { ...(frame[3] as object), recovered: null }]]
        : [frame],
    )
    expect(await broken(() => silent)).toContain(4)
  })

  test('that tells of gaps where there are none', async () => {
    const anxious = frames((frame) =>
      frame[0] === 'subscribed' && (frame[3] as { recovered: unknown }).recovered === true
        ? [[...frame.slice(0, 3), { ...(frame[3] as object), recovered: false, reason: 'retention' }]]
        : [frame],
    )
    expect(await broken(() => anxious)).toContain(7)
  })
})

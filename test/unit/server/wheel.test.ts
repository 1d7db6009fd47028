import * as fc from 'fast-check'
import { manualClock } from 'syncline/testing'
import { describe, expect, test } from 'vitest'
import { TimerWheel, type WheelItem } from '../../../src/server/wheel.ts'
import type { Clock } from '../../../src/shared/clock.ts'

const tickMs = 10

/** How many ticks the wheel catches up by at once. */
const mostTicks = 8

interface Item extends WheelItem {
  readonly name: number
}

/** A wheel on a wall clock that can be set, over a time that cannot; timers fire `lateMs()` late. */
function setUp(lateMs: () => number = () => 0) {
  const time = manualClock()
  let set = 0
  const clock: Clock = {
    now: () => time.now() + set,
    after: (ms, run) => time.after(ms + lateMs(), run),
  }
  const expired: { readonly name: number; readonly at: number }[] = []
  const startedAt = time.now()
  let onExpired: (item: Item) => void = () => {}
  const wheel = new TimerWheel<Item>({
    clock,
    tickMs,
    expired: (item) => {
      expired.push({ name: item.name, at: time.now() - startedAt })
      onExpired(item)
    },
  })
  let lastName = 0
  const item = (): Item => ({ name: lastName++, slot: undefined })
  const wait = (ms: number): Item => {
    const waiting = item()
    wheel.schedule(waiting, ms)
    return waiting
  }
  return {
    time,
    wheel,
    expired,
    wait,
    elapsed: () => time.now() - startedAt,
    setClock: (byMs: number) => {
      set += byMs
    },
    whenExpired: (run: (item: Item) => void) => {
      onExpired = run
    },
  }
}

describe('an item', () => {
  test('expires on the tick at or after its time, once', async () => {
    const { time, wait, expired } = setUp()
    for (const ms of [20, 21, 29, 30, 0]) wait(ms)
    await time.advance(1_000)
    expect(expired).toEqual([
      { name: 4, at: 10 },
      { name: 0, at: 20 },
      { name: 1, at: 30 },
      { name: 2, at: 30 },
      { name: 3, at: 30 },
    ])
  })

  test('that is scheduled between two ticks is not early', async () => {
    const { time, wait, expired } = setUp()
    wait(1_000)
    await time.advance(9)
    wait(10)
    await time.advance(18)
    expect(expired).toEqual([{ name: 1, at: 20 }])
  })

  test('that is scheduled again waits for the later time only', async () => {
    const { time, wait, wheel, expired } = setUp()
    const again = wait(20)
    wait(500)
    await time.advance(15)
    wheel.schedule(again, 20)
    await time.advance(400)
    expect(expired).toEqual([{ name: again.name, at: 40 }])
  })

  test('that is cancelled does not expire, nor does one that another one cancels in the same tick', async () => {
    const { time, wait, wheel, expired, whenExpired } = setUp()
    const [first, second, third] = [wait(20), wait(20), wait(20)]
    wheel.cancel(first)
    wheel.cancel(first)
    whenExpired(() => wheel.cancel(third))
    await time.advance(1_000)
    expect(expired).toEqual([{ name: second.name, at: 20 }])
    expect([first.slot, second.slot, third.slot]).toEqual([undefined, undefined, undefined])
  })

  test('that is scheduled while the wheel catches up waits from then on', async () => {
    let lateMs = 0
    const { time, wait, wheel, expired, whenExpired } = setUp(() => lateMs)
    lateMs = 35
    const again = wait(10)
    lateMs = 0
    wait(500)
    whenExpired((item) => {
      if (expired.length === 1) wheel.schedule(item, 30)
    })
    await time.advance(400)
    expect(expired.map(({ name, at }) => [name, at])).toEqual([
      [again.name, 45],
      [again.name, 80],
    ])
  })

  test('may be scheduled again as it expires, also for no time at all', async () => {
    const { time, wait, wheel, expired, whenExpired } = setUp()
    whenExpired((item) => {
      if (expired.length < 4) wheel.schedule(item, expired.length === 1 ? 0 : 30)
    })
    wait(10)
    await time.advance(1_000)
    expect([expired.map(({ at }) => at), time.pending]).toEqual([[10, 20, 50, 80], 0])
  })
})

describe('the timer of a wheel', () => {
  test('is one, however many wait, and none when nothing waits', async () => {
    const { time, wait, wheel } = setUp()
    expect(time.pending).toBe(0)
    const items = Array.from({ length: 1_000 }, (_, i) => wait(i))
    expect(time.pending).toBe(1)
    for (const item of items) wheel.cancel(item)
    expect(time.pending).toBe(0)
    wait(50)
    await time.advance(60)
    expect(time.pending).toBe(0)
  })
})

describe('a wall clock that is set', () => {
  test('forward by a day ends nothing that has more than a few ticks left', async () => {
    const { time, wait, setClock, expired } = setUp()
    wait(200)
    setClock(86_400_000)
    await time.advance(200 - mostTicks * tickMs)
    expect(expired).toEqual([])
    await time.advance(mostTicks * tickMs)
    expect(expired).toHaveLength(1)
  })

  test('back by a day makes nothing wait for a day', async () => {
    const { time, wait, setClock, expired } = setUp()
    wait(200)
    setClock(-86_400_000)
    await time.advance(200)
    expect(expired).toHaveLength(1)
  })
})

type Step =
  | { readonly do: 'wait' | 'again'; readonly which: number; readonly ms: number }
  | { readonly do: 'cancel'; readonly which: number }
  | { readonly do: 'advance'; readonly ms: number }
  | { readonly do: 'set'; readonly ms: number }

const ms = fc.nat({ max: 400 })
const which = fc.nat({ max: 30 })
const ordinary: fc.Arbitrary<Step>[] = [
  fc.record({ do: fc.constantFrom('wait', 'wait', 'again'), which, ms }) as fc.Arbitrary<Step>,
  fc.record({ do: fc.constant('cancel'), which }) as fc.Arbitrary<Step>,
  fc.record({ do: fc.constant('advance'), ms: fc.nat({ max: 60 }) }) as fc.Arbitrary<Step>,
]
const setting = fc.record({ do: fc.constant('set'), ms: fc.integer({ min: -5_000, max: 5_000 }) })
const course = (...kinds: fc.Arbitrary<Step>[]) =>
  fc.array(fc.oneof(...kinds), { minLength: 1, maxLength: 60, size: 'max' })

/** By how much an item may be early or late, in milliseconds. */
interface Bounds {
  readonly earlyMs: (settings: number) => number
  readonly lateMs: (settings: number) => number
}

/** Takes the steps beside a model of who waits until when; tells every breach. */
async function breaches(
  steps: readonly Step[],
  bounds: Bounds,
  timerLateMs?: () => number,
): Promise<string[]> {
  const { time, wheel, wait, expired, elapsed, setClock, whenExpired } = setUp(timerLateMs)
  const found: string[] = []
  const items: Item[] = []
  const due = new Map<number, { readonly at: number; readonly settings: number }>()
  let settings = 0
  whenExpired(({ name }) => {
    const known = due.get(name)
    due.delete(name)
    if (!known) return found.push(`${name} expires without waiting`)
    const byMs = elapsed() - known.at
    const since = settings - known.settings
    if (byMs < -bounds.earlyMs(since)) found.push(`${name} is ${-byMs} ms early`)
    if (byMs > bounds.lateMs(since)) found.push(`${name} is ${byMs} ms late`)
    return undefined
  })
  const expect = (item: Item, ms: number) => due.set(item.name, { at: elapsed() + ms, settings })
  for (const step of steps) {
    if (step.do === 'advance') await time.advance(step.ms)
    else if (step.do === 'set') {
      setClock(step.ms)
      settings++
    } else if (step.do === 'wait') {
      const item = wait(step.ms)
      items.push(item)
      expect(item, step.ms)
    } else {
      const item = items[step.which % items.length]
      if (!item) continue
      if (step.do === 'cancel') {
        wheel.cancel(item)
        due.delete(item.name)
      } else {
        wheel.schedule(item, step.ms)
        expect(item, step.ms)
      }
    }
  }
  await time.advance(10_000)
  for (const name of due.keys()) found.push(`${name} never expires`)
  if (time.pending > 0) found.push(`${time.pending} timers are left`)
  if (new Set(items.map(({ slot }) => slot)).size > 1) found.push('a slot is left')
  if (expired.length > steps.length) found.push('more expire than were scheduled')
  return found
}

const exact: Bounds = { earlyMs: () => 0, lateMs: () => tickMs }

describe('whatever waits, is scheduled again and cancelled', () => {
  test('nothing is early, nothing more than a tick late, and nothing is left', async () => {
    await fc.assert(
      fc.asyncProperty(course(...ordinary), async (steps) => {
        expect(await breaches(steps, exact)).toEqual([])
      }),
      { numRuns: 300 },
    )
  })

  test('lateness does not add up where each timer fires late', async () => {
    const mostLateMs = 45
    await fc.assert(
      fc.asyncProperty(
        course(...ordinary),
        fc.infiniteStream(fc.nat({ max: mostLateMs })),
        async (steps, late) => {
          const bounds = { earlyMs: () => 0, lateMs: () => tickMs + mostLateMs }
          expect(await breaches(steps, bounds, () => late.next().value)).toEqual([])
        },
      ),
      { numRuns: 300 },
    )
  })

  test('each setting of the wall clock makes it early or late by a few ticks at most', async () => {
    // The last setting before it was scheduled may show with the next tick only.
    const aFew = (settings: number) => (settings + 1) * (mostTicks + 1) * tickMs
    const bounds: Bounds = { earlyMs: aFew, lateMs: aFew }
    await fc.assert(
      fc.asyncProperty(course(...ordinary, setting as fc.Arbitrary<Step>), async (steps) => {
        expect(await breaches(steps, bounds)).toEqual([])
      }),
      { numRuns: 300 },
    )
  })
})

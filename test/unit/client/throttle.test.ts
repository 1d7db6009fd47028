import { manualClock } from 'syncline/testing'
import { expect, test } from 'vitest'
import { throttle } from '../../../src/client/throttle.ts'

function setUp() {
  const clock = manualClock()
  const out: [ms: number, value: string][] = []
  const startedAt = clock.now()
  const { push, cancel } = throttle<string>(clock, 100, (value) => out.push([clock.now() - startedAt, value]))
  return { clock, out, push, cancel }
}

test('the first goes on at once, and of those after it the last at the end of the time', async () => {
  const { clock, out, push } = setUp()
  push('a')
  push('b')
  await clock.advance(50)
  push('c')
  await clock.advance(1_000)
  expect(out).toEqual([
    [0, 'a'],
    [100, 'c'],
  ])
  push('d')
  expect(out.at(-1)).toEqual([1_050, 'd'])
})

test('what comes all the time goes on once in each time', async () => {
  const { clock, out, push } = setUp()
  for (let step = 0; step < 100; step++) {
    push(String(step))
    await clock.advance(10)
  }
  expect(out.map(([ms]) => ms)).toEqual([0, 100, 200, 300, 400, 500, 600, 700, 800, 900, 1_000])
})

test('what waits can be dropped, and no timer is left', async () => {
  const { clock, out, push, cancel } = setUp()
  push('a')
  push('b')
  cancel()
  expect(clock.pending).toBe(0)
  await clock.advance(1_000)
  push('c')
  expect(out.map(([, value]) => value)).toEqual(['a', 'c'])
})

test('undefined is a value too', async () => {
  const clock = manualClock()
  const out: unknown[] = []
  const { push } = throttle<undefined>(clock, 100, (value) => out.push(value))
  push(undefined)
  push(undefined)
  await clock.advance(100)
  expect(out).toHaveLength(2)
})

import * as fc from 'fast-check'
import { manualClock } from 'syncline/testing'
import { describe, expect, test } from 'vitest'
import { MeasuredClock } from '../../../src/client/server-clock.ts'
import type { PongFrame } from '../../../src/protocol/frames.ts'
import { Listeners } from '../../../src/shared/listeners.ts'
import { onlineOnTest } from '../../support/connection-on-test.ts'

function setUp() {
  const clock = manualClock(1_000_000)
  const measured = new MeasuredClock(
    clock,
    new Listeners((error) => {
      throw error
    }),
  )
  const told: number[] = []
  const undo = measured.onChange(() => told.push(measured.offsetMs))
  /** The hub is `offsetMs` ahead; its answer takes `there` and then `back` milliseconds. */
  const measure = async (offsetMs: number, there: number, back = there) => {
    const sentAt = clock.now()
    await clock.advance(there)
    const time = clock.now() + offsetMs
    await clock.advance(back)
    measured.measure(sentAt, time)
  }
  return { clock, measured, told, undo, measure }
}

describe('the clock of a server', () => {
  test('is this machine’s until it is measured', () => {
    const { clock, measured } = setUp()
    expect([measured.now(), measured.offsetMs, measured.errorMs]).toEqual([
      clock.now(),
      0,
      Number.POSITIVE_INFINITY,
    ])
  })

  test('is right to the millisecond over a way that takes as long there as back', async () => {
    const { clock, measured, measure, told } = setUp()
    await measure(-3_600_000, 40)
    expect([measured.now(), measured.errorMs]).toEqual([clock.now() - 3_600_000, 40])
    expect(told).toEqual([-3_600_000])
  })

  test('keeps a better measurement, and tells nobody of a worse one', async () => {
    const { measured, measure, told } = setUp()
    await measure(500, 10)
    await measure(500, 0, 300)
    expect([measured.offsetMs, measured.errorMs, told]).toEqual([500, 10, [500]])
  })

  test('believes a worse measurement that excludes the better one: a clock was set', async () => {
    const { measured, measure } = setUp()
    await measure(500, 10)
    await measure(-60_000, 200)
    expect([measured.offsetMs, measured.errorMs]).toEqual([-60_000, 200])
  })

  test('ignores a measurement in which this clock was set back', () => {
    const { clock, measured, told } = setUp()
    measured.measure(clock.now() + 5_000, clock.now())
    expect([measured.offsetMs, told]).toEqual([0, []])
  })

  test('is never further off than it says, however unlike the ways there and back are', async () => {
    const way = fc.integer({ min: 0, max: 5_000 })
    const steps = fc.array(fc.tuple(way, way), { minLength: 1, maxLength: 10 })
    await fc.assert(
      fc.asyncProperty(steps, fc.integer({ min: -1e9, max: 1e9 }), async (ways, offsetMs) => {
        const { measured, measure } = setUp()
        for (const [there, back] of ways) await measure(offsetMs, there, back)
        // Half a millisecond is lost in rounding.
        expect(Math.abs(measured.offsetMs - offsetMs)).toBeLessThanOrEqual(measured.errorMs + 0.5)
      }),
      { numRuns: 200 },
    )
  })

  test('gives its listener back, and calls later by this machine’s clock', async () => {
    const { clock, measured, measure, told, undo } = setUp()
    undo()
    await measure(500, 10)
    expect(told).toEqual([])
    let calls = 0
    const cancel = measured.after(100, () => calls++)
    measured.after(100, () => calls++)
    cancel()
    await clock.advance(100)
    expect([calls, clock.pending]).toEqual([1, 0])
  })
})

describe('a connection', () => {
  test('measures at the welcome and with each answer to a ping that tells a time', () => {
    const { clock, measurements, sockets, sent } = onlineOnTest()
    expect(measurements).toEqual([[clock.now(), expect.any(Number)]])
    sockets.last.receive('ping')
    sockets.last.receive('pong', sent('ping')[0]![1]!, 1_234)
    expect(measurements.slice(1)).toEqual([[clock.now(), 1_234]])
  })

  test.each<[string, (echo: number) => PongFrame]>([
    ['no time', (echo) => ['pong', echo]],
    ['no echo', () => ['pong']],
    ['the echo of another ping', (echo) => ['pong', echo + 1, 1_234]],
  ])('measures nothing by an answer with %s', (_, answer) => {
    const { measurements, sockets, sent } = onlineOnTest()
    sockets.last.receive('ping')
    sockets.last.receive(...(answer(sent('ping')[0]![1]!) as ['pong', number, number]))
    expect(measurements).toHaveLength(1)
  })
})

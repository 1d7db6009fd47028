import { manualClock } from 'syncline/testing'
import { expect, test } from 'vitest'
import { SimulatedProcess } from '../../../src/testing/simulated-process.ts'

function setUp() {
  const clock = manualClock(1_000)
  const process = new SimulatedProcess('node 0', clock)
  const ran: string[] = []
  return { clock, process, ran, note: (what: string) => () => void ran.push(what) }
}

test('what comes to a frozen process waits for the thaw, in order, and its timers with it', async () => {
  const { clock, process, ran, note } = setUp()
  process.clock.after(10, note('timer'))
  process.freeze()
  process.pass(note('first'))
  await clock.advance(50)
  process.pass(note('last'))
  expect([ran, process.isFrozen, process.isRunning]).toEqual([[], true, false])
  process.thaw()
  expect([ran, process.isRunning]).toEqual([['first', 'timer', 'last'], true])
})

test('a timer that is taken back while it waits for the thaw does not run', async () => {
  const { clock, process, ran, note } = setUp()
  const undo = process.clock.after(10, note('timer'))
  process.freeze()
  await clock.advance(20)
  undo()
  process.thaw()
  expect(ran).toEqual([])
})

test('what thaws and freezes again leaves the rest for later', () => {
  const { process, ran, note } = setUp()
  process.freeze()
  process.pass(() => process.freeze())
  process.pass(note('later'))
  process.thaw()
  expect(ran).toEqual([])
  process.thaw()
  expect(ran).toEqual(['later'])
})

test('nothing of a process that has ended runs, and it leaves no timer', async () => {
  const { clock, process, ran, note } = setUp()
  process.clock.after(10, note('timer'))
  process.freeze()
  process.pass(note('waiting'))
  process.end()
  process.thaw()
  process.pass(note('late'))
  process.clock.after(10, note('new timer'))
  await clock.advance(100)
  expect([ran, clock.pending, process.hasEnded, process.isRunning]).toEqual([[], 0, true, false])
})

test('its wall clock can be set, and its timers run on', async () => {
  const { clock, process, ran, note } = setUp()
  process.clock.after(10, note('timer'))
  process.jumpClock(-500)
  expect(process.clock.now()).toBe(500)
  await clock.advance(10)
  expect(ran).toEqual(['timer'])
  process.setClockRight()
  expect(process.clock.now()).toBe(clock.now())
})

import { manualClock } from 'syncline/testing'
import { expect, test } from 'vitest'
import { tick } from '../../../src/testing/manual-clock.ts'

test('a manual clock stands still until it is moved', async () => {
  const clock = manualClock(1_000)
  await clock.settle()
  expect(clock.now()).toBe(1_000)
  await clock.advance(250)
  expect(clock.now()).toBe(1_250)
})

test('timers run at their own time, in order of time and then of their making', async () => {
  const clock = manualClock(0)
  const ran: string[] = []
  const note = (name: string) => () => ran.push(`${name} at ${clock.now()}`)
  clock.after(20, note('late'))
  clock.after(10, note('first'))
  clock.after(10, note('second'))
  clock.after(31, note('beyond'))
  await clock.advance(30)
  expect(ran).toEqual(['first at 10', 'second at 10', 'late at 20'])
  expect([clock.pending, clock.nextAt, clock.now()]).toEqual([1, 31, 30])
})

test('timers that are made on the way run too when they fall due on it', async () => {
  const clock = manualClock(0)
  const ran: number[] = []
  const tick = () => {
    ran.push(clock.now())
    clock.after(10, tick)
  }
  clock.after(10, tick)
  await clock.advance(35)
  expect(ran).toEqual([10, 20, 30])
})

test('promises settle after each timer, before the next one runs', async () => {
  const clock = manualClock(0)
  const ran: string[] = []
  clock.after(10, () => {
    ran.push('first')
    void (async () => {
      for (let i = 0; i < 50; i++) await null
      ran.push('its promises')
    })()
  })
  clock.after(10, () => ran.push('second'))
  await clock.advance(10)
  expect(ran).toEqual(['first', 'its promises', 'second'])
})

test('a timer made by a promise that was under way is not missed', async () => {
  const clock = manualClock(0)
  const ran: number[] = []
  void Promise.resolve().then(() => clock.after(5, () => ran.push(clock.now())))
  await clock.advance(10)
  expect(ran).toEqual([5])
})

test('a timer that was taken back does not run, and taking it back twice is harmless', async () => {
  const clock = manualClock(0)
  let ran = 0
  const undo = clock.after(5, () => ran++)
  undo()
  undo()
  expect([clock.pending, clock.nextAt]).toEqual([0, undefined])
  await clock.advance(10)
  expect(ran).toBe(0)
})

test('a delay below nothing is due at once, and time never runs back', async () => {
  const clock = manualClock(100)
  const ran: number[] = []
  clock.after(-50, () => ran.push(clock.now()))
  await clock.advance(-10)
  expect([ran, clock.now()]).toEqual([[100], 100])
})

test('a tick comes after every microtask, also where it is asked for outside of one', async () => {
  const heard: string[] = []
  await new Promise<void>((done) => {
    setTimeout(() => {
      void (async () => {
        for (let i = 0; i < 50; i++) await null
        heard.push('microtasks')
      })()
      void tick().then(() => {
        heard.push('tick')
        done()
      })
    }, 0)
  })
  expect(heard).toEqual(['microtasks', 'tick'])
})

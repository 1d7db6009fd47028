import { expect, test, vi } from 'vitest'
import { systemClock } from '../../../src/shared/clock.ts'

test('the system clock tells the milliseconds since 1970', () => {
  const before = Date.now()
  expect(systemClock.now()).toBeGreaterThanOrEqual(before)
})

test('the system clock calls back once, unless it is taken back', async () => {
  const calls: string[] = []
  const undo = systemClock.after(0, () => calls.push('taken back'))
  systemClock.after(0, () => calls.push('first'))
  undo()
  undo()
  await new Promise<void>((resolve) => systemClock.after(0, resolve))
  expect(calls).toEqual(['first'])
})

test('the system clock sees timers that were replaced after it was loaded', () => {
  const asked = vi.spyOn(globalThis, 'setTimeout')
  systemClock.after(5, () => {})()
  expect(asked).toHaveBeenCalledWith(expect.any(Function), 5)
  asked.mockRestore()
})

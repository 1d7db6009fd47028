import { afterEach, expect, test, vi } from 'vitest'
import { SyncError } from '../../../src/shared/errors.ts'
import { reportToPlatform } from '../../../src/shared/report.ts'

afterEach(() => {
  vi.unstubAllGlobals()
  vi.restoreAllMocks()
})

const error = new SyncError('forbidden', 'The user may not')

test("an error goes to the platform's reportError where there is one", () => {
  const told = vi.fn()
  const written = vi.spyOn(console, 'error')
  vi.stubGlobal('reportError', told)
  reportToPlatform(error, { stage: 'subscribe' })
  expect(told.mock.calls).toEqual([[error]])
  expect(written).not.toHaveBeenCalled()
})

test('an error goes to the console where there is no reportError', () => {
  const written = vi.spyOn(console, 'error').mockImplementation(() => {})
  vi.stubGlobal('reportError', undefined)
  reportToPlatform(error, { stage: 'subscribe' })
  expect(written.mock.calls).toEqual([['syncline: subscribe', error]])
})

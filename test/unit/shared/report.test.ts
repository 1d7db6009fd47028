import { afterEach, expect, test, vi } from 'vitest'
import { SyncError } from '../../../src/shared/errors.ts'
import { guardHandler, reportToPlatform } from '../../../src/shared/report.ts'

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

test('a handler that throws does not throw at whoever reports, and is reported itself', () => {
  const told = vi.fn()
  vi.stubGlobal('reportError', told)
  const mine = new Error('mine')
  const handle = guardHandler(() => {
    throw mine
  })
  handle(error, { stage: 'subscribe' })
  expect(told.mock.calls).toMatchObject([[{ code: 'listener_failed', cause: mine }]])
})

test('an async handler that fails is reported, and is no unhandled rejection', async () => {
  const told = vi.fn()
  vi.stubGlobal('reportError', told)
  guardHandler(async () => {
    throw new Error('mine')
  })(error, { stage: 'subscribe' })
  await vi.waitFor(() => expect(told.mock.calls).toMatchObject([[{ code: 'listener_failed' }]]))
})

import { describe, expect, test } from 'vitest'
import { isSyncError, retryableCodes, SyncError, toSyncError } from '../../../src/shared/errors.ts'

describe('an error', () => {
  test('carries its code, its message and its name', () => {
    const error = new SyncError('bad_channel', 'No such parameter')
    expect(error).toBeInstanceOf(Error)
    expect([error.code, error.message, error.name]).toEqual(['bad_channel', 'No such parameter', 'SyncError'])
    expect(String(error)).toBe('SyncError: No such parameter')
  })

  test('says whether trying again may help, by its code', () => {
    for (const code of retryableCodes) expect(new SyncError(code, '').retryable).toBe(true)
    for (const code of ['bad_payload', 'forbidden', 'indeterminate'] as const) {
      expect(new SyncError(code, '').retryable).toBe(false)
    }
  })

  test('has a cause only where one was given, be it undefined', () => {
    expect('cause' in new SyncError('internal', '')).toBe(false)
    expect(new SyncError('internal', '', { cause: 'it' }).cause).toBe('it')
    expect('cause' in new SyncError('internal', '', { cause: undefined })).toBe(true)
  })

  test('has no issues but those that a schema found', () => {
    const issues = [{ message: 'too long', path: ['text', 0] }]
    expect(new SyncError('bad_payload', '', { issues }).issues).toBe(issues)
    expect(new SyncError('forbidden', '').issues).toEqual([])
  })
})

describe('recognising an error', () => {
  test('works by its mark, so that one of another copy of the package counts', () => {
    expect(isSyncError(new SyncError('internal', ''))).toBe(true)
    expect(isSyncError({ '~syncError': true, code: 'internal' })).toBe(true)
  })

  test('takes nothing else for one', () => {
    for (const value of [new Error('no'), null, undefined, 'SyncError', 1, { code: 'internal' }]) {
      expect(isSyncError(value)).toBe(false)
    }
  })

  test('passes one through and wraps all else with the code, the words and the cause', () => {
    const own = new SyncError('forbidden', 'no')
    expect(toSyncError(own, 'internal')).toBe(own)
    const cause = new TypeError('x is undefined')
    expect(toSyncError(cause, 'internal')).toMatchObject({
      code: 'internal',
      message: 'x is undefined',
      cause,
    })
    expect(toSyncError('words', 'internal')).toMatchObject({ message: 'words', cause: 'words' })
    expect(toSyncError(undefined, 'internal').message).toBe('undefined')
  })
})

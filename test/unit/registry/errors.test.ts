import { expect, it } from 'vitest'
import { SyncError } from '../../../src/shared/errors.ts'
import { thrown } from './errors.ts'

it('fails a test whose code throws nothing, another code, or another error', () => {
  const other = new SyncError('timeout', 'late')
  expect(() => thrown('bad_payload', () => 1)).toThrow('nothing was thrown')
  expect(() =>
    thrown('bad_payload', () => {
      throw other
    }),
  ).toThrow(other)
  expect(() =>
    thrown('bad_payload', () => {
      throw new TypeError('bug')
    }),
  ).toThrow(TypeError)
})

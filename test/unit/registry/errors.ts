import { isSyncError, type SyncError, type SyncErrorCode } from '../../../src/shared/errors.ts'

/** The error of `code` that `run` throws; anything else fails the test that asks. */
export function thrown(code: SyncErrorCode, run: () => unknown): SyncError {
  try {
    run()
  } catch (error) {
    if (isSyncError(error) && error.code === code) return error
    throw error
  }
  throw new Error(`expected ${code}, but nothing was thrown`)
}

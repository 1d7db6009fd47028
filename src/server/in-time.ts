import type { Clock } from '../shared/clock.ts'
import { SyncError, type SyncErrorCode } from '../shared/errors.ts'

export interface Deadline {
  readonly clock: Clock
  readonly ms: number
  /** What is said when it has passed. */
  readonly code: SyncErrorCode
}

/** Fails what takes too long: nobody may be kept waiting for ever. What is no promise is there already. */
export function inTime<T>(work: T | PromiseLike<T>, { clock, ms, code }: Deadline): T | Promise<T> {
  if (!isPromise(work)) return work
  return new Promise((resolve, reject) => {
    const cancel = clock.after(ms, () => reject(new SyncError(code, `Not decided in ${ms} ms`)))
    work.then(
      (value) => {
        cancel()
        resolve(value)
      },
      (error) => {
        cancel()
        reject(error)
      },
    )
  })
}

export function isPromise<T>(value: T | PromiseLike<T>): value is PromiseLike<T> {
  return typeof (value as PromiseLike<T> | undefined)?.then === 'function'
}

import type { Clock } from '../shared/clock.ts'
import { SyncError } from '../shared/errors.ts'

export interface Deadline {
  readonly clock: Clock
  readonly ms: number
  /** What is said when it has passed. */
  readonly late: (ms: number) => SyncError
}

/** Fails what takes too long: nobody may be kept waiting for ever. What is no promise is there already. */
export function inTime<T>(work: T | PromiseLike<T>, { clock, ms, late }: Deadline): T | Promise<T> {
  if (!isPromise(work)) return work
  return new Promise((resolve, reject) => {
    const cancel = clock.after(ms, () => reject(late(ms)))
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

/** Not decided in time: it may be asked again. */
export const undecided = (ms: number) => new SyncError('unavailable', `Not decided in ${ms} ms`)

/** A hook or a handler of the app took too long. */
export const unanswered = (ms: number) => new SyncError('timeout', `Not answered in ${ms} ms`)

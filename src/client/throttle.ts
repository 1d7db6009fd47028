import type { Clock } from '../shared/clock.ts'

/** Takes values as often as they come, and hands the latest on at most once in a while. */
export interface Throttle<Value> {
  /** The first goes on at once; of those within the time after it, the last goes on at its end. */
  push(value: Value): void
  /** Drops what waits; the next goes on at once again. */
  cancel(): void
}

/** Calls `run` at most once every `ms` milliseconds. */
export function throttle<Value>(clock: Clock, ms: number, run: (value: Value) => void): Throttle<Value> {
  let waiting: readonly [Value] | undefined
  let stop: (() => void) | undefined
  const open = () => {
    stop = undefined
    if (waiting) send(waiting[0])
  }
  const send = (value: Value) => {
    waiting = undefined
    stop = clock.after(ms, open)
    run(value)
  }
  return {
    push(value) {
      if (stop) waiting = [value]
      else send(value)
    },
    cancel() {
      waiting = undefined
      stop?.()
      stop = undefined
    },
  }
}

import type { Undo } from './disposer.ts'

/** Time as an argument: tests and simulations pass a manual one. */
export interface Clock {
  /** The wall clock, in whole milliseconds since 1970. */
  now(): number
  /** Milliseconds since some moment, by a clock that is never set, as durations are measured by. Default: `now`. */
  elapsed?(): number
  /** Calls `run` once after `ms` milliseconds; the undo cancels it. */
  after(ms: number, run: () => void): Undo
}

/** A longer time would overflow, and run at once: 24.8 days. */
const longestMs = 2 ** 31 - 1

/** The real clock. Looks the globals up at each call, so that fake timers installed later are seen. */
export const systemClock: Clock = {
  now: () => Date.now(),
  elapsed: () => performance.now(),
  after(ms, run) {
    const timer = setTimeout(run, Math.min(ms, longestMs))
    return () => clearTimeout(timer)
  },
}

/** What durations are measured by. */
export function elapsedOf(clock: Pick<Clock, 'now' | 'elapsed'>): number {
  return clock.elapsed?.() ?? clock.now()
}

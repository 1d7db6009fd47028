import type { Clock } from '../shared/clock.ts'
import type { Undo } from '../shared/disposer.ts'

/** Watches one link for silence. */
export interface Heartbeat {
  /** Something arrived. */
  heard(): void
  stop: Undo
}

/**
 * Calls `onSilence` once when nothing was heard for `limitMs`. Keeps one timer and a time stamp, so that a
 * message costs no timer.
 */
export function watchSilence(clock: Clock, limitMs: number, onSilence: () => void): Heartbeat {
  let last = clock.now()
  let stop: Undo
  const look = () => {
    const now = clock.now()
    // What lies ahead is from before the wall clock was set back.
    last = Math.min(last, now)
    if (now - last < limitMs) stop = clock.after(last + limitMs - now, look)
    else onSilence()
  }
  stop = clock.after(limitMs, look)
  return {
    heard() {
      last = clock.now()
    },
    stop: () => stop(),
  }
}

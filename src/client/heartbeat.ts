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
    const quietMs = clock.now() - last
    // Below 0 the wall clock was set back: what was heard before that proves nothing.
    if (quietMs >= 0 && quietMs < limitMs) stop = clock.after(limitMs - quietMs, look)
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

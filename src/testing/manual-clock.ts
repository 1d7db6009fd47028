import type { Clock } from '../shared/clock.ts'
import type { Undo } from '../shared/disposer.ts'

interface Timer {
  readonly at: number
  readonly order: number
  readonly run: () => void
}

/** A clock that stands still until it is moved. */
export interface ManualClock extends Clock {
  /** How many timers wait. */
  readonly pending: number
  /** When the earliest timer is due, `undefined` when none waits. */
  readonly nextAt: number | undefined
  /**
   * Moves time on by `ms`. Timers run at their own time, in order of time and then of their making, also those
   * that are made on the way; after each, promises settle before the next one runs.
   */
  advance(ms: number): Promise<void>
  /** Lets promises settle without moving time. */
  settle(): Promise<void>
}

/** A clock for tests and simulations, which starts at `startMs` milliseconds since 1970. */
export function manualClock(startMs = 1_700_000_000_000): ManualClock {
  const timers = new Set<Timer>()
  let now = startMs
  let order = 0

  function next(): Timer | undefined {
    let first: Timer | undefined
    for (const timer of timers) {
      if (!first || timer.at < first.at || (timer.at === first.at && timer.order < first.order)) first = timer
    }
    return first
  }

  return {
    now: () => now,
    after(ms, run): Undo {
      const timer: Timer = { at: now + wholeMs(ms), order: order++, run }
      timers.add(timer)
      return () => {
        timers.delete(timer)
      }
    },
    get pending() {
      return timers.size
    },
    get nextAt() {
      return next()?.at
    },
    settle,
    async advance(ms) {
      const until = now + wholeMs(ms)
      await settle()
      for (let timer = next(); timer && timer.at <= until; timer = next()) {
        timers.delete(timer)
        now = Math.max(now, timer.at)
        timer.run()
        await settle()
      }
      now = until
    },
  }
}

/** A clock counts whole milliseconds, and does not go back. */
function wholeMs(ms: number): number {
  return Math.max(0, Math.ceil(ms))
}

/** Resolves once all promise work that is under way has run, however long its chain. */
function settle(): Promise<void> {
  return new Promise((resolve) => {
    // A macrotask comes after every microtask, however many of them make each other.
    if (typeof setImmediate === 'function') setImmediate(resolve)
    else {
      // Browsers make nested timers wait for milliseconds; a message does not.
      const { port1, port2 } = new MessageChannel()
      port1.onmessage = () => {
        port1.close()
        resolve()
      }
      port2.postMessage(undefined)
    }
  })
}

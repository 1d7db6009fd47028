import type { Clock } from '../shared/clock.ts'
import type { Undo } from '../shared/disposer.ts'

interface Timer {
  readonly at: number
  run: () => void
  /** Whether it has run, or was cancelled. */
  isOver: boolean
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

/**
 * A clock for tests and simulations, which starts at `startMs` milliseconds since 1970. `settle` lets all promise work come to its end; by
 * default it waits for a macrotask.
 */
export function manualClock(
  startMs = 1_700_000_000_000,
  settle: () => Promise<void> = macrotask,
): ManualClock {
  const timers = new TimerQueue()
  let now = startMs
  return {
    now: () => now,
    after(ms, run): Undo {
      return timers.add({ at: now + wholeMs(ms), run, isOver: false })
    },
    get pending() {
      return timers.size
    },
    get nextAt() {
      return timers.first?.at
    },
    settle,
    async advance(ms) {
      const until = now + wholeMs(ms)
      await settle()
      for (let timer = timers.take(until); timer; timer = timers.take(until)) {
        now = Math.max(now, timer.at)
        timer.run()
        await settle()
      }
      now = until
    },
  }
}

/** Timers by their time, and then by their making; the next one is the last of the list. */
class TimerQueue {
  readonly #timers: Timer[] = []
  size = 0

  add(timer: Timer): Undo {
    let from = 0
    let to = this.#timers.length
    while (from < to) {
      const middle = (from + to) >> 1
      // One that is made later has the higher order: of one time, it runs later.
      if (this.#timers[middle]!.at > timer.at) from = middle + 1
      else to = middle
    }
    this.#timers.splice(from, 0, timer)
    this.size++
    return () => {
      if (timer.isOver) return
      timer.isOver = true
      // It may stay here for long, and must not keep what it was to do.
      timer.run = nothing
      this.size--
    }
  }

  get first(): Timer | undefined {
    // Those that were cancelled are left where they are until their turn: to look for them costs more.
    while (this.#timers.at(-1)?.isOver) this.#timers.pop()
    return this.#timers.at(-1)
  }

  /** The next one that is due by then. */
  take(until: number): Timer | undefined {
    const timer = this.first
    if (!timer || timer.at > until) return undefined
    this.#timers.pop()
    timer.isOver = true
    this.size--
    return timer
  }
}

/** A clock counts whole milliseconds, and does not go back. */
function wholeMs(ms: number): number {
  return Math.max(0, Math.ceil(ms))
}

/** Resolves once all promise work that is under way has run, however long its chain. */
function macrotask(): Promise<void> {
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

/**
 * As {@link macrotask}, and faster: Node runs what is given to `nextTick` when no microtask is left, without a turn of its event
 * loop. For worlds that have no real sockets or files.
 */
export async function tick(): Promise<void> {
  const { process } = globalThis
  const isNode =
    typeof process === 'object' && process.release?.name === 'node' && !('bun' in process.versions)
  if (!isNode) return macrotask()
  // What is given to it outside of a microtask comes before those that wait.
  await null
  return new Promise((resolve) => process.nextTick(resolve))
}

function nothing(): void {}

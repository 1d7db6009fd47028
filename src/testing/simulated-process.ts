import type { Clock } from '../shared/clock.ts'
import type { Undo } from '../shared/disposer.ts'

/**
 * What runs together and stands still together: a page, or a node. Everything that comes to it from outside passes here, so that it can be
 * frozen (what comes then waits, in order, as in the buffers of a machine), and can end between any two steps.
 */
export class SimulatedProcess {
  readonly name: string
  /** Its own clock: its timers stand still with it, and its wall clock can be set. */
  readonly clock: Clock
  #waiting: (() => void)[] | undefined
  #hasEnded = false
  #offMs = 0
  readonly #timers = new Set<Undo>()

  constructor(name: string, clock: Clock) {
    this.name = name
    this.clock = {
      now: () => clock.now() + this.#offMs,
      elapsed: () => clock.now(),
      after: (ms, run) => this.#after(clock, ms, run),
    }
  }

  get isFrozen(): boolean {
    return this.#waiting !== undefined
  }

  get hasEnded(): boolean {
    return this.#hasEnded
  }

  /** Whether code of it may run now. */
  get isRunning(): boolean {
    return !this.isFrozen && !this.#hasEnded
  }

  /** Runs something from outside: now, once it has thawed, or never. */
  pass(run: () => void): void {
    if (this.#hasEnded) return
    if (this.#waiting) this.#waiting.push(run)
    else run()
  }

  freeze(): void {
    if (!this.#hasEnded) this.#waiting ??= []
  }

  thaw(): void {
    const waiting = this.#waiting
    this.#waiting = undefined
    // One of them may freeze or end it again.
    for (const run of waiting ?? []) this.pass(run)
  }

  /** Sets its wall clock by so many milliseconds, forward or back. */
  jumpClock(ms: number): void {
    this.#offMs += ms
  }

  /** Sets its wall clock right again. */
  setClockRight(): void {
    this.#offMs = 0
  }

  /** Kills it: nothing of it runs any more. */
  end(): void {
    this.#hasEnded = true
    this.#waiting = undefined
    for (const cancel of this.#timers) cancel()
    this.#timers.clear()
  }

  #after(clock: Clock, ms: number, run: () => void): Undo {
    if (this.#hasEnded) return () => {}
    let isCancelled = false
    const stop = clock.after(ms, () => {
      this.#timers.delete(cancel)
      // It may be cancelled while it waits for the thaw.
      this.pass(() => {
        if (!isCancelled) run()
      })
    })
    const cancel = () => {
      isCancelled = true
      stop()
      this.#timers.delete(cancel)
    }
    this.#timers.add(cancel)
    return cancel
  }
}

import type { Clock } from '../shared/clock.ts'
import type { Undo } from '../shared/disposer.ts'
import type { Listeners } from '../shared/listeners.ts'

/** The hub's wall clock, as measured from here: at the welcome, and with each answer to a ping. */
export interface ServerClock extends Clock {
  /** The hub's time, in milliseconds since 1970; this machine's until it is measured. */
  now(): number
  /** How far the hub's clock is ahead of this machine's, in milliseconds; 0 until it is measured. */
  readonly offsetMs: number
  /** How far off that can be: half of the round trip, in milliseconds; infinite until it is measured. */
  readonly errorMs: number
  /** Hears when a better measurement has changed `offsetMs`. Bound: it can be handed on as it is. */
  readonly onChange: (listener: () => void) => Undo
}

/** Reads one clock by another, which tells the time now and then. */
export class MeasuredClock implements ServerClock {
  readonly after: Clock['after']
  readonly onChange: ServerClock['onChange']
  readonly #clock: Clock
  readonly #listeners: Listeners
  #offsetMs = 0
  #errorMs = Number.POSITIVE_INFINITY

  constructor(clock: Clock, listeners: Listeners) {
    this.#clock = clock
    this.#listeners = listeners
    this.after = (ms, run) => clock.after(ms, run)
    this.onChange = (listener) => listeners.on('clock', listener)
  }

  get offsetMs(): number {
    return this.#offsetMs
  }

  get errorMs(): number {
    return this.#errorMs
  }

  now(): number {
    return this.#clock.now() + this.#offsetMs
  }

  /** The other clock showed `time` at some moment between `sentAt` and now (Cristian's algorithm, 1989). */
  measure(sentAt: number, time: number): void {
    const errorMs = (this.#clock.now() - sentAt) / 2
    const offsetMs = Math.round(time - sentAt - errorMs)
    // Two measurements that exclude each other say that a clock was set, or has drifted: the newer one holds.
    const isBetter = errorMs <= this.#errorMs || Math.abs(offsetMs - this.#offsetMs) > errorMs + this.#errorMs
    // One that began before this clock was set back says nothing.
    if (errorMs < 0 || !isBetter) return
    const before = this.#offsetMs
    this.#offsetMs = offsetMs
    this.#errorMs = errorMs
    if (offsetMs !== before) this.#listeners.emit('clock')
  }
}

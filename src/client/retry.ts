import { type BackoffOptions, backoffMs } from '../shared/backoff.ts'
import type { Random } from '../shared/random.ts'

/** When to stop knocking for a while. */
export interface BreakerOptions {
  /** After how many failures in a row to pause. Default 6. */
  readonly failures?: number
  /** How long to pause before one attempt is made as a probe, in milliseconds. Default 30,000. */
  readonly pauseMs?: number
}

export const breakerDefaults: Required<BreakerOptions> = { failures: 6, pauseMs: 30_000 }

export interface RetrySettings {
  readonly backoff: BackoffOptions & { readonly maxAttempts: number }
  readonly breaker: Required<BreakerOptions> | false
  readonly random: Random
}

/** Counts attempts and failures, and says whether and when to try again. */
export class Retry {
  readonly #settings: RetrySettings
  #attempt = 0
  #failures = 0
  /** When the hub wants to see this client again, in milliseconds since 1970. */
  #returnAt: number | undefined

  constructor(settings: RetrySettings) {
    this.#settings = settings
  }

  /** The number of the present or the coming attempt since the connection was last stable. */
  get attempt(): number {
    return this.#attempt
  }

  /** What a loss means for the connection. One that was stable is a drop, not a failure. */
  failed(wasOnline: boolean): 'lost' | 'tripped' | 'refused' {
    const { backoff, breaker } = this.#settings
    // The hub has asked for it.
    if (this.#returnAt !== undefined) return 'lost'
    if (!wasOnline || this.#attempt > 0) this.#failures++
    if (this.#attempt >= backoff.maxAttempts) return 'refused'
    return breaker && this.#failures >= breaker.failures ? 'tripped' : 'lost'
  }

  /** Counts one more attempt, and says how long to wait before it, in milliseconds. */
  delayMs(isPaused: boolean, now: number): number {
    const { backoff, breaker, random } = this.#settings
    this.#attempt++
    if (this.#returnAt !== undefined) return Math.max(0, this.#returnAt - now)
    return isPaused && breaker ? breaker.pauseMs : backoffMs(this.#attempt, random, backoff)
  }

  /** Draws a moment of a hub's window of return; how far it is, in milliseconds. */
  promise([min, max]: readonly [min: number, max: number], now: number): number {
    const delayMs = min + Math.floor(this.#settings.random() * Math.max(0, max - min))
    this.#returnAt = now + delayMs
    return delayMs
  }

  /** An attempt begins: what the hub said before is past. */
  begin(): void {
    this.#returnAt = undefined
  }

  /** The connection is stable, or the app starts over. */
  reset(): void {
    this.#attempt = this.#failures = 0
  }
}

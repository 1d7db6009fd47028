import { withDefaults } from './defaults.ts'
import type { Random } from './random.ts'

/** How long to wait before each attempt to connect again. All times in milliseconds. */
export interface BackoffOptions {
  /** Upper bound of the first delay after a drop, so that a crowd spreads out. Default 3,000. */
  readonly firstMaxMs?: number
  /** Upper bound of the second delay, before its multiplication by `factor`. Default 1,000. */
  readonly baseMs?: number
  /** By what the upper bound grows at each further attempt. Default 2. */
  readonly factor?: number
  /** The highest upper bound. Default 20,000. */
  readonly maxMs?: number
  /** The share of each delay that is drawn at random, from 0 (exactly the bound) to 1 (full jitter). Default 1. */
  readonly jitter?: number
  /**
   * Exactly these delays instead of all the above; the last one holds for all further attempts. Or a function of the
   * attempt's number, from 1.
   */
  readonly delaysMs?: readonly number[] | ((attempt: number, random: Random) => number)
  /** After how many attempts in a row that failed to give up. Default: never. */
  readonly maxAttempts?: number
}

export const backoffDefaults: Required<Omit<BackoffOptions, 'delaysMs'>> = {
  firstMaxMs: 3_000,
  baseMs: 1_000,
  factor: 2,
  maxMs: 20_000,
  jitter: 1,
  maxAttempts: Number.POSITIVE_INFINITY,
}

/** The delay before attempt number `attempt` (from 1) since the connection was last stable. */
export function backoffMs(attempt: number, random: Random, options: BackoffOptions = {}): number {
  const { firstMaxMs, baseMs, factor, maxMs, jitter, delaysMs } = withDefaults(backoffDefaults, options)
  if (typeof delaysMs === 'function') return Math.max(0, delaysMs(attempt, random)) || 0
  if (delaysMs) return delaysMs[Math.min(attempt, delaysMs.length) - 1] ?? 0
  const bound = attempt <= 1 ? firstMaxMs : Math.min(maxMs, baseMs * factor ** (attempt - 1))
  return Math.floor(bound * (1 - Math.min(1, jitter) * (1 - random()))) || 0
}

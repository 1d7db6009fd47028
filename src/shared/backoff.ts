import { withDefaults } from './defaults.ts'
import type { Random } from './random.ts'

/** How long to wait before each attempt to connect again. All times in milliseconds. */
export interface BackoffOptions {
  /** Upper bound of the first delay after a drop, drawn uniformly from 0, so that a crowd spreads out. Default 3,000. */
  readonly firstMaxMs?: number
  /** Upper bound of the second delay; doubles at each further attempt. Default 1,000. */
  readonly baseMs?: number
  /** The highest upper bound. Default 20,000. */
  readonly maxMs?: number
}

export const backoffDefaults: Required<BackoffOptions> = { firstMaxMs: 3_000, baseMs: 1_000, maxMs: 20_000 }

/** The delay before attempt number `attempt` (from 1) since the connection was last stable: full jitter, capped. */
export function backoffMs(attempt: number, random: Random, options: BackoffOptions = {}): number {
  const { firstMaxMs, baseMs, maxMs } = withDefaults(backoffDefaults, options)
  const bound = attempt <= 1 ? firstMaxMs : Math.min(maxMs, baseMs * 2 ** (attempt - 1))
  return Math.floor(random() * bound)
}

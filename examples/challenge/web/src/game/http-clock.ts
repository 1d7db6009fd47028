import type * as z from 'zod'
import type { GameChallengeList } from '../../../shared/game.ts'

const listeners = new Set<() => void>()
let aheadMs = 0

/** How far the server's clock is ahead of this machine's, as HTTP answers tell: for a window without a live connection. */
export const httpClock = {
  get aheadMs(): number {
    return aheadMs
  },
  subscribe(listener: () => void): () => void {
    listeners.add(listener)
    return () => listeners.delete(listener)
  },
  /** Takes a list that was asked for with `include_time_remaining` at `sentAt`: what runs tells what time it is. */
  measure({ challenges }: z.output<typeof GameChallengeList>, sentAt: number): void {
    const running = challenges.find(({ ends_at }) => ends_at !== null)
    if (!running || running.time_remaining_seconds == null) return
    const toldAt = running.ends_at! - running.time_remaining_seconds * 1_000
    aheadMs = Math.round(toldAt - (sentAt + Date.now()) / 2)
    for (const listener of [...listeners]) listener()
  },
}

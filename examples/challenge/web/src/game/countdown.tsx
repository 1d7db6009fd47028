import { Pause } from 'lucide-react'
import { useSyncExternalStore } from 'react'
import type { GameChallenge } from '../../../shared/game.ts'
import { client, useCountdown } from '../sync.ts'
import { httpClock } from './http-clock.ts'

/** How much time is left, on the server's clock: the same on every screen, whatever the machine's own clock says. */
export function Countdown({ challenge }: { readonly challenge: GameChallenge }) {
  const { ends_at, remaining_ms, time_limit_seconds } = challenge
  const unmeasuredMs = useUnmeasuredMs()
  const running = useCountdown(ends_at === null ? null : ends_at - unmeasuredMs)
  const isPaused = ends_at === null
  const seconds = Math.ceil((running ?? remaining_ms ?? 0) / 1_000)
  const share = Math.max(0, Math.min(1, seconds / time_limit_seconds))
  const tone = isPaused ? 'paused' : seconds <= 10 ? 'urgent' : 'calm'
  return (
    <p
      className="countdown"
      data-tone={tone}
      role="timer"
      aria-label={`${clockOf(seconds)} left${isPaused ? ', paused' : ''}`}
    >
      <svg className="ring" viewBox="0 0 36 36" aria-hidden="true">
        <circle className="ring-track" cx="18" cy="18" r="15.5" pathLength="1" />
        <circle
          className="ring-rest"
          cx="18"
          cy="18"
          r="15.5"
          pathLength="1"
          strokeDasharray={`${share} 1`}
        />
      </svg>
      <span className="countdown-time" aria-hidden="true">
        {clockOf(seconds)}
      </span>
      {isPaused && <Pause className="countdown-pause" size={14} aria-hidden="true" />}
    </p>
  )
}

/** How far ahead the server's clock is where no live connection has ever measured it, which does so better. */
function useUnmeasuredMs(): number {
  const { onChange } = client.serverClock
  const isMeasured = useSyncExternalStore(onChange, () => Number.isFinite(client.serverClock.errorMs))
  const aheadMs = useSyncExternalStore(httpClock.subscribe, () => httpClock.aheadMs)
  return isMeasured ? 0 : aheadMs
}

function clockOf(seconds: number): string {
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`
}

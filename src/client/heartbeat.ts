import type { Clock } from '../shared/clock.ts'
import type { Undo } from '../shared/disposer.ts'

export interface HeartbeatOptions {
  readonly clock: Clock
  /** After how long without anything heard the link is dead, in milliseconds. */
  readonly limitMs: number
  /** The same once a probe was sent. */
  readonly probeTimeoutMs: number
  /** How often to probe by itself, in milliseconds. Default: never, as the other side pings. */
  readonly heartbeatMs?: number | undefined
  /** Sends something that the other side must answer. */
  readonly ping: () => void
  /** Told once. */
  readonly onSilence: (silentMs: number) => void
}

/** Watches one link for silence. */
export interface Heartbeat {
  /** Something arrived. */
  heard(): void
  /** Looks whether the other side is still there. */
  probe(): void
  stop: Undo
}

/** Calls `onSilence` when nothing was heard for too long. A message costs no timer, only a time stamp. */
export function watchSilence(options: HeartbeatOptions): Heartbeat {
  const { clock, limitMs, probeTimeoutMs, heartbeatMs, ping, onSilence } = options
  let last = clock.now()
  let isAnswered = true
  let isStopped = false
  const timers: Record<'look' | 'probe' | 'beat', Undo> = { look() {}, probe() {}, beat() {} }
  const stop = () => {
    isStopped = true
    for (const cancel of Object.values(timers)) cancel()
  }
  const end = () => {
    stop()
    onSilence(clock.now() - last)
  }
  const look = () => {
    const now = clock.now()
    // What lies ahead is from before the wall clock was set back.
    last = Math.min(last, now)
    if (now - last < limitMs) timers.look = clock.after(last + limitMs - now, look)
    else end()
  }
  const probe = () => {
    if (isStopped) return
    // One that is not answered yet keeps its time.
    if (isAnswered) {
      isAnswered = false
      timers.probe()
      timers.probe = clock.after(probeTimeoutMs, () => {
        if (!isAnswered) end()
      })
    }
    ping()
  }
  const beat = () => {
    timers.beat = clock.after(heartbeatMs!, beat)
    probe()
  }
  timers.look = clock.after(limitMs, look)
  if (heartbeatMs) timers.beat = clock.after(heartbeatMs, beat)
  return {
    heard() {
      last = clock.now()
      isAnswered = true
    },
    probe,
    stop,
  }
}

import type { Clock } from 'syncline/client'

/** The same clock, telling how many timers of its user wait; the hub's own are not among them. */
export function countedClock({ now, after }: Clock): Clock & { readonly pending: number } {
  const waiting = new Set<object>()
  return {
    now,
    after(ms, run) {
      const timer = {}
      waiting.add(timer)
      const cancel = after(ms, () => {
        waiting.delete(timer)
        run()
      })
      return () => {
        waiting.delete(timer)
        cancel()
      }
    },
    get pending() {
      return waiting.size
    },
  }
}

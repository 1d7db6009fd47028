'use client'
import { useMemo, useSyncExternalStore } from 'react'
import type { ServerClock } from '../client/server-clock.ts'
import type { Undo } from '../shared/disposer.ts'

const readOnServer = () => undefined

/** The hub's clock; renders again when a better measurement has changed it. */
export function useServerClockOf(clock: ServerClock): ServerClock {
  useSyncExternalStore(
    clock.onChange,
    () => clock.offsetMs,
    () => 0,
  )
  return clock
}

/** How long it is until `endsAt` on the hub's clock, in steps of `everyMs`, rounded up. */
export function useCountdownOf(clock: ServerClock, endsAt: number | null | undefined, everyMs = 1_000) {
  const source = useMemo(() => countdown(clock, endsAt ?? undefined, everyMs), [clock, endsAt, everyMs])
  return useSyncExternalStore(source.subscribe, source.read, readOnServer)
}

function countdown(clock: ServerClock, endsAt: number | undefined, everyMs: number) {
  const steps = () => Math.max(0, Math.ceil((endsAt! - clock.now()) / everyMs))
  return {
    read: () => (endsAt === undefined ? undefined : steps() * everyMs),
    subscribe(changed: () => void): Undo {
      let stop: Undo | undefined
      const plan = () => {
        stop?.()
        const left = steps()
        // At the very moment in which the next step begins, so that all screens change together.
        if (left > 0) stop = clock.after(endsAt! - (left - 1) * everyMs - clock.now(), next)
      }
      const next = () => {
        plan()
        changed()
      }
      if (endsAt !== undefined) plan()
      const undo = endsAt === undefined ? undefined : clock.onChange(next)
      return () => {
        stop?.()
        undo?.()
      }
    },
  }
}

'use client'
import { useMemo, useSyncExternalStore } from 'react'
import type { ServerClock } from '../client/server-clock.ts'
import type { Undo } from '../shared/disposer.ts'
import { SyncError } from '../shared/errors.ts'

const readOnServer = () => undefined

/** The hub's clock as a component sees it: another object whenever `offsetMs` has changed, and else the same. */
export interface ServerClockView {
  /** How far the hub's clock is ahead of this machine's, in milliseconds; 0 until it is measured, and where a server renders. */
  readonly offsetMs: number
  /** The hub's time now, in milliseconds since 1970: for handlers and effects, as no rendering is planned for it. */
  readonly now: () => number
}

/** The hub's clock; renders again when a better measurement has changed it. */
export function useServerClockOf(clock: ServerClock): ServerClockView {
  const offsetMs = useSyncExternalStore(
    clock.onChange,
    () => clock.offsetMs,
    () => 0,
  )
  return useMemo(() => ({ offsetMs, now: () => clock.now() }), [clock, offsetMs])
}

/** How long it is until `endsAt` on the hub's clock, in steps of `everyMs`, rounded up. */
export function useCountdownOf(clock: ServerClock, endsAt: number | null | undefined, everyMs = 1_000) {
  if (!(everyMs > 0)) throw new SyncError('bad_options', `Not a number above 0: everyMs is ${everyMs}`)
  // No clock comes to an end that is no time.
  const end = Number.isFinite(endsAt) ? endsAt! : undefined
  const source = useMemo(() => countdown(clock, end, everyMs), [clock, end, everyMs])
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

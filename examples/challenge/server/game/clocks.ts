import type { Undo } from 'syncline'
import type { HubSettings } from 'syncline/server'
import type { GameChallenge } from '../../shared/game.ts'
import type { GameStore } from './store.ts'

export interface ClockDeps {
  readonly store: Pick<GameStore, 'expireDue' | 'nextEnd'>
  readonly clock: HubSettings['clock']
  /** Hears of each challenge whose time is over, when that is committed. */
  readonly expired: (challenge: GameChallenge) => void
  readonly log: (line: string) => void
}

/** Expires challenges when their time is over: one timer, for the one that ends next. */
export interface Clocks {
  /** Expires what ran out while no server ran, and waits for the next. */
  start(): void
  /** Expires what is over by now. Whoever is about to look or to write calls it first: a timer can be late, the time cannot. */
  settle(): void
  /** Waits for what ends next; to be called after whatever moves an end. */
  arm(): void
  /** Ends the timer. */
  close(): void
}

/** How long after a failure of the database it is tried again, in milliseconds. */
const retryMs = 1_000

export function createClocks({ store, clock, expired, log }: ClockDeps): Clocks {
  let disarm: Undo | undefined
  let isClosed = false

  function wait(ms: number): void {
    disarm?.()
    disarm = isClosed ? undefined : clock.after(ms, run)
  }
  function arm(): void {
    disarm?.()
    disarm = undefined
    const end = store.nextEnd()
    if (end !== undefined) wait(Math.max(0, end - clock.now()))
  }
  function settle(): void {
    const over = store.expireDue(clock.now())
    for (const challenge of over) expired(challenge)
    if (over.length > 0) arm()
  }
  function run(): void {
    try {
      settle()
      // Timers may run a moment early by the wall clock, with nothing over yet.
      arm()
    } catch (error) {
      log(`the clocks failed and are tried again: ${error instanceof Error ? error.message : String(error)}`)
      wait(retryMs)
    }
  }
  return {
    start: run,
    settle,
    arm,
    close() {
      isClosed = true
      disarm?.()
    },
  }
}

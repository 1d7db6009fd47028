import type { Challenge, ChallengeToggled } from '../shared/challenge.ts'
import type { ChallengeStore } from './store.ts'

/** Tells every window; `from` is the public id of the client that asked, as it says itself. */
export type PublishToggled = (event: ChallengeToggled, from: string | undefined) => Promise<unknown>

export interface ToggleDeps {
  readonly store: Pick<ChallengeStore, 'toggle'>
  readonly publish: PublishToggled
  readonly log: (line: string) => void
}

/** Switches one challenge for a request; `undefined` when there is no such id. */
export type ToggleChallenge = (id: number, from: string | undefined) => Promise<Challenge | undefined>

/** Commits first and tells then: whoever hears of a change can read it. */
export function createToggle({ store, publish, log }: ToggleDeps): ToggleChallenge {
  return async (id, from) => {
    const challenge = store.toggle(id)
    if (!challenge) return undefined
    const { is_active } = challenge.toggle_details
    try {
      await publish({ challenge_id: id, is_active, challenge }, from)
    } catch (error) {
      // The row is committed, so the answer says so; other windows have it with the next list that they load.
      log(`challenge ${id} is committed but was not broadcast: ${reasonOf(error)}`)
    }
    return challenge
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

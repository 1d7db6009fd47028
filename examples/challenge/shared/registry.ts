import { channel, defineRegistry } from 'syncline'
import { ChallengeToggled } from './challenge.ts'

/** Every channel of this app, once, for the server and the page. */
export const registry = defineRegistry({
  challenges: channel('challenges', {
    events: { challenge_toggled: ChallengeToggled },
  }),
})

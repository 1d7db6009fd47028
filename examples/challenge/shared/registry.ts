import { channel, defineRegistry } from 'syncline'
import {
  Challenge,
  ChallengeChanged,
  ChallengeDeleted,
  ChallengeToggled,
  Notice,
  ToggleInput,
} from './challenge.ts'
import { ClocksMoved, GameChallenge, Player } from './game.ts'
import { Person } from './identity.ts'

/** Every channel of this app, once, for the server and the page. */
export const registry = defineRegistry({
  /** The toggles, for everyone. */
  challenges: channel('challenges', {
    events: {
      challenge_toggled: ChallengeToggled,
      challenge_created: ChallengeChanged,
      challenge_joined: ChallengeChanged,
      challenge_deleted: ChallengeDeleted,
    },
    requests: { toggle: { input: ToggleInput, output: Challenge } },
    presence: Person.pick({ name: true }),
  }),
  /** What concerns one person only. */
  inbox: channel('inbox/:user', { events: { notice: Notice } }),
  /** One game, for those who have a seat in it. */
  game: channel('game/:code', {
    events: {
      challenge_requested: GameChallenge,
      challenge_assigned: GameChallenge,
      challenge_completed: GameChallenge,
      challenge_cancelled: GameChallenge,
      challenge_expired: GameChallenge,
      game_paused: ClocksMoved,
      game_resumed: ClocksMoved,
      player_joined: Player,
    },
    presence: Player.pick({ id: true, name: true, role: true, team_number: true }),
  }),
})

import { Check, School, X } from 'lucide-react'
import { memo } from 'react'
import type { GameChallenge } from '../../../shared/game.ts'
import { useAction } from '../ui/use-action.ts'
import { endChallenge } from './api.ts'
import { BuildingIcon } from './building-icon.tsx'
import { Countdown } from './countdown.tsx'
import { useRenders } from './use-renders.ts'

export interface ChallengeRowProps {
  readonly challenge: GameChallenge
  /** Whether whoever looks may complete and cancel it. */
  readonly mayEnd: boolean
  /** Whether to say whose it is. */
  readonly showsOwner: boolean
  /** Takes an answer in before its event comes. */
  readonly onAnswer: (row: GameChallenge) => void
}

/** One challenge that waits or runs; drawn again only when it changes. */
export const ChallengeRow = memo(function ChallengeRow(props: ChallengeRowProps) {
  const { challenge, mayEnd, showsOwner, onAnswer } = props
  const { pending, run } = useAction()
  const renders = useRenders()
  const isRunning = challenge.status === 'assigned'
  const end = (how: 'complete' | 'cancel') =>
    run(async () => onAnswer(await endChallenge({ code: challenge.game_code, id: challenge.id }, how)))
  return (
    <li
      className="row"
      data-game-challenge={challenge.id}
      data-status={challenge.status}
      data-renders={renders}
    >
      <BuildingIcon type={challenge.building_type} />
      <div className="row-text">
        <h3>{challenge.challenge_description ?? `Waits for a challenge`}</h3>
        <p>
          {challenge.building_name}
          {showsOwner && `, ${challenge.player_name} of team ${challenge.team_number}`}
          <SchoolBadge challenge={challenge} />
        </p>
      </div>
      {isRunning && <Countdown challenge={challenge} />}
      {mayEnd && (
        <div className="row-actions">
          {isRunning && (
            <button
              type="button"
              className="button button-small"
              aria-disabled={pending}
              onClick={() => end('complete')}
            >
              <Check size={16} aria-hidden="true" /> Complete
            </button>
          )}
          <button
            type="button"
            className="button button-small button-quiet"
            aria-disabled={pending}
            onClick={() => end('cancel')}
          >
            <X size={16} aria-hidden="true" /> Cancel
          </button>
        </div>
      )}
    </li>
  )
})

/** Says that the team has a school, for which hosts ask a quarter less. */
export function SchoolBadge({ challenge }: Pick<ChallengeRowProps, 'challenge'>) {
  if (!challenge.has_school) return null
  return (
    <span className="badge">
      <School size={13} aria-hidden="true" /> has a school
    </span>
  )
}

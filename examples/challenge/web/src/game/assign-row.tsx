import { Send, X } from 'lucide-react'
import { type FormEvent, memo, useId, useState } from 'react'
import { exercises } from '../../../shared/catalog.ts'
import type { GameChallenge } from '../../../shared/game.ts'
import { useAction } from '../ui/use-action.ts'
import { assignChallenge, endChallenge } from './api.ts'
import { BuildingIcon } from './building-icon.tsx'
import { SchoolBadge } from './challenge-row.tsx'
import { useRenders } from './use-renders.ts'

export interface AssignRowProps {
  readonly challenge: GameChallenge
  readonly onAnswer: (row: GameChallenge) => void
}

const limits = [
  { seconds: 15, label: '15 s' },
  { seconds: 60, label: '1 min' },
  { seconds: 300, label: '5 min' },
  { seconds: 600, label: '10 min' },
]

/** A quarter less for a team with a school. */
const suggested = (target: number, hasSchool: boolean) => (hasSchool ? Math.round(target * 0.75) : target)

/** A request, with what to ask for it. */
export const AssignRow = memo(function AssignRow({ challenge, onAnswer }: AssignRowProps) {
  const { pending, run } = useAction()
  const renders = useRenders()
  const [exercise, setExercise] = useState<(typeof exercises)[number]>(exercises[0])
  const [target, setTarget] = useState(String(suggested(exercises[0].target, challenge.has_school)))
  const id = useId()
  const which = { code: challenge.game_code, id: challenge.id }
  const assign = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault()
    const time_limit_seconds = Number(new FormData(event.currentTarget).get('limit'))
    run(async () =>
      onAnswer(
        await assignChallenge(which, {
          challenge_type: exercise.type,
          challenge_description: `${Number(target)} ${exercise.noun}`,
          target_number: Number(target),
          time_limit_seconds,
        }),
      ),
    )
  }
  const choose = (type: string) => {
    const chosen = exercises.find((one) => one.type === type) ?? exercises[0]
    setExercise(chosen)
    setTarget(String(suggested(chosen.target, challenge.has_school)))
  }
  return (
    <li
      className="row row-request"
      data-game-challenge={challenge.id}
      data-status="requested"
      data-renders={renders}
    >
      <BuildingIcon type={challenge.building_type} />
      <div className="row-text">
        <h3>
          {challenge.player_name} wants a {challenge.building_name}
        </h3>
        <p>
          Team {challenge.team_number}
          <SchoolBadge challenge={challenge} />
        </p>
      </div>
      <form className="assign-form" onSubmit={assign}>
        <fieldset className="assign">
          <legend className="visually-hidden">
            Challenge for the {challenge.building_name} of {challenge.player_name}
          </legend>
          <label className="field" htmlFor={`${id}-what`}>
            Challenge
            <select id={`${id}-what`} value={exercise.type} onChange={(event) => choose(event.target.value)}>
              {exercises.map(({ type, noun }) => (
                <option key={type} value={type}>
                  {noun}
                </option>
              ))}
            </select>
          </label>
          <label className="field field-narrow" htmlFor={`${id}-many`}>
            How many
            <input
              id={`${id}-many`}
              type="number"
              min={1}
              max={1_000}
              required
              value={target}
              onChange={(event) => setTarget(event.target.value)}
            />
          </label>
          <label className="field field-narrow" htmlFor={`${id}-time`}>
            Time
            <select id={`${id}-time`} name="limit" defaultValue={600}>
              {limits.map(({ seconds, label }) => (
                <option key={seconds} value={seconds}>
                  {label}
                </option>
              ))}
            </select>
          </label>
          <div className="row-actions">
            <button type="submit" className="button button-small" aria-disabled={pending}>
              <Send size={15} aria-hidden="true" /> Assign
            </button>
            <button
              type="button"
              className="button button-small button-quiet"
              aria-disabled={pending}
              onClick={() => run(async () => onAnswer(await endChallenge(which, 'cancel')))}
            >
              <X size={16} aria-hidden="true" /> Cancel
            </button>
          </div>
        </fieldset>
      </form>
    </li>
  )
})

import { Check, Hourglass } from 'lucide-react'
import { buildings } from '../../../shared/catalog.ts'
import type { GameChallenge, Player } from '../../../shared/game.ts'
import { useAction } from '../ui/use-action.ts'
import { requestChallenge } from './api.ts'
import { BuildingIcon } from './building-icon.tsx'
import { ChallengeRow } from './challenge-row.tsx'
import { Section } from './section.tsx'
import type { Sorted } from './state.ts'

export interface SeatViewProps {
  readonly code: string
  readonly seat: Player
  readonly sorted: Sorted
  readonly onAnswer: (row: GameChallenge) => void
}

/** What a player sees: what can be built, what is asked of them, and how the others do. */
export function PlayerView({ code, seat, sorted, onAnswer }: SeatViewProps) {
  const open = [...sorted.assigned, ...sorted.requested]
  const mine = open.filter(({ player_id }) => player_id === seat.id)
  const others = open.filter(({ player_id }) => player_id !== seat.id)
  return (
    <>
      <Section
        title="Your challenges"
        count={mine.length}
        empty="Ask for a building below, and the host gives you something to do for it."
      >
        {mine.map((challenge) => (
          <ChallengeRow
            key={challenge.id}
            challenge={challenge}
            mayEnd
            showsOwner={false}
            onAnswer={onAnswer}
          />
        ))}
      </Section>
      <BuildingGrid code={code} seat={seat} sorted={sorted} onAnswer={onAnswer} />
      <Section title="Other players" count={others.length} empty="Nobody else is at work right now.">
        {others.map((challenge) => (
          <ChallengeRow
            key={challenge.id}
            challenge={challenge}
            mayEnd={false}
            showsOwner
            onAnswer={onAnswer}
          />
        ))}
      </Section>
    </>
  )
}

function BuildingGrid({ code, seat, sorted, onAnswer }: SeatViewProps) {
  const ofTeam = ({ team_number }: GameChallenge) => team_number === seat.team_number
  const built = new Set(
    sorted.ended.filter((row) => row.status === 'completed' && ofTeam(row)).map((row) => row.building_type),
  )
  const atWork = new Set(
    [...sorted.requested, ...sorted.assigned]
      .filter(({ player_id }) => player_id === seat.id)
      .map((row) => row.building_type),
  )
  const { run } = useAction()
  const request = ({ type, name }: (typeof buildings)[number]) =>
    run(async () =>
      onAnswer(
        await requestChallenge(code, {
          player_id: seat.id,
          building_type: type,
          building_name: name,
          team_number: seat.team_number,
          has_school: built.has('school'),
        }),
      ),
    )
  return (
    <section className="section" aria-labelledby="build">
      <h2 id="build">Build for team {seat.team_number}</h2>
      <ul className="buildings">
        {buildings.map((building) => (
          <li key={building.type}>
            <button
              type="button"
              className="building"
              data-built={built.has(building.type)}
              aria-disabled={atWork.has(building.type)}
              onClick={() => atWork.has(building.type) || request(building)}
            >
              <BuildingIcon type={building.type} />
              <span className="building-name">{building.name}</span>
              <span className="building-state">
                {atWork.has(building.type) ? (
                  <>
                    <Hourglass size={13} aria-hidden="true" /> asked for
                  </>
                ) : built.has(building.type) ? (
                  <>
                    <Check size={13} aria-hidden="true" /> built
                  </>
                ) : (
                  'request'
                )}
              </span>
            </button>
          </li>
        ))}
      </ul>
    </section>
  )
}

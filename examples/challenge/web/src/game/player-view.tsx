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
  const request = async ({ type, name }: BuildingKind) =>
    onAnswer(
      await requestChallenge(code, {
        player_id: seat.id,
        building_type: type,
        building_name: name,
        team_number: seat.team_number,
        has_school: built.has('school'),
      }),
    )
  return (
    <section className="section" aria-labelledby="build">
      <h2 id="build">Build for team {seat.team_number}</h2>
      <ul className="buildings">
        {buildings.map((building) => (
          <li key={building.type}>
            <Building
              building={building}
              isBuilt={built.has(building.type)}
              isAsked={atWork.has(building.type)}
              onRequest={() => request(building)}
            />
          </li>
        ))}
      </ul>
    </section>
  )
}

type BuildingKind = (typeof buildings)[number]

interface BuildingProps {
  readonly building: BuildingKind
  readonly isBuilt: boolean
  /** Whether this player works for it, or waits for something to do. */
  readonly isAsked: boolean
  readonly onRequest: () => Promise<void>
}

function Building({ building: { type, name }, isBuilt, isAsked, onRequest }: BuildingProps) {
  const { run } = useAction()
  const state = isAsked ? 'asked for' : isBuilt ? 'built' : 'request'
  return (
    <button
      type="button"
      className="building"
      data-built={isBuilt}
      aria-disabled={isAsked}
      onClick={() => isAsked || run(onRequest)}
    >
      <BuildingIcon type={type} />
      <span className="building-name">{name}</span>
      <span className="building-state">
        {isAsked && <Hourglass size={13} aria-hidden="true" />}
        {state === 'built' && <Check size={13} aria-hidden="true" />}
        {state}
      </span>
    </button>
  )
}

import { Check, Hourglass, X } from 'lucide-react'
import type { GameChallenge } from '../../../shared/game.ts'

const ends = {
  completed: { word: 'completed', Icon: Check },
  cancelled: { word: 'cancelled', Icon: X },
  expired: { word: 'ran out of time', Icon: Hourglass },
} as const

/** What is over, the newest on top. */
export function History({ ended }: { readonly ended: readonly GameChallenge[] }) {
  return (
    <section className="section" aria-labelledby="history">
      <h2 id="history">
        History <span className="count">{ended.length}</span>
      </h2>
      {ended.length === 0 ? (
        <p className="section-empty">What is completed, cancelled or expired is listed here.</p>
      ) : (
        <ol className="history">
          {ended.map((challenge) => (
            <Past key={challenge.id} challenge={challenge} />
          ))}
        </ol>
      )}
    </section>
  )
}

function Past({ challenge }: { readonly challenge: GameChallenge }) {
  const { word, Icon } = ends[challenge.status as keyof typeof ends]
  const time = new Date(challenge.ended_at!)
  return (
    <li className="past" data-game-challenge={challenge.id} data-status={challenge.status}>
      <span className="past-icon" aria-hidden="true">
        <Icon size={14} />
      </span>
      <p>
        <strong>
          {challenge.player_name}: {challenge.building_name}
        </strong>
        <span>
          {challenge.challenge_description ?? 'never assigned'}, {word}
        </span>
      </p>
      <time dateTime={challenge.ended_at!}>
        {time.toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' })}
      </time>
    </li>
  )
}

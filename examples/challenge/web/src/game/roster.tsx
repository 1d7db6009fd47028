import { usePresence } from 'syncline/react'
import type { Player } from '../../../shared/game.ts'
import { useChannel } from '../sync.ts'
import { Initials } from '../ui/initials.tsx'

export interface RosterProps {
  readonly code: string
  readonly seat: Player
  readonly players: readonly Player[]
}

/** Who plays, and who of them is here now. */
export function Roster({ code, seat, players }: RosterProps) {
  const { id, name, role, team_number } = seat
  const { members } = usePresence(useChannel('game', { code }), { state: { id, name, role, team_number } })
  const here = new Set(members.map(({ state }) => state.id))
  return (
    <section className="section" aria-labelledby="roster">
      <h2 id="roster">
        Players <span className="count">{here.size} here</span>
      </h2>
      <ul className="roster">
        {players.map((player) => (
          <li key={player.id} data-here={here.has(player.id)}>
            <Initials name={player.name} />
            <span className="roster-name">
              {player.name}
              {player.id === seat.id && ' (you)'}
            </span>
            <span className="roster-role">
              {player.role === 'player' ? `team ${player.team_number}` : player.role}
              <span className="visually-hidden">{here.has(player.id) ? ', here' : ', away'}</span>
            </span>
          </li>
        ))}
      </ul>
    </section>
  )
}

import { Trash2, Users } from 'lucide-react'
import { memo, useRef } from 'react'
import { Switch } from '../ui/switch.tsx'
import { type Entry, isOn } from './state.ts'

export interface ChallengeCardProps {
  readonly entry: Entry
  /** The id of whoever looks at it. */
  readonly personId: string | undefined
  readonly onToggle: (id: number) => void
  readonly onJoin: (id: number, isJoined: boolean) => void
  readonly onDelete: (id: number, name: string) => void
}

/** One challenge with its switch; drawn again only when its own entry changes. */
export const ChallengeCard = memo(function ChallengeCard(props: ChallengeCardProps) {
  const { entry, personId, onToggle, onJoin, onDelete } = props
  const { row, inFlight, note, remoteChanges } = entry
  const nameId = `challenge-${row.id}`
  const on = isOn(entry)
  const isJoined = personId !== undefined && row.joined.includes(personId)
  const renders = useRef(0)
  // For whoever wants to see that the other cards are left alone: the lab shows it, and a test reads it.
  renders.current += 1
  return (
    <li className="card" data-on={on} data-challenge={row.id} data-renders={renders.current}>
      {/* A new key starts the animation again. */}
      {remoteChanges > 0 && <span key={remoteChanges} className="card-flash" aria-hidden="true" />}
      <div className="card-text">
        <p className="card-category">{row.category}</p>
        <h2 className="card-name" id={nameId}>
          {row.name}
        </h2>
        <p className="card-description">{row.description}</p>
      </div>
      <Switch checked={on} busy={inFlight > 0} labelledBy={nameId} onToggle={() => onToggle(row.id)} />
      <div className="card-foot">
        <button
          type="button"
          className="chip"
          aria-pressed={isJoined}
          onClick={() => onJoin(row.id, !isJoined)}
        >
          <Users size={15} aria-hidden="true" />
          {isJoined ? 'Joined' : 'Join'}
          <span className="visually-hidden">{row.name}</span>
          <span className="chip-count">{row.joined.length}</span>
          <span className="visually-hidden">joined</span>
        </button>
        <p className="card-by">
          <CardNews entry={entry} />
        </p>
        <button
          type="button"
          className="icon-button"
          aria-label={`Delete ${row.name}`}
          onClick={() => onDelete(row.id, row.name)}
        >
          <Trash2 size={16} aria-hidden="true" />
        </button>
      </div>
      {note !== undefined && (
        <p className="card-note" role="alert">
          Not changed. {note}
        </p>
      )}
    </li>
  )
})

function CardNews({ entry: { row, by, waiting } }: Pick<ChallengeCardProps, 'entry'>) {
  if (waiting > 0) return 'Waits until you are back online'
  if (by !== undefined) return `Switched ${row.toggle_details.is_active ? 'on' : 'off'} by ${by}`
  return null
}

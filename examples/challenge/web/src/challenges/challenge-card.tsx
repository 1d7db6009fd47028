import { memo } from 'react'
import { Switch } from '../ui/switch.tsx'
import { type Entry, isOn } from './state.ts'

export interface ChallengeCardProps {
  readonly entry: Entry
  readonly onToggle: (id: number) => void
}

/** One challenge with its switch; drawn again only when its own entry changes. */
export const ChallengeCard = memo(function ChallengeCard({ entry, onToggle }: ChallengeCardProps) {
  const { row, inFlight, note, remoteChanges } = entry
  const nameId = `challenge-${row.id}`
  const on = isOn(entry)
  return (
    <li className="card" data-on={on} data-challenge={row.id}>
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
      {note !== undefined && (
        <p className="card-note" role="alert">
          Not changed. {note}
        </p>
      )}
    </li>
  )
})

import { ChallengeCard } from './challenge-card.tsx'
import { EmptyList, LoadFailed, LoadingList, StaleNotice } from './list-states.tsx'
import { isOn } from './state.ts'
import { useChallenges } from './use-challenges.ts'

/** The list in whichever state it is: loading, failed, empty or there. */
export function ChallengeSection() {
  const { state, reload, toggle } = useChallenges()
  const { phase, entries, problem, announcement } = state
  if (phase === 'loading') return <LoadingList />
  if (phase === 'failed') return <LoadFailed reason={problem ?? ''} onRetry={reload} />
  if (entries.length === 0) return <EmptyList />
  return (
    <>
      {problem !== undefined && <StaleNotice reason={problem} onRetry={reload} />}
      <p className="tally">
        <strong>{entries.filter(isOn).length}</strong> of {entries.length} switched on
      </p>
      <ul className="cards">
        {entries.map((entry) => (
          <ChallengeCard key={entry.row.id} entry={entry} onToggle={toggle} />
        ))}
      </ul>
      <p className="visually-hidden" aria-live="polite">
        {announcement}
      </p>
    </>
  )
}

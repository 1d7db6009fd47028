import { useCallback } from 'react'
import { toast } from 'sonner'
import { wordsOf } from '../net/http.ts'
import { usePerson } from '../person/use-person.ts'
import { deleteChallenge, joinChallenge } from './api.ts'
import { ChallengeCard } from './challenge-card.tsx'
import { EmptyList, LoadFailed, LoadingList, StaleNotice } from './list-states.tsx'
import { isOn, waitingCount } from './state.ts'
import { type Challenges, useChallenges } from './use-challenges.ts'

/** The list in whichever state it is: loading, failed, empty or there. */
export function ChallengeSection() {
  const challenges = useChallenges()
  const { state, reload } = challenges
  const { phase, entries, problem } = state
  if (phase === 'loading') return <LoadingList />
  if (phase === 'failed') return <LoadFailed reason={problem ?? ''} onRetry={reload} />
  return (
    <>
      {problem !== undefined && <StaleNotice reason={problem} onRetry={reload} />}
      <Tally {...challenges} />
      {entries.length === 0 ? <EmptyList /> : <Cards {...challenges} />}
      <p className="visually-hidden" aria-live="polite">
        {state.announcement}
      </p>
    </>
  )
}

function Tally({ state }: Challenges) {
  const { entries } = state
  const waiting = waitingCount(state)
  return (
    <p className="tally">
      <strong>{entries.filter(isOn).length}</strong> of {entries.length} switched on
      {waiting > 0 && (
        <span className="badge badge-warn">
          {waiting} {waiting === 1 ? 'change waits' : 'changes wait'} to be sent
        </span>
      )}
    </p>
  )
}

function Cards({ state, toggle }: Challenges) {
  const personId = usePerson()?.id
  const onJoin = useCallback((id: number, isJoined: boolean) => {
    joinChallenge(id, isJoined).catch((error) => toast.error(`Not changed. ${wordsOf(error)}`))
  }, [])
  const onDelete = useCallback((id: number, name: string) => {
    toast(`Delete “${name}” for everyone?`, {
      action: {
        label: 'Delete',
        onClick: () => {
          deleteChallenge(id).catch((error) => toast.error(`Not deleted. ${wordsOf(error)}`))
        },
      },
    })
  }, [])
  return (
    <ul className="cards">
      {state.entries.map((entry) => (
        <ChallengeCard
          key={entry.row.id}
          entry={entry}
          personId={personId}
          onToggle={toggle}
          onJoin={onJoin}
          onDelete={onDelete}
        />
      ))}
    </ul>
  )
}

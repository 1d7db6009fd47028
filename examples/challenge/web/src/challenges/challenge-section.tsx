import { useCallback, useState } from 'react'
import { toast } from 'sonner'
import { wordsOf } from '../net/http.ts'
import { usePerson } from '../person/use-person.ts'
import { deleteChallenge, joinChallenge } from './api.ts'
import { ChallengeCard } from './challenge-card.tsx'
import { useChallenges } from './challenges-context.tsx'
import { type Asked, ConfirmDelete } from './confirm-delete.tsx'
import { EmptyList, LoadFailed, LoadingList, StaleNotice } from './list-states.tsx'
import { isOn, waitingCount } from './state.ts'
import type { Challenges } from './use-challenges.ts'

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
      {entries.length > 0 && <Tally {...challenges} />}
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

function Cards({ state, toggle, take, drop }: Challenges) {
  const personId = usePerson()?.id
  const [asked, setAsked] = useState<Asked>()
  const onJoin = useCallback(
    (id: number, isJoined: boolean) => {
      joinChallenge(id, isJoined).then(take, (error) => toast.error(`Not changed. ${wordsOf(error)}`))
    },
    [take],
  )
  const onDelete = useCallback((id: number, name: string) => setAsked({ id, name }), [])
  const onSure = ({ id }: Asked) => {
    const next = neighbourOf(id)
    deleteChallenge(id).then(
      () => {
        drop(id)
        next?.focus()
      },
      (error) => toast.error(`Not deleted. ${wordsOf(error)}`),
    )
  }
  return (
    <>
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
      <ConfirmDelete asked={asked} onSure={onSure} onClose={() => setAsked(undefined)} />
    </>
  )
}

/** Where the focus goes when a card goes: to the same button of the next card, or of the one before. */
function neighbourOf(id: number): HTMLElement | null {
  const card = document.querySelector(`[data-challenge="${id}"]`)
  const neighbour = card?.nextElementSibling ?? card?.previousElementSibling
  return neighbour?.querySelector<HTMLElement>('.icon-button') ?? document.querySelector<HTMLElement>('h1')
}

import { AssignRow } from './assign-row.tsx'
import { ChallengeRow } from './challenge-row.tsx'
import type { SeatViewProps } from './player-view.tsx'
import { Section } from './section.tsx'

/** What host and banker see: who waits for something to do, and who is at it. */
export function HostView({ sorted, onAnswer }: SeatViewProps) {
  return (
    <>
      <Section
        title="Requests"
        count={sorted.requested.length}
        empty="Nobody waits. You will hear it when somebody asks."
      >
        {sorted.requested.map((challenge) => (
          <AssignRow key={challenge.id} challenge={challenge} onAnswer={onAnswer} />
        ))}
      </Section>
      <Section title="Running" count={sorted.assigned.length} empty="No challenge is running.">
        {sorted.assigned.map((challenge) => (
          <ChallengeRow key={challenge.id} challenge={challenge} mayEnd showsOwner onAnswer={onAnswer} />
        ))}
      </Section>
    </>
  )
}

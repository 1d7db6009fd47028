import { toast } from 'sonner'
import { DegradedNotice } from '../connection/status-badge.tsx'
import { usePerson } from '../person/use-person.ts'
import { useChannel, useEvent } from '../sync.ts'
import { ChallengeSection } from './challenge-section.tsx'
import { NewChallenge } from './new-challenge.tsx'

/** The toggles. */
export function ChallengesPage() {
  const person = usePerson()
  return (
    <main className="page">
      <header className="page-header">
        <div>
          <h1 tabIndex={-1}>Challenges</h1>
          <p className="lead">Switch one on here, and it is on in every other window.</p>
        </div>
        <NewChallenge />
      </header>
      <DegradedNotice />
      {person && <Notices user={person.id} />}
      <ChallengeSection />
    </main>
  )
}

/** What concerns this person alone: somebody has switched what they have joined. */
function Notices({ user }: { readonly user: string }) {
  useEvent(useChannel('inbox', { user }), 'notice', ({ text }) => toast(text))
  return null
}

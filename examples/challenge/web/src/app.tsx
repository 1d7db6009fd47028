import { ChallengeSection } from './challenges/challenge-section.tsx'
import { StatusBadge } from './connection/status-badge.tsx'

/** The whole page: a header with the connection's state, and the challenges. */
export function App() {
  return (
    <div className="page">
      <header className="page-header">
        <h1>Challenges</h1>
        <StatusBadge />
        <p className="lead">Switch one on here, and it is on in every other window.</p>
      </header>
      <main>
        <ChallengeSection />
      </main>
    </div>
  )
}

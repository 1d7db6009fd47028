import { ArrowRight, Plus } from 'lucide-react'
import type { FormEvent } from 'react'
import { useLocation } from 'wouter'
import { DegradedNotice } from '../connection/status-badge.tsx'
import { useAction } from '../ui/use-action.ts'
import { createGame } from './api.ts'

/** Where games are entered and made. */
export function LobbyPage() {
  const [, navigate] = useLocation()
  const enter = (code: string) => navigate(`/game/${code}${window.location.search}`)
  return (
    <main className="page page-narrow">
      <header className="page-header">
        <div>
          <h1>The Trading Game</h1>
          <p className="lead">
            Players ask for buildings, the host gives them something to do for it, and the clock runs for
            everyone alike.
          </p>
        </div>
      </header>
      <DegradedNotice />
      <EnterGame onEnter={enter} />
      <MakeGame onMade={enter} />
    </main>
  )
}

function EnterGame({ onEnter }: { readonly onEnter: (code: string) => void }) {
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault()
    onEnter(String(new FormData(event.currentTarget).get('code')).trim().toUpperCase())
  }
  return (
    <form className="panel form form-line" onSubmit={submit}>
      <label className="field">
        Game code
        <input
          name="code"
          required
          pattern="\s*[A-Za-z0-9]{4,8}\s*"
          title="Four to eight letters and digits"
          defaultValue="ABC123"
          autoComplete="off"
          autoCapitalize="characters"
          spellCheck={false}
          className="code-input"
        />
      </label>
      <button type="submit" className="button">
        Enter <ArrowRight size={17} aria-hidden="true" />
      </button>
    </form>
  )
}

function MakeGame({ onMade }: { readonly onMade: (code: string) => void }) {
  const { pending, run } = useAction()
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault()
    const name = String(new FormData(event.currentTarget).get('name'))
    run(async () => onMade((await createGame(name)).code))
  }
  return (
    <form className="panel form form-line" onSubmit={submit}>
      <label className="field">
        Or start a game of your own
        <input name="name" required maxLength={60} placeholder="Friday afternoon" autoComplete="off" />
      </label>
      <button type="submit" className="button button-quiet" aria-disabled={pending}>
        <Plus size={17} aria-hidden="true" /> Start
      </button>
    </form>
  )
}

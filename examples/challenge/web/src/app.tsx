import { Coins, ListChecks } from 'lucide-react'
import type { CSSProperties } from 'react'
import { Toaster } from 'sonner'
import { Link, Redirect, Route, Switch, useLocation } from 'wouter'
import { ChallengesProvider } from './challenges/challenges-context.tsx'
import { ChallengesPage } from './challenges/challenges-page.tsx'
import { StatusBadge } from './connection/status-badge.tsx'
import { GamePage } from './game/game-page.tsx'
import { LobbyPage } from './game/lobby-page.tsx'
import { LabBar } from './lab/lab-bar.tsx'
import { SecondPerson } from './lab/second-person.tsx'
import { Online } from './person/online.tsx'
import { PersonChip } from './person/person-chip.tsx'
import { client, SyncProvider } from './sync.ts'

/** The whole page: who and how live above, the page below, and the lab at its foot. */
export function App() {
  return (
    <SyncProvider client={client}>
      <Pages />
    </SyncProvider>
  )
}

function Pages() {
  return (
    <div className="app">
      <div className="app-main">
        <TopBar />
        <ChallengesProvider>
          <Switch>
            <Route path="/" component={ChallengesPage} />
            <Route path="/game" component={LobbyPage} />
            <Route path="/game/:code">
              {({ code }) => <GamePage key={code.toUpperCase()} code={code.toUpperCase()} />}
            </Route>
            <Route>
              <Redirect to={`/${window.location.search}`} replace />
            </Route>
          </Switch>
        </ChallengesProvider>
        <LabBar />
      </div>
      <SecondPerson />
      <Toaster
        position="bottom-right"
        theme="system"
        mobileOffset={{ bottom: '4.75rem' }}
        style={toasts}
        closeButton
      />
    </div>
  )
}

/** The toaster's own sheet comes after the page's, so that only a style of its own reaches it. */
const toasts = {
  '--normal-bg': 'var(--surface)',
  '--normal-border': 'var(--line)',
  '--normal-text': 'var(--ink)',
  '--border-radius': 'var(--radius)',
  fontFamily: 'inherit',
} as CSSProperties

function TopBar() {
  return (
    <header className="topbar">
      <nav className="tabs" aria-label="Pages">
        <Tab to="/" isHere={(path) => path === '/'}>
          <ListChecks size={17} aria-hidden="true" /> Toggles
        </Tab>
        <Tab to="/game" isHere={(path) => path.startsWith('/game')}>
          <Coins size={17} aria-hidden="true" /> Game
        </Tab>
      </nav>
      <div className="topbar-end">
        <Online />
        <StatusBadge />
        <PersonChip />
      </div>
    </header>
  )
}

interface TabProps {
  readonly to: string
  readonly isHere: (path: string) => boolean
  readonly children: React.ReactNode
}

function Tab({ to, isHere, children }: TabProps) {
  const [path] = useLocation()
  return (
    // The address says who this window is, too.
    <Link href={to + window.location.search} className="tab" aria-current={isHere(path) ? 'page' : undefined}>
      {children}
    </Link>
  )
}

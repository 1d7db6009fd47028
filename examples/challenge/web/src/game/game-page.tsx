import { Pause, Play } from 'lucide-react'
import { useCallback, useEffect, useMemo } from 'react'
import { Link } from 'wouter'
import type { Game, GameChallenge, Player } from '../../../shared/game.ts'
import { LoadFailed, StaleNotice } from '../challenges/list-states.tsx'
import { DegradedNotice } from '../connection/status-badge.tsx'
import { usePerson } from '../person/use-person.ts'
import { Message } from '../ui/message.tsx'
import { useAction } from '../ui/use-action.ts'
import { SoundButton, useAlerts } from './alerts.tsx'
import { pauseGame } from './api.ts'
import { History } from './history.tsx'
import { HostView } from './host-view.tsx'
import { JoinForm } from './join-form.tsx'
import { PlayerView } from './player-view.tsx'
import { Roster } from './roster.tsx'
import { sortChallenges } from './state.ts'
import { type GameHandle, useGame, useGameEvents } from './use-game.ts'

/** One game, in whichever state it is for whoever looks. */
export function GamePage({ code }: { readonly code: string }) {
  const handle = useGame(code)
  const person = usePerson()
  const { state, reload } = handle
  useEffect(() => {
    document.title = `${state.game?.name ?? 'Game'} ${code}`
    return () => {
      document.title = 'Challenges'
    }
  }, [state.game, code])
  const seat = state.players.find(({ user_id }) => user_id === person?.id)
  if (state.phase === 'no_seat') return <TakeSeat code={code} problem={state.problem} onSeated={reload} />
  if (state.phase === 'missing') return <NoSuchGame code={code} />
  if (state.phase === 'failed') {
    return (
      <main className="page">
        <HiddenTitle code={code} />
        <LoadFailed what="game" reason={state.problem ?? ''} onRetry={reload} />
      </main>
    )
  }
  if (!state.game || !seat) {
    return (
      <main className="page" aria-busy="true">
        <HiddenTitle code={code} />
        <p role="status">Opening the game…</p>
      </main>
    )
  }
  return <OpenGame code={code} game={state.game} seat={seat} handle={handle} />
}

interface OpenGameProps {
  readonly code: string
  readonly game: Game
  readonly seat: Player
  readonly handle: GameHandle
}

function OpenGame({ code, game, seat, handle }: OpenGameProps) {
  const { state, dispatch, reload } = handle
  useGameEvents(code, handle)
  useAlerts(code, seat)
  const sorted = useMemo(() => sortChallenges(state.challenges.values()), [state.challenges])
  const onAnswer = useCallback((row: GameChallenge) => dispatch({ type: 'challenge', row }), [dispatch])
  const View = seat.role === 'player' ? PlayerView : HostView
  return (
    <main className="page page-wide">
      <GameHeader game={game} seat={seat} handle={handle} />
      <DegradedNotice />
      {state.problem !== undefined && <StaleNotice reason={state.problem} onRetry={reload} />}
      {game.paused_at !== null && (
        <p className="paused" role="status">
          <Pause size={18} aria-hidden="true" />
          <strong>The game is paused.</strong> All clocks stand still until the host lets it go on.
        </p>
      )}
      <div className="game">
        <div className="game-main">
          <View code={code} seat={seat} sorted={sorted} onAnswer={onAnswer} />
        </div>
        <div className="game-side">
          <Roster code={code} seat={seat} players={state.players} />
          <History ended={sorted.ended} />
        </div>
      </div>
    </main>
  )
}

function GameHeader({ game, seat, handle: { dispatch } }: Omit<OpenGameProps, 'code'>) {
  const { pending, run } = useAction()
  const isPaused = game.paused_at !== null
  const role = seat.role === 'player' ? `player of team ${seat.team_number}` : seat.role
  return (
    <header className="page-header">
      <div>
        <h1>{game.name}</h1>
        <p className="lead">
          Code <strong className="code">{game.code}</strong>. You are {seat.name}, {role}.
        </p>
      </div>
      <div className="header-actions">
        <SoundButton />
        {seat.role === 'host' && (
          <button
            type="button"
            className="button"
            aria-disabled={pending}
            onClick={() =>
              run(async () => dispatch({ type: 'clocks', ...(await pauseGame(game.code, !isPaused)) }))
            }
          >
            {isPaused ? <Play size={17} aria-hidden="true" /> : <Pause size={17} aria-hidden="true" />}
            {isPaused ? 'Resume' : 'Pause'}
          </button>
        )}
      </div>
    </header>
  )
}

interface TakeSeatProps {
  readonly code: string
  /** Why the last look into the game failed. */
  readonly problem: string | undefined
  readonly onSeated: () => void
}

function TakeSeat({ code, problem, onSeated }: TakeSeatProps) {
  return (
    <main className="page page-narrow">
      <header className="page-header">
        <div>
          <h1>Join the game</h1>
          <p className="lead">
            You have no seat in game <strong className="code">{code}</strong> yet.
          </p>
        </div>
      </header>
      {problem !== undefined && <StaleNotice reason={problem} onRetry={onSeated} />}
      <JoinForm code={code} onJoined={onSeated} />
    </main>
  )
}

interface CodeProps {
  readonly code: string
}

/** For screen readers, where the page has nothing else to be called by. */
function HiddenTitle({ code }: CodeProps) {
  return <h1 className="visually-hidden">Game {code}</h1>
}

function NoSuchGame({ code }: CodeProps) {
  return (
    <main className="page page-narrow">
      <HiddenTitle code={code} />
      <Message title={`There is no game ${code}`} isProblem>
        <p>Ask the host for the code, or start a game of your own.</p>
        <Link href={`/game${window.location.search}`} className="button">
          To the games
        </Link>
      </Message>
    </main>
  )
}

import { Columns2, Eye, FlaskConical, Snowflake, Unplug, Wifi, WifiOff } from 'lucide-react'
import { useEffect, useState, useSyncExternalStore } from 'react'
import { toast } from 'sonner'
import { useNetworkMode } from '../connection/use-network.ts'
import { ask, wordsOf } from '../net/http.ts'
import { labNetwork, type NetworkMode } from '../net/lab-network.ts'
import { lab } from './lab.ts'

const freezeSeconds = 10

const modes: readonly { mode: NetworkMode; label: string; hint: string; Icon: typeof Wifi }[] = [
  { mode: 'whole', label: 'Network', hint: 'Everything gets through', Icon: Wifi },
  { mode: 'cut', label: 'Cut', hint: 'Nothing gets through: go on switching, and reconnect', Icon: WifiOff },
  { mode: 'http-only', label: 'No WebSocket', hint: 'As behind a proxy that refuses it', Icon: Unplug },
]

/** For a visitor who wants to see it recover: breaks this window's network or the server, and opens a second person. */
export function LabBar() {
  const { isSplit, showsRenders } = useSyncExternalStore(lab.subscribe, () => lab.now)
  return (
    <aside className="lab-place" aria-label="Lab">
      <details className="lab">
        <summary>
          <FlaskConical size={17} aria-hidden="true" />
          <span className="lab-title">Try to break it</span>
        </summary>
        <div className="lab-tools">
          <NetworkChoice />
          <FreezeButton />
          {lab.mayOpenSecond && (
            <button
              type="button"
              className="chip"
              aria-pressed={isSplit}
              onClick={() => lab.set({ isSplit: !isSplit })}
            >
              <Columns2 size={15} aria-hidden="true" /> Second person beside
            </button>
          )}
          <button
            type="button"
            className="chip"
            aria-pressed={showsRenders}
            onClick={() => lab.set({ showsRenders: !showsRenders })}
          >
            <Eye size={15} aria-hidden="true" /> Count renders
          </button>
        </div>
      </details>
    </aside>
  )
}

function NetworkChoice() {
  const current = useNetworkMode()
  return (
    <fieldset className="segments">
      <legend className="visually-hidden">The network of this window</legend>
      {modes.map(({ mode, label, hint, Icon }) => (
        <label key={mode} className="segment" title={hint}>
          <input
            type="radio"
            name="network"
            checked={mode === current}
            onChange={() => labNetwork.set(mode)}
          />
          <Icon size={15} aria-hidden="true" />
          {label}
        </label>
      ))}
    </fieldset>
  )
}

/** Stops the server's whole process for a while; what is sent meanwhile is answered when it goes on. */
function FreezeButton() {
  const [left, setLeft] = useState(0)
  useEffect(() => {
    if (left === 0) return
    const timer = setTimeout(() => setLeft(left - 1), 1_000)
    return () => clearTimeout(timer)
  }, [left])
  const freeze = async () => {
    try {
      await ask('/lab/freeze', { method: 'POST', body: { seconds: freezeSeconds } })
      setLeft(freezeSeconds)
    } catch (error) {
      toast.error(wordsOf(error))
    }
  }
  return (
    <button type="button" className="chip" disabled={left > 0} onClick={freeze}>
      <Snowflake size={15} aria-hidden="true" />
      {left > 0 ? `Frozen for ${left} s` : `Freeze the server ${freezeSeconds} s`}
    </button>
  )
}

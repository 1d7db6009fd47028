import { useConnection } from '../sync.ts'
import { statusOf } from './status.ts'
import { useNetwork, useReach } from './use-network.ts'

/** Says whether this window hears what others change. */
export function StatusBadge() {
  const { state, attempt } = useConnection()
  const { tone, label, detail } = statusOf({ state, attempt, hasNetwork: useNetwork(), isThere: useReach() })
  return (
    <p className="status" data-tone={tone} role="status" title={detail}>
      <span className="status-dot" aria-hidden="true" />
      {label}
    </p>
  )
}

/** Says what a connection that was given up means here, and lets the visitor ask for another. */
export function DegradedNotice() {
  const { state, retry } = useConnection()
  const isThere = useReach()
  if (state !== 'error' || !isThere) return null
  return (
    <div className="notice" role="status">
      <p>
        <strong>Live updates are off.</strong> Everything works on; changes by others are fetched every ten
        seconds, and the connection is tried again every minute.
      </p>
      <button type="button" className="button button-quiet" onClick={retry}>
        Connect again
      </button>
    </div>
  )
}

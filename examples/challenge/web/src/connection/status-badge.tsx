import { client, useConnection } from '../sync.ts'
import { statusOf } from './status.ts'
import { useNetwork } from './use-network.ts'

/** Says whether this window hears what others change. */
export function StatusBadge() {
  const { state, attempt } = useConnection()
  const { tone, label, detail } = statusOf({ state, attempt, hasNetwork: useNetwork() })
  return (
    <div className="connection">
      {state === 'error' && (
        <button type="button" className="button button-quiet" onClick={() => client.connect()}>
          Connect again
        </button>
      )}
      <p className="status" data-tone={tone} role="status" title={detail}>
        <span className="status-dot" aria-hidden="true" />
        {label}
      </p>
    </div>
  )
}

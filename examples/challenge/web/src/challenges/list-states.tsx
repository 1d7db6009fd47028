export interface RetryProps {
  readonly reason: string
  readonly onRetry: () => void
}

const placeholders = ['a', 'b', 'c', 'd', 'e', 'f']

/** Grey cards in the shape of what is coming. */
export function LoadingList() {
  return (
    <div className="cards" aria-busy="true">
      <p className="visually-hidden" role="status">
        Loading the challenges
      </p>
      {placeholders.map((key) => (
        <div key={key} className="card card-placeholder" aria-hidden="true">
          <div className="card-text">
            <span className="bar bar-short" />
            <span className="bar bar-name" />
            <span className="bar" />
          </div>
        </div>
      ))}
    </div>
  )
}

/** Nothing could be loaded at all. */
export function LoadFailed({
  what = 'challenges',
  reason,
  onRetry,
}: RetryProps & { readonly what?: string }) {
  return (
    <div className="message" role="alert">
      <h2>The {what} did not load</h2>
      <p>{reason}</p>
      <button type="button" className="button" onClick={onRetry}>
        Try again
      </button>
    </div>
  )
}

/** The list is there, but the last refresh of it failed. */
export function StaleNotice({ reason, onRetry }: RetryProps) {
  return (
    <div className="notice" role="status">
      <p>This may be out of date. {reason}</p>
      <button type="button" className="button button-quiet" onClick={onRetry}>
        Refresh
      </button>
    </div>
  )
}

/** The database holds no challenge. */
export function EmptyList() {
  return (
    <div className="message">
      <h2>No challenges yet</h2>
      <p>Make the first one: it appears in every open window.</p>
    </div>
  )
}

/** What the page says about its connection; `tone` picks the colour. */
export interface Status {
  readonly tone: 'live' | 'waiting' | 'off'
  readonly label: string
  readonly detail: string
}

/** What there is to know of a connection. */
export interface ConnectionView {
  readonly state: 'disconnected' | 'connecting' | 'connected' | 'error'
  /** How many attempts in a row have not led to a stable connection. */
  readonly attempt: number
  /** Whether the browser believes that it has a network. */
  readonly hasNetwork: boolean
  /** Whether the server answers over HTTP, as far as is known. */
  readonly isThere: boolean
}

/** Puts a connection into words for a person. */
export function statusOf({ state, attempt, hasNetwork, isThere }: ConnectionView): Status {
  // Without a network an open socket may stay open for half a minute, and hears nothing.
  if (!hasNetwork || (state === 'error' && !isThere)) {
    return { tone: 'off', label: 'Offline', detail: 'What you change waits here until you are back.' }
  }
  if (state === 'error') {
    return { tone: 'off', label: 'Not live', detail: 'What others change appears with some delay.' }
  }
  if (state === 'connected') {
    return { tone: 'live', label: 'Live', detail: 'What others change appears here at once.' }
  }
  if (attempt > 0) {
    return {
      tone: 'waiting',
      label: 'Reconnecting…',
      detail: 'What is missed meanwhile is caught up with.',
    }
  }
  return { tone: 'waiting', label: 'Connecting…', detail: 'One moment.' }
}

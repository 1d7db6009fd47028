/** What the visitor has switched on in the lab. */
export interface LabState {
  /** Whether a second person is shown beside. */
  readonly isSplit: boolean
  /** Whether each card says how often it was drawn. */
  readonly showsRenders: boolean
}

const listeners = new Set<() => void>()
let state: LabState = { isSplit: false, showsRenders: false }

export const lab = {
  /** A second person has no third one beside. */
  mayOpenSecond: window.self === window.top,
  get now(): LabState {
    return state
  },
  set(change: Partial<LabState>): void {
    state = { ...state, ...change }
    document.documentElement.toggleAttribute('data-shows-renders', state.showsRenders)
    for (const listener of [...listeners]) listener()
  },
  subscribe(listener: () => void): () => void {
    listeners.add(listener)
    return () => listeners.delete(listener)
  },
}

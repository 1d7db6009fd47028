/** For each state, the events it accepts and where each of them leads. A missing cell is a decision. */
export type Transitions<State extends string, Event extends string> = {
  readonly [From in State]: { readonly [On in Event]?: State }
}

/** One variable, one writer: the only place where a state is assigned. */
export interface Machine<State extends string, Event extends string> {
  readonly state: State
  /** Applies an event. `false` means that the table has no such move, and nothing changed. */
  send(event: Event): boolean
}

/** Makes a machine over `table`; `onMove` hears of each move after it has happened. */
export function createMachine<State extends string, Event extends string>(
  table: Transitions<State, Event>,
  initial: State,
  onMove?: (to: State, from: State, event: Event) => void,
): Machine<State, Event> {
  let state = initial
  return {
    get state() {
      return state
    },
    send(event) {
      const from = state
      const to = table[from][event]
      if (to === undefined) return false
      state = to
      onMove?.(to, from, event)
      return true
    },
  }
}

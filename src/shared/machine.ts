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

type OnMove<State, Event> = (to: State, from: State, event: Event) => void

/** Makes a machine over `table`; `onMove` hears of each move after it has happened. */
export function createMachine<State extends string, Event extends string>(
  table: Transitions<State, Event>,
  initial: State,
  onMove?: OnMove<State, Event>,
): Machine<State, Event> {
  return new TableMachine(table, initial, onMove)
}

/** A class, so that ten thousand sessions share its methods. */
class TableMachine<State extends string, Event extends string> implements Machine<State, Event> {
  readonly #table: Transitions<State, Event>
  readonly #onMove: OnMove<State, Event> | undefined
  #state: State

  constructor(table: Transitions<State, Event>, initial: State, onMove?: OnMove<State, Event>) {
    this.#table = table
    this.#state = initial
    this.#onMove = onMove
  }

  get state(): State {
    return this.#state
  }

  send(event: Event): boolean {
    const from = this.#state
    const to = this.#table[from][event]
    if (to === undefined) return false
    this.#state = to
    this.#onMove?.(to, from, event)
    return true
  }
}

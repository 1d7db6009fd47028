import type { Challenge } from '../../../shared/challenge.ts'

/** One card: the newest row the server told, and what this window has asked for on top of it. */
export interface Entry {
  readonly row: Challenge
  /** What the person here last asked for; shown instead of the row while an answer is due. */
  readonly wanted: boolean
  /** How many requests of this window have no answer yet. */
  readonly inFlight: number
  /** Why the last request was refused. */
  readonly note: string | undefined
  /** How often others have switched it while this window watched. */
  readonly remoteChanges: number
}

export interface State {
  readonly phase: 'loading' | 'ready' | 'failed'
  readonly entries: readonly Entry[]
  /** Rows that were heard of before the list was there. */
  readonly unlisted: readonly Challenge[]
  /** Why the last load failed. */
  readonly problem: string | undefined
  /** The last change by somebody else, in words, for screen readers. */
  readonly announcement: string
}

export type Action =
  | { readonly type: 'loading' }
  | { readonly type: 'loaded'; readonly rows: readonly Challenge[] }
  | { readonly type: 'load_failed'; readonly message: string }
  | { readonly type: 'asked'; readonly id: number }
  | { readonly type: 'answered'; readonly row: Challenge }
  | { readonly type: 'refused'; readonly id: number; readonly message: string }
  | { readonly type: 'heard'; readonly row: Challenge; readonly own: boolean }

export const initialState: State = {
  phase: 'loading',
  entries: [],
  unlisted: [],
  problem: undefined,
  announcement: '',
}

/** Whether the card's switch stands at on. */
export function isOn({ row, wanted, inFlight }: Entry): boolean {
  return inFlight > 0 ? wanted : row.toggle_details.is_active
}

/** Every change of the list, pure; entries that a change does not touch keep their identity. */
export function reduce(state: State, action: Action): State {
  switch (action.type) {
    case 'loading':
      return state.phase === 'failed' ? { ...state, phase: 'loading' } : state
    case 'loaded':
      return { ...state, phase: 'ready', problem: undefined, entries: merge(state, action.rows) }
    case 'load_failed':
      return { ...state, phase: state.phase === 'ready' ? 'ready' : 'failed', problem: action.message }
    case 'asked':
      return update(state, action.id, ask)
    case 'answered':
      return update(state, action.row.id, (entry) => settle(withRow(entry, action.row), undefined))
    case 'refused':
      return update(state, action.id, (entry) => settle(entry, action.message))
    case 'heard':
      return hear(state, action)
  }
}

function merge({ entries, unlisted }: State, rows: readonly Challenge[]): readonly Entry[] {
  const known = new Map(entries.map((entry) => [entry.row.id, entry]))
  return rows.map((row) => {
    const heard = unlisted.filter(({ id }) => id === row.id)
    return [row, ...heard].reduce(withRow, known.get(row.id) ?? newEntry(row))
  })
}

function newEntry(row: Challenge): Entry {
  return { row, wanted: row.toggle_details.is_active, inFlight: 0, note: undefined, remoteChanges: 0 }
}

/** A slow answer can arrive after a newer event, so the older of two rows is dropped. */
function withRow(entry: Entry, row: Challenge): Entry {
  return row.version > entry.row.version ? { ...entry, row } : entry
}

function ask(entry: Entry): Entry {
  return { ...entry, wanted: !isOn(entry), inFlight: entry.inFlight + 1, note: undefined }
}

function settle(entry: Entry, note: string | undefined): Entry {
  return { ...entry, inFlight: Math.max(0, entry.inFlight - 1), note }
}

function hear(state: State, { row, own }: Extract<Action, { type: 'heard' }>): State {
  const listed = state.entries.some((entry) => entry.row.id === row.id)
  // A list that was asked for before this event may arrive after it, and must not undo it.
  if (!listed) return { ...state, unlisted: [...state.unlisted.filter(({ id }) => id !== row.id), row] }
  const next = update(state, row.id, (entry) => withRow(entry, row))
  if (own || next === state) return next
  const announcement = `${row.name} was switched ${row.toggle_details.is_active ? 'on' : 'off'} by somebody else.`
  const counted = update(next, row.id, (entry) => ({ ...entry, remoteChanges: entry.remoteChanges + 1 }))
  return { ...counted, announcement }
}

function update(state: State, id: number, change: (entry: Entry) => Entry): State {
  let changed = false
  const entries = state.entries.map((entry) => {
    if (entry.row.id !== id) return entry
    const next = change(entry)
    changed ||= next !== entry
    return next
  })
  return changed ? { ...state, entries } : state
}

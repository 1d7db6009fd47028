import type { Challenge } from '../../../shared/challenge.ts'

/** One card: the newest row the server told, and what this window has asked for on top of it. */
export interface Entry {
  readonly row: Challenge
  /** What the person here last asked for; shown instead of the row while an answer is due. */
  readonly wanted: boolean
  /** How many requests of this window have no answer yet. */
  readonly inFlight: number
  /** How many of those wait here until there is a connection. */
  readonly waiting: number
  /** Why the last request was refused. */
  readonly note: string | undefined
  /** Who switched it last while this window watched. */
  readonly by: string | undefined
  /** How often others have switched it while this window watched. */
  readonly remoteChanges: number
}

export interface State {
  readonly phase: 'loading' | 'ready' | 'failed'
  readonly entries: readonly Entry[]
  /** Rows heard of since the list was last asked for, which may be newer than it. */
  readonly heard: readonly Challenge[]
  /** Ids heard to be deleted since then. */
  readonly deleted: readonly number[]
  /** Why the last load failed. */
  readonly problem: string | undefined
  /** The last change by somebody else, in words, for screen readers. */
  readonly announcement: string
}

export type Action =
  | { readonly type: 'loading' }
  | { readonly type: 'loaded'; readonly rows: readonly Challenge[] }
  | { readonly type: 'load_failed'; readonly message: string }
  | { readonly type: 'asked'; readonly id: number; readonly wanted: boolean }
  | { readonly type: 'waiting'; readonly id: number }
  | { readonly type: 'answered'; readonly row: Challenge; readonly wasWaiting: boolean }
  | { readonly type: 'refused'; readonly id: number; readonly message: string; readonly wasWaiting: boolean }
  | { readonly type: 'toggled'; readonly row: Challenge; readonly by: string; readonly own: boolean }
  | { readonly type: 'changed'; readonly row: Challenge }
  | { readonly type: 'deleted'; readonly id: number }

export const initialState: State = {
  phase: 'loading',
  entries: [],
  heard: [],
  deleted: [],
  problem: undefined,
  announcement: '',
}

/** Whether the card's switch stands at on. */
export function isOn({ row, wanted, inFlight }: Entry): boolean {
  return inFlight > 0 ? wanted : row.toggle_details.is_active
}

/** How many changes wait for a connection. */
export function waitingCount({ entries }: State): number {
  return entries.reduce((sum, { waiting }) => sum + waiting, 0)
}

/** Every change of the list, pure; entries that a change does not touch keep their identity. */
export function reduce(state: State, action: Action): State {
  switch (action.type) {
    case 'loading':
      return { ...state, heard: [], deleted: [], phase: state.phase === 'failed' ? 'loading' : state.phase }
    case 'loaded':
      return { ...state, phase: 'ready', problem: undefined, entries: merge(state, action.rows) }
    case 'load_failed':
      return { ...state, phase: state.phase === 'ready' ? 'ready' : 'failed', problem: action.message }
    case 'asked':
      return update(state, action.id, (entry) => ask(entry, action.wanted))
    case 'waiting':
      return update(state, action.id, (entry) => ({ ...entry, waiting: entry.waiting + 1 }))
    case 'answered':
      return update(state, action.row.id, (entry) => withRow(settle(entry, action), action.row))
    case 'refused':
      return update(state, action.id, (entry) => ({ ...settle(entry, action), note: action.message }))
    case 'toggled':
      return toggled(state, action)
    case 'changed':
      return hear(state, action.row)
    case 'deleted':
      return {
        ...state,
        deleted: [...state.deleted, action.id],
        entries: state.entries.filter(({ row }) => row.id !== action.id),
      }
  }
}

/** The list as loaded, with what was heard since it was asked for. */
function merge({ entries, heard, deleted }: State, rows: readonly Challenge[]): readonly Entry[] {
  const known = new Map(entries.map((entry) => [entry.row.id, entry]))
  const merged = new Map<number, Entry>()
  for (const row of [...rows, ...heard]) {
    const before = merged.get(row.id) ?? known.get(row.id) ?? newEntry(row)
    if (!deleted.includes(row.id)) merged.set(row.id, withRow(before, row))
  }
  return [...merged.values()]
}

function newEntry(row: Challenge): Entry {
  return {
    row,
    wanted: row.toggle_details.is_active,
    inFlight: 0,
    waiting: 0,
    note: undefined,
    by: undefined,
    remoteChanges: 0,
  }
}

/** A slow answer can arrive after a newer event, so the older of two rows is dropped. */
function withRow(entry: Entry, row: Challenge): Entry {
  return row.version > entry.row.version ? { ...entry, row } : entry
}

function ask(entry: Entry, wanted: boolean): Entry {
  return { ...entry, wanted, inFlight: entry.inFlight + 1, note: undefined }
}

function settle(entry: Entry, { wasWaiting }: { readonly wasWaiting: boolean }): Entry {
  const waiting = wasWaiting ? Math.max(0, entry.waiting - 1) : entry.waiting
  return { ...entry, inFlight: Math.max(0, entry.inFlight - 1), waiting, note: undefined }
}

/** A row that the server has told of: the newest of its kind, whether it is in the list or not. */
function hear(state: State, row: Challenge): State {
  const heard = [...state.heard.filter(({ id }) => id !== row.id), row]
  if (state.phase !== 'ready' || state.deleted.includes(row.id)) return { ...state, heard }
  const isListed = state.entries.some((entry) => entry.row.id === row.id)
  if (!isListed) return { ...state, heard, entries: [...state.entries, newEntry(row)] }
  return { ...update(state, row.id, (entry) => withRow(entry, row)), heard }
}

function toggled(state: State, { row, by, own }: Extract<Action, { type: 'toggled' }>): State {
  const before = state.entries.find((entry) => entry.row.id === row.id)
  const next = hear(state, row)
  const isNews = !before || row.version > before.row.version
  // What this window did itself is told, too, and may come before the answer.
  if (own || !isNews) return own ? update(next, row.id, (entry) => ({ ...entry, by })) : next
  const announcement = `${row.name} was switched ${row.toggle_details.is_active ? 'on' : 'off'} by ${by}.`
  const counted = (entry: Entry) => ({ ...entry, by, remoteChanges: entry.remoteChanges + 1 })
  return { ...update(next, row.id, counted), announcement }
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

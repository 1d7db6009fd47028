'use client'
import { useRef, useSyncExternalStore } from 'react'
import type { Undo } from '../shared/disposer.ts'

/** Something outside of React that changes. All are stable: the same functions as long as it is the same thing. */
export interface Source<Value> {
  readonly subscribe: (changed: () => void) => Undo
  /** The same object until something changes. */
  readonly read: () => Value
  /** What a server renders, and a page until it is hydrated. */
  readonly readOnServer: () => Value
}

/** What `select` makes of a source; renders again only when that changes, one level deep. */
export function useSelected<Value, Selected>(
  { subscribe, read, readOnServer }: Source<Value>,
  select: (value: Value) => Selected,
): Selected {
  const kept = useRef<{ value: Value; select: unknown; selected: Selected }>(undefined)
  const pick = (value: Value): Selected => {
    const before = kept.current
    if (before?.value === value && before.select === select) return before.selected
    const now = select(value)
    const selected = before && isAlike(before.selected, now) ? before.selected : now
    kept.current = { value, select, selected }
    return selected
  }
  return useSyncExternalStore(
    subscribe,
    () => pick(read()),
    () => pick(readOnServer()),
  )
}

/** Whether both are the same value, or arrays or plain objects whose entries are the same values. */
function isAlike(one: unknown, other: unknown): boolean {
  if (Object.is(one, other)) return true
  // What a Map, a Set or a Date holds is no entry, so that any two of them would pass for the same.
  if (!isPlain(one) || !isPlain(other) || one.constructor !== other.constructor) return false
  const keys = Object.keys(one)
  return (
    keys.length === Object.keys(other).length &&
    keys.every((key) => Object.is(one[key as keyof typeof one], other[key as keyof typeof other]))
  )
}

function isPlain(value: unknown): value is object {
  return Array.isArray(value) || (value as object | null | undefined)?.constructor === Object
}

'use client'
import { useEffect, useLayoutEffect, useRef } from 'react'
import type { Undo } from '../shared/disposer.ts'

/** What the hook needs of what it listens to. */
interface Listenable {
  on(event: string, listener: (...args: unknown[]) => void): Undo
}

type AnyHandler = (...args: never[]) => void

// On a server there is no layout to come before, and React 18 warns of the layout effect there.
export const useCommitEffect = typeof document === 'undefined' ? useEffect : useLayoutEffect

/** Listens while the component is mounted and has a handler, always with the latest, without listening anew for it. */
export function useEventOf(source: Listenable, event: string, handler: AnyHandler | undefined): void {
  const latest = useRef(handler)
  useCommitEffect(() => {
    latest.current = handler
  })
  const isHeard = !!handler
  useEffect(
    () => (isHeard ? source.on(event, (...args) => latest.current?.(...(args as never[]))) : undefined),
    [source, event, isHeard],
  )
}

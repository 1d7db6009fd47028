'use client'
import { useEffect, useLayoutEffect, useRef } from 'react'
import type { Undo } from '../shared/disposer.ts'

/** What the hook needs of a channel. */
interface Listenable {
  on(event: string, listener: (...args: unknown[]) => void): Undo
}

type AnyHandler = (...args: never[]) => void

// On a server there is no layout to come before, and React 18 warns of the layout effect there.
const useCommitEffect = typeof document === 'undefined' ? useEffect : useLayoutEffect

/** Listens while the component is mounted, always with the latest handler, without listening anew for it. */
export function useEventOf(channel: Listenable, event: string, handler: AnyHandler): void {
  const latest = useRef(handler)
  useCommitEffect(() => {
    latest.current = handler
  })
  useEffect(() => channel.on(event, (...args) => latest.current(...(args as never[]))), [channel, event])
}

import { useEffect, useRef } from 'react'
import { useConnection } from '../sync.ts'

/** How often the page asks over HTTP while nobody tells it anything, in milliseconds. */
export const pollMs = 10_000

/** Calls `load` at once, and again and again for as long as the live connection is given up. */
export function usePolling(load: () => void): void {
  const isGivenUp = useConnection(({ state }) => state === 'error')
  const latest = useRef(load)
  useEffect(() => {
    latest.current = load
  })
  // Not only then, so that what is shown is there also where no live connection comes about.
  useEffect(() => {
    latest.current()
  }, [])
  useEffect(() => {
    if (!isGivenUp) return
    latest.current()
    const timer = setInterval(() => latest.current(), pollMs)
    return () => clearInterval(timer)
  }, [isGivenUp])
}

import { useRef } from 'react'

/** How often the component was drawn, for whoever wants to see that others are left alone: the lab shows it, and a test reads it. */
export function useRenders(): number {
  const renders = useRef(0)
  renders.current += 1
  return renders.current
}

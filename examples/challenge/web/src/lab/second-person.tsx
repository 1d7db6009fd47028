import { useCallback, useSyncExternalStore } from 'react'
import { useLocation } from 'wouter'
import { lab } from './lab.ts'

/** The same page as another person sees it, beside this one. */
export function SecondPerson() {
  const { isSplit } = useSyncExternalStore(lab.subscribe, () => lab.now)
  const [path] = useLocation()
  // On a phone it comes below, where nobody would look for it.
  const show = useCallback((place: HTMLElement | null) => place?.scrollIntoView({ block: 'nearest' }), [])
  if (!isSplit || !lab.mayOpenSecond) return null
  return (
    <aside className="second" ref={show} aria-label="The same page as a second person sees it">
      <iframe title="A second person" src={`${path}?as=second`} />
    </aside>
  )
}

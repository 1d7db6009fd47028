import { useSyncExternalStore } from 'react'
import type { Person } from '../../../shared/identity.ts'
import { person } from './person.ts'

/** Who this window is; `undefined` until the server has said so. */
export function usePerson(): Person | undefined {
  return useSyncExternalStore(person.subscribe, () => person.current)
}

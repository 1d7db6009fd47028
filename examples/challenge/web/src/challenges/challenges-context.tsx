import { createContext, type ReactNode, useContext } from 'react'
import { type Challenges, useChallengesOnce } from './use-challenges.ts'

const context = createContext<Challenges | undefined>(undefined)

/** Holds the challenges for the pages below it. */
export function ChallengesProvider({ children }: { readonly children: ReactNode }) {
  return <context.Provider value={useChallengesOnce()}>{children}</context.Provider>
}

/** The challenges, as the provider above holds them. */
export function useChallenges(): Challenges {
  return useContext(context)!
}

import { labNetwork } from './lab-network.ts'

const listeners = new Set<() => void>()
let hasAnswered = true

/** Whether the server can be reached over HTTP, as far as this window knows from the last time that it asked. */
export const reach = {
  get isThere(): boolean {
    return hasAnswered && labNetwork.hasNetwork
  },
  /** Notes what became of a request. */
  note(isAnswered: boolean): void {
    if (isAnswered === hasAnswered) return
    hasAnswered = isAnswered
    for (const listener of [...listeners]) listener()
  },
  subscribe(listener: () => void): () => void {
    listeners.add(listener)
    const undo = labNetwork.subscribe(listener)
    return () => {
      listeners.delete(listener)
      undo()
    }
  },
}

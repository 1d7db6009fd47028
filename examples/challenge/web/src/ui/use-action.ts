import { useState } from 'react'
import { toast } from 'sonner'
import { wordsOf } from '../net/http.ts'

/** Runs what a person sets off, one at a time, and says why when it fails. */
export function useAction(): {
  readonly pending: boolean
  readonly run: (action: () => Promise<unknown>) => void
} {
  const [pending, setPending] = useState(false)
  const run = async (action: () => Promise<unknown>) => {
    setPending(true)
    try {
      await action()
    } catch (error) {
      toast.error(wordsOf(error))
    } finally {
      setPending(false)
    }
  }
  return { pending, run }
}

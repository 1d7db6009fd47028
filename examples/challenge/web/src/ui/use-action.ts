import { useRef, useState } from 'react'
import { toast } from 'sonner'
import { wordsOf } from '../net/http.ts'

/** Runs what a person sets off and says why when it fails; meanwhile, what else they set off is left. */
export function useAction(): {
  readonly pending: boolean
  readonly run: (action: () => Promise<unknown>) => void
} {
  const [pending, setPending] = useState(false)
  const isRunning = useRef(false)
  const run = async (action: () => Promise<unknown>) => {
    if (isRunning.current) return
    isRunning.current = true
    setPending(true)
    try {
      await action()
    } catch (error) {
      toast.error(wordsOf(error))
    } finally {
      isRunning.current = false
      setPending(false)
    }
  }
  return { pending, run }
}

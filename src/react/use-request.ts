'use client'
import { useMemo, useState } from 'react'
import type { UntypedChannel } from '../client/channel.ts'
import { type SyncError, toSyncError } from '../shared/errors.ts'

/** What became of the newest call. */
export interface RequestState<Result = unknown> {
  /** Whether its answer is awaited. */
  readonly pending: boolean
  /** The last answer there was, until `reset`. */
  readonly data: Result | undefined
  /** Why there was none, until the next call. */
  readonly error: SyncError | undefined
}

/** One request of a channel, and the way to send it. */
export interface RequestView<Input = unknown, Result = unknown> extends RequestState<Result> {
  /**
   * Sends it, exactly once, also over reconnects and after the component is unmounted; a call before it goes on, but is not shown any more. Rejects as
   * `channel.request` does; one who ignores the promise finds the same in `error`. Always the same function.
   */
  readonly send: (input: Input, options?: RequestSendOptions) => Promise<Result>
  /** Gives the newest call up, which is not an error: what was sent may still be applied. */
  readonly abort: () => void
  /** Forgets answer and error; a call under way is not shown any more. */
  readonly reset: () => void
}

export interface RequestSendOptions {
  /** How long to wait for the answer, in milliseconds. Default: the client's `requestTimeoutMs`. */
  readonly timeoutMs?: number | undefined
}

const idle: RequestState = { pending: false, data: undefined, error: undefined }

/** One request of a channel; a component that it is given another channel starts anew. */
export function useRequestOf(channel: UntypedChannel, name: string): RequestView {
  const [{ of, ...state }, setState] = useState({ ...idle, of: {} })
  const calls = useMemo(() => {
    let newest: AbortController | undefined
    const show = (change: Partial<RequestState>) =>
      setState((before) => ({ ...(before.of === self ? before : idle), ...change, of: self }))
    const self: Pick<RequestView, 'send' | 'abort' | 'reset'> = {
      send(input, { timeoutMs } = {}) {
        const call = new AbortController()
        newest = call
        show({ pending: true, error: undefined })
        const settle = (change: Partial<RequestState>) => {
          if (newest === call) show({ pending: false, ...change })
        }
        const outcome = channel.request(name, input, { signal: call.signal, timeoutMs })
        outcome.then(
          (data) => settle({ data }),
          (error) => settle(call.signal.aborted ? {} : { error: toSyncError(error, 'internal') }),
        )
        return outcome
      },
      abort: () => newest?.abort(),
      reset() {
        newest = undefined
        show(idle)
      },
    }
    return self
  }, [channel, name])
  const shown = of === calls ? state : idle
  return { ...shown, ...calls }
}

'use client'
import { useCallback, useMemo } from 'react'
import type { ConnectionStatus } from '../client/connection-states.ts'
import { type Source, useSelected } from './use-selected.ts'

/** The connection as a component sees it. */
export interface ConnectionView extends ConnectionStatus {
  /** Connects now: instead of waiting for the next attempt, or after it gave up or was switched off. Bound, and always the same. */
  readonly retry: () => void
}

/** What the hook needs of a client. */
interface Connected {
  readonly status: ConnectionStatus
  readonly onStatus: (listener: () => void) => () => void
  connect(): void
}

/** What a server renders: nothing is connected there. */
const serverStatus: ConnectionStatus = {
  state: 'disconnected',
  attempt: 0,
  nextAttemptAt: undefined,
  cause: undefined,
}
const readOnServer = () => serverStatus
const all = (status: ConnectionStatus) => status

/** The status of a client's connection, or what `select` makes of it. */
export function useConnectionOf(client: Connected, select?: (status: ConnectionStatus) => unknown): unknown {
  const source: Source<ConnectionStatus> = {
    subscribe: client.onStatus,
    read: () => client.status,
    readOnServer,
  }
  const retry = useCallback(() => client.connect(), [client])
  const seen = useSelected<ConnectionStatus, unknown>(source, select ?? all)
  return useMemo(() => (select ? seen : { ...(seen as ConnectionStatus), retry }), [seen, retry, select])
}

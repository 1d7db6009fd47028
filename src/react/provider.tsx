'use client'
import { type ReactNode, useEffect } from 'react'
import type { Client } from '../client/create-client.ts'
import type { AnyRegistry } from '../registry/registry.ts'
import { ClientContext } from './context.ts'

export interface SyncProviderProps<R extends AnyRegistry> {
  /** Made once, outside of components. Whoever made it closes it. */
  readonly client: Client<R>
  readonly children?: ReactNode
}

/** Gives a client to the hooks below it, and connects it once it is shown. */
export function SyncProvider<R extends AnyRegistry>({ client, children }: SyncProviderProps<R>): ReactNode {
  useEffect(() => {
    // Not while it waits or has given up: showing a page must not undo the backoff.
    if (client.status.state === 'disconnected') client.connect()
  }, [client])
  const value = client as unknown as Client<AnyRegistry>
  return <ClientContext.Provider value={value}>{children}</ClientContext.Provider>
}

'use client'
import { type Context, type ReactNode, useEffect } from 'react'
import type { Client } from '../client/create-client.ts'
import type { AnyRegistry } from '../registry/registry.ts'

export interface SyncProviderProps<R extends AnyRegistry> {
  /** Made once, outside of components. Whoever made it closes it. */
  readonly client: Client<R>
  readonly children?: ReactNode
}

/** The component that gives a client to the hooks that read `context`, and connects it once it is shown. */
export function providerOf<R extends AnyRegistry>(context: Context<Client<R> | undefined>) {
  return function SyncProvider({ client, children }: SyncProviderProps<R>): ReactNode {
    useEffect(() => {
      // Not while it waits or has given up, nor where the app has switched it off: showing a page must not undo that.
      if (client.status.state === 'disconnected' && !client.isOff) client.connect()
    }, [client])
    return <context.Provider value={client}>{children}</context.Provider>
  }
}

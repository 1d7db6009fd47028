'use client'
import { type Context, type ReactNode, useEffect, useMemo, useRef, useState } from 'react'
import { type Client, createClient } from '../client/create-client.ts'
import type { ClientOptions } from '../client/options.ts'
import type { AnyRegistry } from '../registry/registry.ts'
import { useCommitEffect } from './use-event.ts'

/** Either a client, made once, outside of components, and closed by whoever made it; or the options of one. */
export type SyncProviderProps<R extends AnyRegistry> = {
  /** `false`, as while nobody is signed in: no connection; `true`: one. Default: one, unless the app has switched the client off itself. */
  readonly enabled?: boolean | undefined
  readonly children?: ReactNode
} & (
  | { readonly client: Client<R>; readonly options?: undefined }
  | {
      readonly client?: undefined
      /**
       * Read once, when it is first shown; the client is closed when it is unmounted. Another `key` makes another client. One that is hidden, as by
       * `<Activity>`, closes its client, too, and has another when it is shown again. A client that is kept over a reload (`persist`) is made outside:
       * React may render, and so make, more than it shows.
       */
      readonly options: Omit<ClientOptions, 'persist'>
    }
)

type CommonProps = Pick<SyncProviderProps<AnyRegistry>, 'enabled' | 'children'>

/** The component that gives a client to the hooks that read `context`, and connects it once it is shown. */
export function providerOf<R extends AnyRegistry>(registry: R, context: Context<Client<R> | undefined>) {
  function Connected({ client, enabled, children }: CommonProps & { readonly client: Client<R> }): ReactNode {
    const switchedOff = useRef<Client<R>>(undefined)
    // Before the effects of what is below, where the first listener would connect.
    useCommitEffect(() => {
      if (enabled !== false) return
      client.disconnect()
      switchedOff.current = client
    }, [client, enabled])
    useEffect(() => {
      if (enabled === false) return
      // Not while it waits or has given up, nor where the app has switched it off: showing a page must not undo that.
      const mayConnect = enabled || !client.isOff || switchedOff.current === client
      switchedOff.current = undefined
      if (mayConnect && client.status.state === 'disconnected') client.connect()
    }, [client, enabled])
    return <context.Provider value={client}>{children}</context.Provider>
  }

  function Owner({
    options,
    enabled,
    children,
  }: CommonProps & { readonly options: Omit<ClientOptions, 'persist'> }): ReactNode {
    // Read once, also for the clients that come after.
    const [make] = useState(() => () => createClient(registry, options))
    const [turn, setTurn] = useState(0)
    // biome-ignore lint/correctness/useExhaustiveDependencies: each turn has a client of its own
    const client = useMemo(make, [make, turn])
    const leaving = useRef<Client<R>>(undefined)
    useEffect(() => {
      leaving.current = undefined
      return () => {
        leaving.current = client
        // Later: StrictMode and hot reload unmount what they mount again in the same breath.
        void Promise.resolve().then(() => {
          if (leaving.current !== client) return
          client.close()
          // It may only be hidden: what is shown again must not meet a client that is closed.
          // A client is made by rendering alone, so that one that is gone for good makes none.
          setTurn((before) => before + 1)
        })
      }
    }, [client])
    return (
      <Connected client={client} enabled={enabled}>
        {children}
      </Connected>
    )
  }

  return function SyncProvider({ client, options, ...rest }: SyncProviderProps<R>): ReactNode {
    return client ? <Connected client={client} {...rest} /> : <Owner options={options!} {...rest} />
  }
}

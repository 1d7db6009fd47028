'use client'
import { type Context, type ReactNode, useEffect, useRef, useState } from 'react'
import { type Client, createClient } from '../client/create-client.ts'
import type { ClientOptions } from '../client/options.ts'
import type { AnyRegistry } from '../registry/registry.ts'
import { useCommitEffect } from './use-event.ts'

interface CommonProps {
  /** `false`, as while nobody is signed in: no connection; `true`: one. Default: one, unless the app has switched the client off itself. */
  readonly enabled?: boolean | undefined
  readonly children?: ReactNode
}

/** Either a client, made once, outside of components, and closed by whoever made it; or the options of one. */
export type SyncProviderProps<R extends AnyRegistry> = CommonProps &
  (
    | { readonly client: Client<R>; readonly options?: undefined }
    | {
        readonly client?: undefined
        /** Read once, when it is first shown; the client is closed when it is unmounted. Another `key` makes another client. */
        readonly options: ClientOptions
      }
  )

/** The component that gives a client to the hooks that read `context`, and connects it once it is shown. */
export function providerOf<R extends AnyRegistry>(registry: R, context: Context<Client<R> | undefined>) {
  function Connected({ client, enabled, children }: CommonProps & { readonly client: Client<R> }): ReactNode {
    // Before the effects of what is below, where the first listener would connect.
    useCommitEffect(() => {
      if (enabled === false) client.disconnect()
    }, [client, enabled])
    useEffect(() => {
      // Not while it waits or has given up, nor where the app has switched it off: showing a page must not undo that.
      const mayConnect = enabled ?? !client.isOff
      if (mayConnect && client.status.state === 'disconnected') client.connect()
    }, [client, enabled])
    return <context.Provider value={client}>{children}</context.Provider>
  }

  function Owner({
    options,
    enabled,
    children,
  }: CommonProps & { readonly options: ClientOptions }): ReactNode {
    const [client, setClient] = useState(() => createClient(registry, options))
    const closing = useRef(new WeakMap<Client<R>, 'soon' | 'closed'>())
    // biome-ignore lint/correctness/useExhaustiveDependencies: the options are read once
    useEffect(() => {
      const fates = closing.current
      // It was hidden, and is shown again.
      if (fates.get(client) === 'closed') {
        setClient(createClient(registry, options))
        return
      }
      fates.delete(client)
      return () => {
        fates.set(client, 'soon')
        // Later: StrictMode and hot reload unmount what they mount again in the same breath.
        queueMicrotask(() => {
          if (fates.get(client) !== 'soon') return
          fates.set(client, 'closed')
          client.close()
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

'use client'
import type { ReactNode } from 'react'
import { createContext, useContext, useMemo, useSyncExternalStore } from 'react'
import type { Channel, HeardMeta } from '../client/channel.ts'
import type { ConnectionStatus } from '../client/connection.ts'
import type { Client } from '../client/create-client.ts'
import type { Gap, Subscribed } from '../client/subscription.ts'
import type { ChannelKey, HeardData, HeardName, ParamsArgs } from '../registry/infer.ts'
import { type AnyRegistry, channelName } from '../registry/registry.ts'
import { SyncError } from '../shared/errors.ts'
import { providerOf, type SyncProviderProps } from './provider.tsx'
import { useEventOf } from './use-event.ts'

/** Listens to an event of a channel, to `gap` or to `subscribed`, with the latest handler. */
export interface UseEvent<R extends AnyRegistry> {
  <K extends ChannelKey<R>, N extends HeardName<R, K>>(
    channel: Channel<R, K>,
    event: N,
    handler: (data: HeardData<R, K, N>, meta: HeardMeta<R, K, N>) => void,
  ): void
  <K extends ChannelKey<R>>(channel: Channel<R, K>, event: 'gap', handler: (gap: Gap) => void): void
  <K extends ChannelKey<R>>(
    channel: Channel<R, K>,
    event: 'subscribed',
    handler: (subscribed: Subscribed) => void,
  ): void
}

/** The hooks of one registry, and the one provider that they heed. */
export interface Hooks<R extends AnyRegistry> {
  /** Gives the client to these hooks below it, and connects it. Those of other registries go through it. */
  SyncProvider(props: SyncProviderProps<R>): ReactNode
  /** The client of the nearest provider of these hooks. Throws `no_provider`. */
  useClient(): Client<R>
  /** A handle of a channel; the same one as long as its name stays the same. */
  useChannel<K extends ChannelKey<R>>(key: K, ...params: ParamsArgs<R, K>): Channel<R, K>
  useEvent: UseEvent<R>
  /** The connection's status; renders again when it changes. */
  useConnection(): ConnectionStatus
}

/** What a server renders: nothing is connected there. */
const serverStatus: ConnectionStatus = {
  state: 'disconnected',
  attempt: 0,
  nextAttemptAt: undefined,
  cause: undefined,
}
const getServerStatus = () => serverStatus

const noProvider =
  'A hook has no client: no <SyncProvider> of the same createHooks() is above this component; render one around it'

/**
 * Makes the hooks for a registry, once, beside it: each call makes a provider of its own, which the hooks of another
 * call do not see.
 */
export function createHooks<R extends AnyRegistry>(registry: R): Hooks<R> {
  // One for each call: a client of one registry must never reach the hooks of another.
  const context = createContext<Client<R> | undefined>(undefined)
  function useClient(): Client<R> {
    const client = useContext(context)
    if (!client) throw new SyncError('no_provider', noProvider)
    return client
  }
  function useChannel<K extends ChannelKey<R>>(key: K, ...params: ParamsArgs<R, K>): Channel<R, K> {
    const client = useClient()
    const name = channelName(registry, key, ...params)
    // biome-ignore lint/correctness/useExhaustiveDependencies: the name stands for the key and the parameters
    return useMemo(() => client.channel(key, ...params), [client, name])
  }
  function useConnection(): ConnectionStatus {
    const client = useClient()
    return useSyncExternalStore(client.onStatus, () => client.status, getServerStatus)
  }
  const SyncProvider = providerOf(context)
  return { SyncProvider, useClient, useChannel, useConnection, useEvent: useEventOf as UseEvent<R> }
}

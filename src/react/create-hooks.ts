'use client'
import { createContext, useContext, useMemo } from 'react'
import type { UntypedChannel } from '../client/channel.ts'
import type { Client } from '../client/create-client.ts'
import type { Params } from '../registry/pattern.ts'
import { type AnyRegistry, channelName } from '../registry/registry.ts'
import { SyncError } from '../shared/errors.ts'
import type { Hooks } from './hooks.ts'
import { providerOf } from './provider.tsx'
import { useConnectionOf } from './use-connection.ts'
import { useCountdownOf, useServerClockOf } from './use-countdown.ts'
import { useEventOf } from './use-event.ts'
import { useRequestOf } from './use-request.ts'

/** A client without the types of one registry. */
interface UntypedClient {
  channel(key: string, params?: Params): UntypedChannel
}

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
  function useChannel(key: string, params?: Params): UntypedChannel {
    const client = useClient() as unknown as UntypedClient
    const name = channelName(registry, key, params)
    // biome-ignore lint/correctness/useExhaustiveDependencies: the name stands for the key and the parameters
    return useMemo(() => client.channel(key, params), [client, name])
  }
  const hooks = {
    SyncProvider: providerOf(registry, context),
    useClient,
    useChannel,
    useEvent: useEventOf,
    useConnection: (select?: never) => useConnectionOf(useClient(), select),
    useRequest: useRequestOf,
    useServerClock: () => useServerClockOf(useClient().serverClock),
    useCountdown: (endsAt: number | null | undefined, everyMs?: number) =>
      useCountdownOf(useClient().serverClock, endsAt, everyMs),
  }
  // The types of one registry are the interface's; what is behind it knows no registry.
  return hooks as unknown as Hooks<R>
}

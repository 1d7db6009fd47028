import { createElement, type ReactNode } from 'react'
import { channel, defineRegistry } from 'syncline'
import {
  type Channel,
  type Client,
  type ConnectionState,
  createClient,
  type EventMeta,
  type Gap,
  persisted,
  type Subscribed,
} from 'syncline/client'
import {
  type ConnectionView,
  createHooks,
  type Hooks,
  type ServerClockView,
  type SyncProviderProps,
} from 'syncline/react'
import { describe, expectTypeOf, it } from 'vitest'
import * as z from 'zod'
import { registry } from '../support/typed-registry.ts'

type R = typeof registry

const hooks = createHooks(registry)
const { SyncProvider, useClient, useChannel, useConnection, useCountdown, useEvent, useServerClock } = hooks
const client = createClient(registry, { url: '/sync' })
const otherRegistry = defineRegistry({ shop: channel('shop', { events: { sold: z.object({}) } }) })
const otherClient = createClient(otherRegistry, { url: '/sync' })
/** The same channel with the same event, and one more: by its methods alone, its handle would pass as one of `registry`. */
const wider = defineRegistry({
  lobby: channel('lobby', {
    events: { opened: z.object({ rooms: z.number() }), closed: z.object({}) },
  }),
})
const widerLobby = createClient(wider, { url: '/sync' }).channel('lobby')

describe('the hooks', () => {
  it('are of their registry', () => {
    expectTypeOf(hooks).toEqualTypeOf<Hooks<R>>()
    expectTypeOf(useClient).returns.toEqualTypeOf<Client<R>>()
    expectTypeOf(useConnection).toBeCallableWith()
    expectTypeOf(useConnection()).toEqualTypeOf<ConnectionView>()
    expectTypeOf(useConnection(({ state }) => state)).toEqualTypeOf<ConnectionState>()
    expectTypeOf(useServerClock()).toEqualTypeOf<ServerClockView>()
    // @ts-expect-error what is selected is made of the status
    useConnection(({ members }) => members)
    // @ts-expect-error a registry is made by defineRegistry()
    createHooks({ lobby: registry.channels.lobby })
    // @ts-expect-error the client is the provider's
    useClient(client)
  })
})

describe('the provider', () => {
  it('takes a client of that registry, and what it is for', () => {
    expectTypeOf(SyncProvider).returns.toEqualTypeOf<ReactNode>()
    createElement(SyncProvider, { client })
    createElement(SyncProvider, { client }, 'text')
    createElement(SyncProvider, { client, enabled: false })
  })

  it('or the options of a client', () => {
    createElement(SyncProvider, { options: { url: '/sync' } }, 'text')
    createElement(SyncProvider, { options: { url: '/sync', lingerMs: 0 }, enabled: true, key: 'Ada' })
    const either = (props: SyncProviderProps<R>) => SyncProvider(props)
    expectTypeOf(either).toBeCallableWith({ client, options: undefined })
    expectTypeOf(either).toBeCallableWith({ client: undefined, options: { url: '/sync' } })
  })

  it('with anything else does not compile', () => {
    // @ts-expect-error client and options are missing
    createElement(SyncProvider, {})
    // @ts-expect-error client and options are missing
    SyncProvider({ enabled: true })
    // @ts-expect-error either a client or options
    SyncProvider({ client, options: { url: '/sync' } })
    // @ts-expect-error the address is missing
    SyncProvider({ options: {} })
    // @ts-expect-error there is no such option
    SyncProvider({ options: { url: '/sync', lingerMS: 0 } })
    // @ts-expect-error it is switched on or off
    SyncProvider({ client, enabled: 'yes' })
    // @ts-expect-error a client of another registry
    SyncProvider({ client: otherClient })
    // @ts-expect-error a client is made before
    SyncProvider({ client: { url: '/sync' } })
    // @ts-expect-error there is no such property
    SyncProvider({ client, url: '/sync' })
    // @ts-expect-error what is kept over a reload is made outside of components
    SyncProvider({ options: { url: '/sync', persist: persisted({ user: 'ada' }) } })
  })
})

describe('useChannel', () => {
  it('takes a key, and parameters where the pattern has some', () => {
    expectTypeOf(useChannel('game', { code: 'A', round: 1 })).toEqualTypeOf<Channel<R, 'game'>>()
    expectTypeOf(useChannel('lobby')).toEqualTypeOf<Channel<R, 'lobby'>>()
  })

  it('with a wrong key or wrong parameters does not compile', () => {
    // @ts-expect-error there is no such channel
    useChannel('games', { code: 'A', round: 1 })
    // @ts-expect-error the parameters are missing
    useChannel('game')
    // @ts-expect-error one parameter is missing
    useChannel('game', { code: 'A' })
    // @ts-expect-error one parameter too many
    useChannel('game', { code: 'A', round: 1, seat: 2 })
    // @ts-expect-error a parameter is a string or a number
    useChannel('game', { code: 'A', round: true })
    // @ts-expect-error the pattern has no parameter
    useChannel('lobby', { code: 'A' })
  })
})

describe('useEvent', () => {
  const game = useChannel('game', { code: 'A', round: 1 })
  const lobby = useChannel('lobby')

  it('gives the output of the schema to the handler, and what came with it', () => {
    useEvent(game, 'started', (data, meta) => {
      expectTypeOf(data).toEqualTypeOf<{ at: Date }>()
      expectTypeOf(meta).toEqualTypeOf<EventMeta>()
    })
    useEvent(game, 'said', (data) => {
      expectTypeOf(data).toEqualTypeOf<{ text: string; loud: boolean }>()
    })
    useEvent(game, 'cursor', (data) => {
      expectTypeOf(data).toEqualTypeOf<{ x: number }>()
    })
    useEvent(lobby, 'opened', (data) => {
      expectTypeOf(data).toEqualTypeOf<{ rooms: number }>()
    })
    expectTypeOf(useEvent(lobby, 'opened', () => {})).toBeVoid()
  })

  it('tells what became of the subscription on every channel', () => {
    useEvent(game, 'gap', (gap) => {
      expectTypeOf(gap).toEqualTypeOf<Gap>()
    })
    useEvent(lobby, 'subscribed', (subscribed) => {
      expectTypeOf(subscribed).toEqualTypeOf<Subscribed>()
    })
  })

  it('for a wrong name does not compile', () => {
    // @ts-expect-error there is no such event
    useEvent(game, 'begun', () => {})
    // @ts-expect-error that event is on another channel
    useEvent(lobby, 'ended', () => {})
    // @ts-expect-error a request is not heard
    useEvent(game, 'join', () => {})
  })

  it('for a wrong channel or handler does not compile', () => {
    // @ts-expect-error a channel is a handle, not its key
    useEvent('lobby', 'opened', () => {})
    // @ts-expect-error a channel of another registry
    useEvent(otherClient.channel('shop'), 'sold', () => {})
    // @ts-expect-error a channel of another registry, with the same key and event
    useEvent(widerLobby, 'opened', () => {})
    // @ts-expect-error a channel of another registry has a gap too
    useEvent(widerLobby, 'gap', () => {})
    // @ts-expect-error the handler is missing
    useEvent(lobby, 'opened')
    // @ts-expect-error the output of the transform is a Date
    useEvent(game, 'started', (_: { at: string }) => {})
    // @ts-expect-error there is no such key
    useEvent(game, 'ended', ({ loser }) => [loser])
    // @ts-expect-error the value is a text
    useEvent(game, 'ended', (_: { winner: number }) => {})
    // @ts-expect-error nothing comes with a gap
    useEvent(game, 'gap', (_: Gap, _meta: EventMeta) => {})
    // @ts-expect-error recovered is null the first time
    useEvent(game, 'subscribed', (_: { recovered: boolean }) => {})
  })
})

describe('a channel', () => {
  const lobby = client.channel('lobby')

  it('is of its registry and of no other, in either direction', () => {
    expectTypeOf(lobby).toExtend<Channel<R, 'lobby'>>()
    expectTypeOf(widerLobby).not.toExtend<Channel<R, 'lobby'>>()
    expectTypeOf(lobby).not.toExtend<Channel<typeof wider, 'lobby'>>()
    // @ts-expect-error a channel of another registry
    const one: Channel<R, 'lobby'> = widerLobby
    // @ts-expect-error a channel of another registry
    const other: Channel<typeof wider, 'lobby'> = lobby
    expectTypeOf([one, other]).toBeArray()
  })

  it('is also that of another client of the same registry', () => {
    expectTypeOf(createClient(registry, { url: '/other' }).channel('lobby')).toEqualTypeOf(lobby)
  })
})

describe('useCountdown', () => {
  it('takes a time, or none, and gives a number, or none', () => {
    expectTypeOf(useCountdown(1)).toEqualTypeOf<number | undefined>()
    useCountdown(null)
    useCountdown(undefined, 250)
  })

  it('with anything else does not compile', () => {
    // @ts-expect-error a time is a number
    useCountdown(new Date())
    // @ts-expect-error there is nothing to count down to
    useCountdown()
    // @ts-expect-error a step is a number
    useCountdown(1, '1 s')
  })
})

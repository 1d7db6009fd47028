import type {
  AnyRegistry,
  ClientEventInput,
  ClientEventName,
  MessageInput,
  RequestInput,
  RequestName,
  RequestResult,
  SyncError,
} from 'syncline'
import {
  type Channel,
  type Client,
  type ClientOptions,
  type ConnectionState,
  createClient,
  type ErrorContext,
  type EventMeta,
  type Gap,
  type Subscribed,
} from 'syncline/client'
import { describe, expectTypeOf, it } from 'vitest'
import { registry } from '../support/typed-registry.ts'

type R = typeof registry

const client = createClient(registry, { url: '/sync' })
const game = client.channel('game', { code: 'A', round: 1 })
const lobby = client.channel('lobby')
const otherClient = createClient(registry, { url: '/other' })

describe('a client', () => {
  it('is of its registry, and passes as one of any', () => {
    expectTypeOf(client).toEqualTypeOf<Client<R>>()
    expectTypeOf(client.registry).toEqualTypeOf<R>()
    expectTypeOf(client.id).toEqualTypeOf<string | undefined>()
  })

  it('tells the state of its connection', () => {
    expectTypeOf(client.status.state).toEqualTypeOf<ConnectionState>()
    expectTypeOf<ConnectionState>().toEqualTypeOf<'disconnected' | 'connecting' | 'connected' | 'error'>()
    expectTypeOf(client.status.cause).toEqualTypeOf<SyncError | undefined>()
    expectTypeOf(client.onStatus(() => {})).toEqualTypeOf<() => void>()
    client.onStatus(({ nextAttemptAt }) => {
      expectTypeOf(nextAttemptAt).toEqualTypeOf<number | undefined>()
    })
    // @ts-expect-error the status is not the app's to change
    client.status = otherClient.status
    // @ts-expect-error the state is not the app's to change
    client.status.state = 'connected'
  })

  it('takes a token now or later, and what hears of errors', () => {
    createClient(registry, { url: '/sync', auth: () => 'token' })
    createClient(registry, { url: '/sync', auth: async () => 'token' })
    createClient(registry, {
      url: '/sync',
      onError: (error, context) => {
        expectTypeOf(error).toEqualTypeOf<SyncError>()
        expectTypeOf(context).toEqualTypeOf<ErrorContext>()
      },
    })
  })

  it('with wrong options does not compile', () => {
    // @ts-expect-error the address is missing
    createClient(registry, {})
    // @ts-expect-error the option is called lingerMs
    createClient(registry, { url: '/sync', linger: 1 })
    // @ts-expect-error a duration is a number of milliseconds
    createClient(registry, { url: '/sync', lingerMs: '1s' })
    // @ts-expect-error a token is a text
    createClient(registry, { url: '/sync', auth: () => 1 })
    // @ts-expect-error a token is asked for at each attempt
    createClient(registry, { url: '/sync', auth: 'token' })
    // @ts-expect-error a registry is made by defineRegistry()
    createClient({ lobby: registry.channels.lobby }, { url: '/sync' })
    expectTypeOf<ClientOptions['url']>().toBeString()
  })
})

describe('a channel', () => {
  it('is found by its key, and its parameters where its pattern has some', () => {
    expectTypeOf(game).toEqualTypeOf<Channel<R, 'game'>>()
    expectTypeOf(lobby).toEqualTypeOf<Channel<R, 'lobby'>>()
    expectTypeOf(game.name).toBeString()
    client.channel('game', { code: 7, round: '1' })
  })

  it('with a wrong key or wrong parameters does not compile', () => {
    // @ts-expect-error there is no such channel
    client.channel('games', { code: 'A', round: 1 })
    // @ts-expect-error the parameters are missing
    client.channel('game')
    // @ts-expect-error one parameter is missing
    client.channel('game', { code: 'A' })
    // @ts-expect-error one parameter too many
    client.channel('game', { code: 'A', round: 1, seat: 2 })
    // @ts-expect-error a parameter is a string or a number
    client.channel('game', { code: 'A', round: undefined })
    // @ts-expect-error the parameter is called code
    client.channel('game', { cod: 'A', round: 1 })
    // @ts-expect-error the pattern has no parameter
    client.channel('lobby', { code: 'A' })
    // @ts-expect-error the pattern has no parameter, and none is not an object
    client.channel('lobby', {})
  })
})

describe('a listener', () => {
  it('gets the output of the schema', () => {
    game.on('started', (data, meta) => {
      expectTypeOf(data).toEqualTypeOf<{ at: Date }>()
      expectTypeOf(meta).toEqualTypeOf<EventMeta>()
    })
    lobby.on('opened', ({ rooms }) => {
      expectTypeOf(rooms).toBeNumber()
    })
  })

  it('hears client events and messages under their names too', () => {
    game.on('said', (data) => {
      expectTypeOf(data).toEqualTypeOf<{ text: string; loud: boolean }>()
    })
    game.on('cursor', (data) => {
      expectTypeOf(data).toEqualTypeOf<{ x: number }>()
    })
  })

  it('hears what became of the subscription on every channel', () => {
    for (const each of [game, lobby]) expectTypeOf(each.name).toBeString()
    game.on('gap', (gap) => {
      expectTypeOf(gap).toEqualTypeOf<Gap>()
    })
    lobby.on('subscribed', (subscribed) => {
      expectTypeOf(subscribed).toEqualTypeOf<Subscribed>()
      expectTypeOf(subscribed.recovered).toEqualTypeOf<boolean | null>()
    })
  })

  it('may leave out what it does not need, and gives an undo', () => {
    expectTypeOf(lobby.on('opened', () => {})).toEqualTypeOf<() => void>()
    expectTypeOf(lobby.on('gap', () => {})).toEqualTypeOf<() => void>()
  })

  it('for a wrong name does not compile', () => {
    // @ts-expect-error there is no such event
    game.on('begun', () => {})
    // @ts-expect-error that event is on another channel
    lobby.on('ended', () => {})
    // @ts-expect-error a request is not heard
    game.on('join', () => {})
    // @ts-expect-error a name is a text
    game.on(1, () => {})
    // @ts-expect-error the listener is missing
    game.on('ended')
  })

  it('for a wrong payload does not compile', () => {
    // @ts-expect-error the output of the transform is a Date
    game.on('started', (_: { at: string }) => {})
    // @ts-expect-error there is no such key
    game.on('ended', ({ loser }) => [loser])
    // @ts-expect-error the value is a text
    game.on('ended', (_: { winner: number }) => {})
    // @ts-expect-error that is the payload of another event
    game.on('cursor', (_: { text: string }) => {})
    // @ts-expect-error what comes with an event is no text
    game.on('ended', (_, _meta: string) => {})
    // @ts-expect-error a gap has a position and a reason
    game.on('gap', (_: { winner: string }) => {})
    // @ts-expect-error nothing comes with a gap
    game.on('gap', (_: Gap, _meta: EventMeta) => {})
    // @ts-expect-error recovered is null the first time
    game.on('subscribed', (_: { recovered: boolean }) => {})
  })
})

describe('what a client may send', () => {
  it('is the input of the schemas, and what it gets back their output', () => {
    expectTypeOf<ClientEventName<R, 'game'>>().toEqualTypeOf<'said'>()
    expectTypeOf<ClientEventInput<R, 'game', 'said'>>().toEqualTypeOf<{
      text: string
      loud?: boolean | undefined
    }>()
    expectTypeOf<MessageInput<R, 'game', 'cursor'>>().toEqualTypeOf<{ x: number }>()
    expectTypeOf<RequestName<R, 'game'>>().toEqualTypeOf<'join'>()
    expectTypeOf<RequestName<R, 'lobby'>>().toBeNever()
    expectTypeOf<RequestInput<R, 'game', 'join'>>().toEqualTypeOf<{ since: string }>()
    expectTypeOf<RequestResult<R, 'game', 'join'>>().toEqualTypeOf<{ seats: number }>()
  })

  it('does not compile when it is something else', () => {
    // @ts-expect-error an event is the server's to publish
    type A = ClientEventInput<R, 'game', 'ended'>
    // @ts-expect-error there is no such request
    type B = RequestInput<R, 'game', 'leave'>
    // @ts-expect-error that channel has no requests
    type C = RequestInput<R, 'lobby', 'join'>
    expectTypeOf<[A, B, C]>().toBeArray()
    const ask = (_: RequestInput<R, 'game', 'join'>) => {}
    ask({ since: '2026-01-01' })
    // @ts-expect-error the input of the transform is a text
    ask({ since: new Date() })
    // @ts-expect-error the key is missing
    ask({})
  })
})

describe('a client of a registry that is not known to the compiler', () => {
  it('takes any names and gives what is to be checked', () => {
    const any: Client<AnyRegistry> = createClient<AnyRegistry>(registry, { url: '/sync' })
    any.channel('lobby')
    any.channel('game', { code: 'A', round: 1 }).on('started', (data) => {
      expectTypeOf(data).toBeUnknown()
    })
  })
})

import type { Position, RequestArgument, RequestName, RequestReply } from 'syncline'
import {
  type AccessRequest,
  type Credentials,
  createHub,
  type Hub,
  type HubChannel,
  type HubUser,
} from 'syncline/server'
import { describe, expectTypeOf, it } from 'vitest'
import { registry } from '../support/typed-registry.ts'

type R = typeof registry

interface Player extends HubUser {
  readonly rank: number
}
const findPlayer = async (token: string | undefined): Promise<Player | undefined> =>
  token === undefined ? undefined : { id: token, rank: 1 }

const hub = createHub(registry, { authenticate: ({ token }) => findPlayer(token) })
const game = hub.channel('game', { code: 'A', round: 1 })
const lobby = hub.channel('lobby')

describe('a hub', () => {
  it("knows the app's own user by what authenticate gives", () => {
    expectTypeOf(hub).toEqualTypeOf<Hub<R, Player>>()
    expectTypeOf(createHub(registry)).toEqualTypeOf<Hub<R, HubUser>>()
    createHub(registry, {
      authenticate: (credentials) => {
        expectTypeOf(credentials).toEqualTypeOf<Credentials>()
        return null
      },
    })
  })

  it('with wrong options does not compile', () => {
    // @ts-expect-error a user has an id
    createHub(registry, { authenticate: () => ({ rank: 1 }) })
    // @ts-expect-error the id of a user is a text
    createHub(registry, { authenticate: () => ({ id: 1 }) })
    // @ts-expect-error yes is nobody
    createHub(registry, { authenticate: () => true })
    // @ts-expect-error the option is called pingMs
    createHub(registry, { ping: 1 })
    // @ts-expect-error a duration is a number of milliseconds
    createHub(registry, { pingMs: '25s' })
    // @ts-expect-error a registry is made by defineRegistry()
    createHub({ lobby: registry.channels.lobby })
    // @ts-expect-error what a hub runs with is not to be changed
    hub.settings = { ...hub.settings, pingMs: 1 }
    // @ts-expect-error nor can one of them
    hub.settings.pingMs = 1
  })
})

describe('serving a channel', () => {
  it("gives the app's own user and the parameters as strings to authorize", () => {
    hub.serve('game', {
      authorize: ({ user, params, action }) => {
        expectTypeOf(user).toEqualTypeOf<Player>()
        expectTypeOf(params).toEqualTypeOf<{ readonly code: string; readonly round: string }>()
        expectTypeOf(action).toEqualTypeOf<'subscribe' | 'publish' | 'tell' | 'request' | 'presence'>()
        return user.rank > 0
      },
    })
    hub.serve('lobby', {
      authorize: async ({ params }) => {
        expectTypeOf<keyof typeof params>().toBeNever()
        return true
      },
    })
    hub.serve('lobby', {})
    expectTypeOf<AccessRequest<R, 'game', Player>['user']>().toEqualTypeOf<Player>()
  })

  it('that is not in the registry does not compile', () => {
    // @ts-expect-error there is no such channel
    hub.serve('games', {})
    // @ts-expect-error a channel is served by its key
    hub.serve('game/:code/:round', {})
  })

  it('with wrong handlers does not compile', () => {
    // @ts-expect-error the handlers are missing
    hub.serve('game')
    // @ts-expect-error the handler is called authorize
    hub.serve('game', { authorise: () => true })
    // @ts-expect-error the answer is yes or no
    hub.serve('game', { authorize: () => 'yes' })
    // @ts-expect-error an answer is due
    hub.serve('game', { authorize: () => {} })
    // @ts-expect-error there is no such parameter
    hub.serve('game', { authorize: ({ params }) => params.seat === '1' })
    // @ts-expect-error a parameter arrives as a string
    hub.serve('game', { authorize: ({ params }) => params.round === 1 })
    // @ts-expect-error the user has no such key
    hub.serve('game', { authorize: ({ user }) => user.isAdmin })
    // @ts-expect-error a user of another kind
    hub.serve('game', { authorize: ({ user }: { user: { id: string; name: string } }) => user.name === '' })
    // @ts-expect-error parameters of another channel
    hub.serve('lobby', { authorize: ({ params }: { params: { code: string } }) => params.code === '' })
  })
})

describe('a channel of a hub', () => {
  it('is found by its key, and its parameters where its pattern has some', () => {
    expectTypeOf(game).toEqualTypeOf<HubChannel<R, 'game'>>()
    expectTypeOf(lobby).toEqualTypeOf<HubChannel<R, 'lobby'>>()
    hub.channel('game', { code: 7, round: '1' })
  })

  it('with a wrong key or wrong parameters does not compile', () => {
    // @ts-expect-error there is no such channel
    hub.channel('games', { code: 'A', round: 1 })
    // @ts-expect-error the parameters are missing
    hub.channel('game')
    // @ts-expect-error one parameter is missing
    hub.channel('game', { round: 1 })
    // @ts-expect-error one parameter too many
    hub.channel('game', { code: 'A', round: 1, seat: 2 })
    // @ts-expect-error a parameter is a string or a number
    hub.channel('game', { code: null, round: 1 })
    // @ts-expect-error the pattern has no parameter
    hub.channel('lobby', { code: 'A' })
  })
})

describe('publishing', () => {
  it('takes the input of the schema, and gives the position in the log', () => {
    expectTypeOf(game.publish('started', { at: '2026-01-01' })).toEqualTypeOf<Promise<Position>>()
    lobby.publish('opened', { rooms: 1 })
    game.publish('ended', { winner: 'somebody' }, { from: 'client' })
    game.publish('ended', { winner: 'somebody' }, { from: undefined })
  })

  it('takes the events of clients too, with what has a default left out', () => {
    game.publish('said', { text: 'hello' })
    game.publish('said', { text: 'hello', loud: true })
  })

  it('of a wrong name does not compile', () => {
    // @ts-expect-error there is no such event
    game.publish('begun', { at: '2026-01-01' })
    // @ts-expect-error that event is on another channel
    lobby.publish('ended', { winner: 'somebody' })
    // @ts-expect-error a message is not logged
    game.publish('cursor', { x: 1 })
    // @ts-expect-error a request is not published
    game.publish('join', { since: '2026-01-01' })
    // @ts-expect-error a gap is the library's to tell
    game.publish('gap', {})
  })

  it('of a wrong payload does not compile', () => {
    // @ts-expect-error the input of the transform is a text, its output a Date
    game.publish('started', { at: new Date() })
    // @ts-expect-error the payload is missing
    game.publish('ended')
    // @ts-expect-error a key is missing
    game.publish('ended', {})
    // @ts-expect-error one key too many
    game.publish('ended', { winner: 'somebody', loser: 'nobody' })
    // @ts-expect-error the value is a text
    game.publish('ended', { winner: 1 })
    // @ts-expect-error that is the payload of another event
    game.publish('said', { winner: 'somebody' })
    // @ts-expect-error the option is called from
    game.publish('ended', { winner: 'somebody' }, { sender: 'client' })
    // @ts-expect-error a public id is a text
    game.publish('ended', { winner: 'somebody' }, { from: 1 })
  })
})

describe('a request', () => {
  it('reaches its handler as the output of its input, and is answered with the input of its output', () => {
    expectTypeOf<RequestName<R, 'game'>>().toEqualTypeOf<'join'>()
    expectTypeOf<RequestArgument<R, 'game', 'join'>>().toEqualTypeOf<{ since: Date }>()
    expectTypeOf<RequestReply<R, 'game', 'join'>>().toEqualTypeOf<{ seats: string }>()
  })

  it('with a wrong answer does not compile', () => {
    const reply = (_: RequestReply<R, 'game', 'join'>) => {}
    reply({ seats: '2' })
    // @ts-expect-error the input of the transform is a text
    reply({ seats: 2 })
    // @ts-expect-error the key is missing
    reply({})
    // @ts-expect-error there is no such request
    type A = RequestArgument<R, 'game', 'leave'>
    // @ts-expect-error that channel has no requests
    type B = RequestReply<R, 'lobby', 'join'>
    expectTypeOf<[A, B]>().toBeArray()
  })
})

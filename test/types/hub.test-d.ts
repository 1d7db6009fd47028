import { channel, defineRegistry, type Position } from 'syncline'
import {
  createHub,
  type HubDiagnostic,
  type HubHistory,
  type HubSession,
  type HubUser,
  type PresenceCount,
  type PresenceList,
} from 'syncline/server'
import { describe, expectTypeOf, it } from 'vitest'
import * as z from 'zod'

const date = z.string().transform((text) => new Date(text))
const registry = defineRegistry({
  game: channel('game/:code/:round', {
    events: { started: z.object({ at: date }) },
    clientEvents: { moved: z.object({ to: z.number() }), said: z.object({ text: z.string(), at: date }) },
    messages: { cursor: z.object({ x: z.number() }) },
    requests: {
      join: { input: z.object({ since: date }), output: z.object({ seats: z.string().transform(Number) }) },
      leave: { input: z.null(), output: z.null() },
    },
    presence: z.object({ name: z.string() }),
  }),
  inbox: channel('inbox/:user', { events: { mail: z.object({ subject: z.string() }) } }),
  drafts: channel('users/:user/drafts/:id', { events: { saved: z.object({}) } }),
  lobby: channel('lobby', { events: { opened: z.object({}) } }),
})
type R = typeof registry

interface Player extends HubUser {
  readonly rank: number
}
const hub = createHub(registry, { authenticate: (): Player => ({ id: 'ann', rank: 1 }) })
const game = hub.channel('game', { code: 'A', round: 1 })

describe('the handler of a request', () => {
  it('gets the output of its input, the user of the app, the parameters, a key and a signal', () => {
    hub.serve('game', {
      requests: {
        join: (request) => {
          expectTypeOf(request.input).toEqualTypeOf<{ since: Date }>()
          expectTypeOf(request.user).toEqualTypeOf<Player>()
          expectTypeOf(request.params).toEqualTypeOf<{ readonly code: string; readonly round: string }>()
          expectTypeOf(request.key).toBeString()
          expectTypeOf(request.client).toBeString()
          expectTypeOf(request.signal).toEqualTypeOf<AbortSignal>()
          return { seats: '2' }
        },
        leave: async ({ input }) => {
          expectTypeOf(input).toBeNull()
          return null
        },
      },
    })
    hub.serve('game', { requests: { leave: () => null } })
  })

  it('with a wrong reply does not compile', () => {
    // @ts-expect-error the input of the output's schema is a text
    hub.serve('game', { requests: { join: () => ({ seats: 2 }) } })
    // @ts-expect-error a key is missing
    hub.serve('game', { requests: { join: () => ({}) } })
    // @ts-expect-error an answer is due
    hub.serve('game', { requests: { join: () => {} } })
    // @ts-expect-error nor is it given later
    hub.serve('game', { requests: { join: async () => {} } })
    // @ts-expect-error nothing is not the same as null
    hub.serve('game', { requests: { leave: () => undefined } })
  })

  it('of an unknown request, or with what it does not get, does not compile', () => {
    // @ts-expect-error there is no such request
    hub.serve('game', { requests: { joins: () => ({ seats: '2' }) } })
    // @ts-expect-error an event is not asked for
    hub.serve('game', { requests: { moved: () => null } })
    // @ts-expect-error that channel has no requests
    hub.serve('lobby', { requests: { join: () => ({ seats: '2' }) } })
    // @ts-expect-error a handler is a function
    hub.serve('game', { requests: { leave: null } })
    // @ts-expect-error the input is a date by now
    hub.serve('game', { requests: { join: ({ input }) => ({ seats: input.since.trim() }) } })
    // @ts-expect-error there is no such parameter
    hub.serve('game', { requests: { join: ({ params }) => ({ seats: params.seat }) } })
    // @ts-expect-error the user has no such key
    hub.serve('game', { requests: { join: ({ user }) => ({ seats: user.name }) } })
  })
})

describe('the hook for publications', () => {
  it('gets the output of each schema, told apart by the name', () => {
    hub.serve('game', {
      onPublish: (publication) => {
        expectTypeOf(publication.event).toEqualTypeOf<'moved' | 'said'>()
        expectTypeOf(publication.user).toEqualTypeOf<Player>()
        expectTypeOf(publication.params).toEqualTypeOf<{ readonly code: string; readonly round: string }>()
        if (publication.event === 'moved') expectTypeOf(publication.data).toEqualTypeOf<{ to: number }>()
        else expectTypeOf(publication.data).toEqualTypeOf<{ text: string; at: Date }>()
        return undefined
      },
    })
  })

  it('gives the input of a schema, or nothing', () => {
    hub.serve('game', { onPublish: () => ({ text: 'hi', at: '2026-01-01' }) })
    hub.serve('game', { onPublish: async () => ({ to: 1 }) })
    hub.serve('game', { onPublish: async () => undefined })
  })

  it('with what fits no schema, or of another event, does not compile', () => {
    // @ts-expect-error the value is a number
    hub.serve('game', { onPublish: () => ({ to: 'there' }) })
    // @ts-expect-error a date is what comes out
    hub.serve('game', { onPublish: () => ({ text: 'hi', at: new Date() }) })
    // @ts-expect-error no is said by throwing
    hub.serve('game', { onPublish: () => false })
    // @ts-expect-error events of the server do not come from clients
    hub.serve('game', { onPublish: ({ event }) => (event === 'started' ? undefined : undefined) })
  })
})

describe('the users of a hub', () => {
  it('hear on channels whose one parameter is the user', () => {
    const all = hub.users(['ann', 7])
    expectTypeOf(all.publish('inbox', 'mail', { subject: 'hi' })).toEqualTypeOf<
      Promise<readonly Position[]>
    >()
    all.publish('inbox', 'mail', { subject: 'hi' }, { key: 'row 1', from: undefined })
    hub.users(new Set(['ann']))
  })

  it('on another channel, or with what is not its event, does not compile', () => {
    const all = hub.users(['ann'])
    // @ts-expect-error the channel is nobody's own
    all.publish('lobby', 'opened', {})
    // @ts-expect-error its parameters are others
    all.publish('game', 'started', { at: '2026-01-01' })
    // @ts-expect-error it has a parameter more
    all.publish('drafts', 'saved', {})
    // @ts-expect-error there is no such channel
    all.publish('inboxes', 'mail', { subject: 'hi' })
    // @ts-expect-error there is no such event
    all.publish('inbox', 'mails', { subject: 'hi' })
    // @ts-expect-error the value is a text
    all.publish('inbox', 'mail', { subject: 1 })
    // @ts-expect-error the payload is missing
    all.publish('inbox', 'mail')
    // @ts-expect-error users are told by their ids
    hub.users([{ id: 'ann' }])
  })
})

describe('a channel of a hub', () => {
  it('tells a message, and says to how many', () => {
    expectTypeOf(game.tell('cursor', { x: 1 })).toBeNumber()
    game.tell('cursor', { x: 1 }, { to: 'client' })
    // @ts-expect-error an event is published
    game.tell('started', { at: '2026-01-01' })
    // @ts-expect-error the value is a number
    game.tell('cursor', { x: '1' })
    // @ts-expect-error the option is called to
    game.tell('cursor', { x: 1 }, { client: 'client' })
    // @ts-expect-error that channel has no messages
    hub.channel('lobby').tell('cursor', { x: 1 })
  })

  it('gives back its log and who is present', async () => {
    expectTypeOf(game.position()).toEqualTypeOf<Promise<Position>>()
    expectTypeOf(game.history({ limit: 5 })).toEqualTypeOf<Promise<HubHistory<R, 'game'>>>()
    expectTypeOf<HubHistory<R, 'game'>['entries'][number]['event']>().toEqualTypeOf<
      'started' | 'moved' | 'said'
    >()
    expectTypeOf(game.presence()).toEqualTypeOf<Promise<PresenceList<{ name: string }>>>()
    expectTypeOf(game.count()).toEqualTypeOf<Promise<PresenceCount>>()
    // @ts-expect-error the option is called limit
    game.history({ count: 5 })
  })
})

describe('the sessions of a hub', () => {
  it("have the app's own user, and are chosen by their user or their id", () => {
    expectTypeOf(hub.session('client')).toEqualTypeOf<HubSession<Player> | undefined>()
    expectTypeOf(hub.disconnect({ user: 7 })).toBeNumber()
    hub.disconnect({ session: 'client' })
    // @ts-expect-error which is not said
    hub.disconnect({})
    // @ts-expect-error they are chosen by an object
    hub.disconnect('ann')
  })
})

describe('diagnostics', () => {
  it('are told apart by their type', () => {
    hub.onDiagnostic((diagnostic) => {
      expectTypeOf(diagnostic).toEqualTypeOf<HubDiagnostic>()
      if (diagnostic.type === 'request') expectTypeOf(diagnostic.ms).toBeNumber()
      // @ts-expect-error what was published is not told
      if (diagnostic.type === 'publish') return diagnostic.data
      // @ts-expect-error there is no such type
      return diagnostic.type === 'published'
    })
  })
})

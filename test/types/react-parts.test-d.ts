import { channel, defineRegistry, type SyncError } from 'syncline'
import {
  createClient,
  type PresenceCount,
  type PresenceMember,
  type Told,
  type TypingMessage,
} from 'syncline/client'
import {
  type CursorsView,
  createHooks,
  type PresenceView,
  type PresentMembers,
  type RequestView,
  type TypingView,
  useCursors,
  usePresence,
  useTyping,
} from 'syncline/react'
import { describe, expectTypeOf, it } from 'vitest'
import * as z from 'zod'

const date = z.string().transform((text) => new Date(text))
const registry = defineRegistry({
  table: channel('table/:id', {
    events: { dealt: z.object({ isTyping: z.boolean() }) },
    clientEvents: { said: z.object({ isTyping: z.boolean() }) },
    messages: {
      cursor: z.object({ x: z.number().default(0), at: date }),
      typing: z.object({ isTyping: z.boolean() }),
      /** Needs more than `isTyping` says. */
      signed: z.object({ isTyping: z.boolean(), name: z.string() }),
      /** Gives another type than it takes. */
      loose: z.object({ isTyping: z.boolean().transform(String) }),
      richer: z.object({ isTyping: z.boolean(), slow: z.boolean().default(false) }),
    },
    requests: {
      join: { input: z.object({ since: date }), output: z.object({ seats: date }) },
    },
    presence: z.object({ name: z.string(), since: date }),
  }),
  news: channel('news', { events: { told: z.object({ text: z.string() }) } }),
})
const { useRequest } = createHooks(registry)
const client = createClient(registry, { url: '/sync' })
const table = client.channel('table', { id: 1 })
const news = client.channel('news')
const other = createClient(
  defineRegistry({ shop: channel('shop', { requests: { buy: { input: z.null(), output: z.null() } } }) }),
  { url: '/sync' },
).channel('shop')

interface Shown {
  name: string
  since: Date
}

interface Entered {
  name: string
  since: string
}

describe('useRequest', () => {
  it('takes the input of the schema, and gives its output', async () => {
    const join = useRequest(table, 'join')
    expectTypeOf(join).toEqualTypeOf<RequestView<{ since: string }, { seats: Date }>>()
    expectTypeOf(join.data).toEqualTypeOf<{ seats: Date } | undefined>()
    expectTypeOf(join.error).toEqualTypeOf<SyncError | undefined>()
    expectTypeOf(join.send({ since: 'today' })).toEqualTypeOf<Promise<{ seats: Date }>>()
    join.send({ since: 'today' }, { timeoutMs: 500 })
  })

  it('with anything else does not compile', () => {
    const { send } = useRequest(table, 'join')
    // @ts-expect-error a date is what comes out
    send({ since: new Date() })
    // @ts-expect-error the input is missing
    send()
    // @ts-expect-error to abort is the hook's
    send({ since: 'today' }, { signal: new AbortController().signal })
    // @ts-expect-error there is no such request
    useRequest(table, 'leave')
    // @ts-expect-error an event is not asked for
    useRequest(table, 'dealt')
    // @ts-expect-error that channel has no request
    useRequest(news, 'join')
    // @ts-expect-error a channel of another registry
    useRequest(other, 'buy')
  })
})

describe('usePresence', () => {
  it('takes the input of the schema, and shows its output', () => {
    const here = usePresence(table, { state: { name: 'Ada', since: 'today' }, throttleMs: 50 })
    expectTypeOf(here).toEqualTypeOf<PresenceView<Entered, Shown>>()
    expectTypeOf(here.members).toEqualTypeOf<readonly PresenceMember<Shown>[]>()
    expectTypeOf(here.update).parameter(0).toEqualTypeOf<Entered>()
    expectTypeOf(usePresence(table)).toEqualTypeOf<PresenceView<Entered, Shown>>()
    usePresence(table, {
      state: undefined,
      onJoin: ({ state }) => expectTypeOf(state).toEqualTypeOf<Shown>(),
    })
    usePresence(table, { onLeave: (member) => expectTypeOf(member).toEqualTypeOf<PresenceMember<Shown>>() })
  })

  it('gives what is selected instead', () => {
    const select = ({ count }: { count: PresenceCount }) => count.users
    expectTypeOf(usePresence(table, { select })).toEqualTypeOf<number>()
    const names = usePresence(table, {
      state: { name: 'Ada', since: 'today' },
      select: (present) => {
        expectTypeOf(present).toEqualTypeOf<PresentMembers<Shown>>()
        return present.members.map(({ state }) => state.name)
      },
    })
    expectTypeOf(names).toEqualTypeOf<string[]>()
  })

  it('with anything else does not compile', () => {
    // @ts-expect-error a date is what comes out
    usePresence(table, { state: { name: 'Ada', since: new Date() } })
    // @ts-expect-error something is missing
    usePresence(table, { state: { name: 'Ada' } })
    // @ts-expect-error a date is what comes out, also where something is selected
    usePresence(table, { state: { name: 'Ada', since: new Date() }, select: () => 1 })
    // @ts-expect-error members have no name of their own
    usePresence(table, { select: ({ members }) => members.map(({ name }) => name) })
    // @ts-expect-error what is selected has no members
    usePresence(table, { select: ({ count }) => count.users }).members
    // @ts-expect-error there is no such option
    usePresence(table, { throttle: 50 })
    // @ts-expect-error a channel is a handle, not its name
    usePresence('table/1')
  })

  it('of a channel without presence takes no state', () => {
    // @ts-expect-error nothing is shown there
    usePresence(news, { state: { name: 'Ada' } })
    expectTypeOf(usePresence(news).update).parameter(0).toEqualTypeOf<never>()
  })
})

describe('useTyping', () => {
  it('takes a message that can say whether somebody types', () => {
    const view = useTyping(table, 'typing', { idleMs: 1_000 })
    expectTypeOf(view).toEqualTypeOf<TypingView>()
    expectTypeOf(view.typers).toEqualTypeOf<readonly Told<TypingMessage>[]>()
    useTyping(table, 'richer')
  })

  it('with anything else does not compile', () => {
    // @ts-expect-error it says where, not whether
    useTyping(table, 'cursor')
    // @ts-expect-error it needs a name beside
    useTyping(table, 'signed')
    // @ts-expect-error what comes out is a text
    useTyping(table, 'loose')
    // @ts-expect-error an event is logged
    useTyping(table, 'dealt')
    // @ts-expect-error an event of clients is logged, too
    useTyping(table, 'said')
    // @ts-expect-error that channel has no message
    useTyping(news, 'typing')
    // @ts-expect-error there is no such option
    useTyping(table, 'typing', { idle: 1_000 })
  })
})

describe('useCursors', () => {
  it('takes the input of a message, and gives its output', () => {
    const view = useCursors(table, 'cursor', { throttleMs: 50 })
    expectTypeOf(view).toEqualTypeOf<
      CursorsView<{ x?: number | undefined; at: string }, { x: number; at: Date }>
    >()
    expectTypeOf(view.cursors).toEqualTypeOf<readonly Told<{ x: number; at: Date }>[]>()
    view.move({ at: 'today' })
  })

  it('with anything else does not compile', () => {
    const { move } = useCursors(table, 'cursor')
    // @ts-expect-error a date is what comes out
    move({ x: 1, at: new Date() })
    // @ts-expect-error an event is logged
    useCursors(table, 'dealt')
    // @ts-expect-error a request is no message
    useCursors(table, 'join')
    // @ts-expect-error that channel has no message
    useCursors(news, 'cursor')
  })
})

import type { AnyRegistry } from 'syncline'
import {
  type AnyHeard,
  type ClientDiagnostic,
  type ClientStats,
  createClient,
  type EventMeta,
  type Gap,
  type HeardMeta,
  type MessageMeta,
  type OutboxOptions,
  type Position,
  type SendOptions,
  type Subscribed,
} from 'syncline/client'
import { describe, expectTypeOf, it } from 'vitest'
import { registry } from '../support/typed-registry.ts'

type R = typeof registry

const client = createClient(registry, { url: '/sync' })
const game = client.channel('game', { code: 'A', round: 1 })
const lobby = client.channel('lobby')
const signal = new AbortController().signal

describe('publish', () => {
  it('takes a client event and the input of its schema, and gives a position', () => {
    expectTypeOf(game.publish('said', { text: 'hi' })).toEqualTypeOf<Promise<Position>>()
    game.publish('said', { text: 'hi', loud: true })
    game.publish('said', { text: 'hi', loud: undefined }, { signal, timeoutMs: 1_000 })
    game.publish('said', { text: 'hi' }, { signal: undefined, timeoutMs: undefined })
  })

  it('does not compile with a wrong name', () => {
    // @ts-expect-error there is no such event
    game.publish('shouted', { text: 'hi' })
    // @ts-expect-error that event is the server's to publish
    game.publish('ended', { winner: 'Ada' })
    // @ts-expect-error that is a message
    game.publish('cursor', { x: 1 })
    // @ts-expect-error that is a request
    game.publish('join', { since: '2026-01-01' })
    // @ts-expect-error that channel has no client events
    lobby.publish('said', { text: 'hi' })
    // @ts-expect-error not even its own events
    lobby.publish('opened', { rooms: 1 })
    // @ts-expect-error a gap is told, not published
    game.publish('gap', {})
  })

  it('does not compile with a wrong payload', () => {
    // @ts-expect-error the payload is missing
    game.publish('said')
    // @ts-expect-error a key is missing
    game.publish('said', {})
    // @ts-expect-error the value is a text
    game.publish('said', { text: 1 })
    // @ts-expect-error there is no such key
    game.publish('said', { text: 'hi', volume: 1 })
    // @ts-expect-error a payload is no text here
    game.publish('said', 'hi')
  })

  it('does not compile with wrong options', () => {
    // @ts-expect-error a time is a number of milliseconds
    game.publish('said', { text: 'hi' }, { timeoutMs: '1s' })
    // @ts-expect-error the option is called timeoutMs
    game.publish('said', { text: 'hi' }, { timeout: 1_000 })
    // @ts-expect-error a signal, and not what makes it
    game.publish('said', { text: 'hi' }, { signal: new AbortController() })
    expectTypeOf<SendOptions>().toEqualTypeOf<{
      readonly signal?: AbortSignal | undefined
      readonly timeoutMs?: number | undefined
    }>()
  })
})

describe('request', () => {
  it('takes the input of one schema and gives the output of the other', () => {
    expectTypeOf(game.request('join', { since: '2026-01-01' })).toEqualTypeOf<Promise<{ seats: number }>>()
    game.request('join', { since: '2026-01-01' }, { signal, timeoutMs: 1_000 })
  })

  it('does not compile with a wrong name or input', () => {
    // @ts-expect-error there is no such request
    game.request('leave', {})
    // @ts-expect-error that is a client event
    game.request('said', { text: 'hi' })
    // @ts-expect-error that channel has no requests
    lobby.request('join', { since: '2026-01-01' })
    // @ts-expect-error the input is missing
    game.request('join')
    // @ts-expect-error the input of the transform is a text
    game.request('join', { since: new Date() })
    // @ts-expect-error that is what comes back
    game.request('join', { seats: '4' })
  })

  it('gives what cannot be taken for the input of the answer', async () => {
    const { seats } = await game.request('join', { since: '2026-01-01' })
    // @ts-expect-error the answer's schema has made a number of it
    seats.toUpperCase()
  })
})

describe('tell', () => {
  it('takes a message and says whether it was sent', () => {
    expectTypeOf(game.tell('cursor', { x: 1 })).toBeBoolean()
  })

  it('does not compile with a wrong name or payload', () => {
    // @ts-expect-error that is a client event
    game.tell('said', { text: 'hi' })
    // @ts-expect-error there is no such message
    game.tell('pointer', { x: 1 })
    // @ts-expect-error the value is a number
    game.tell('cursor', { x: '1' })
    // @ts-expect-error that channel has no messages
    lobby.tell('cursor', { x: 1 })
    // @ts-expect-error nobody waits for a message, so nothing can be given up
    game.tell('cursor', { x: 1 }, { signal })
  })
})

describe('once', () => {
  it('is as on, for names, payloads and what comes with them', () => {
    expectTypeOf(game.once).toEqualTypeOf<typeof game.on>()
    expectTypeOf(game.once('ended', () => {})).toEqualTypeOf<() => void>()
    game.once('started', (data, meta) => {
      expectTypeOf(data).toEqualTypeOf<{ at: Date }>()
      expectTypeOf(meta).toEqualTypeOf<EventMeta>()
    })
    game.once('cursor', (data, meta) => {
      expectTypeOf(data).toEqualTypeOf<{ x: number }>()
      expectTypeOf(meta).toEqualTypeOf<MessageMeta>()
    })
    game.once('gap', (gap) => expectTypeOf(gap).toEqualTypeOf<Gap>())
    lobby.once('subscribed', (subscribed) => expectTypeOf(subscribed).toEqualTypeOf<Subscribed>())
  })

  it('does not compile for a wrong name or payload', () => {
    // @ts-expect-error there is no such event
    game.once('begun', () => {})
    // @ts-expect-error a request is not heard
    game.once('join', () => {})
    // @ts-expect-error the output of the transform is a Date
    game.once('started', (_: { at: string }) => {})
  })
})

describe('what comes with a message', () => {
  it('has a channel and a sender, and no place in the log', () => {
    game.on('cursor', (_data, meta) => {
      expectTypeOf(meta).toEqualTypeOf<MessageMeta>()
      expectTypeOf(meta.own).toBeBoolean()
      // @ts-expect-error a message has no position
      expectTypeOf(meta.position).toBeNever()
      // @ts-expect-error nor is it replayed
      expectTypeOf(meta.replayed).toBeNever()
    })
    // @ts-expect-error a message has no position
    game.on('cursor', (_data, { position }) => [position])
    expectTypeOf<EventMeta>().toExtend<MessageMeta>()
    expectTypeOf<HeardMeta<R, 'game', 'cursor'>>().toEqualTypeOf<MessageMeta>()
    expectTypeOf<HeardMeta<R, 'game', 'said'>>().toEqualTypeOf<EventMeta>()
    expectTypeOf<HeardMeta<R, 'game', 'ended'>>().toEqualTypeOf<EventMeta>()
  })
})

describe('onAny', () => {
  it('hears all events and messages of the channel, and their names say which', () => {
    expectTypeOf(game.onAny(() => {})).toEqualTypeOf<() => void>()
    game.onAny((heard) => {
      expectTypeOf(heard).toEqualTypeOf<AnyHeard<R, 'game'>>()
      expectTypeOf(heard.event).toEqualTypeOf<'started' | 'ended' | 'said' | 'cursor'>()
      if (heard.event === 'started') {
        expectTypeOf(heard.data).toEqualTypeOf<{ at: Date }>()
        expectTypeOf(heard.meta).toEqualTypeOf<EventMeta>()
      } else if (heard.event === 'cursor') {
        expectTypeOf(heard.data).toEqualTypeOf<{ x: number }>()
        expectTypeOf(heard.meta).toEqualTypeOf<MessageMeta>()
      } else if (heard.event === 'said') {
        expectTypeOf(heard.data).toEqualTypeOf<{ text: string; loud: boolean }>()
      } else {
        expectTypeOf(heard.event).toEqualTypeOf<'ended'>()
        expectTypeOf(heard.data).toEqualTypeOf<{ winner: string }>()
      }
    })
    game.onAny(({ event, data }) => {
      // Taken apart, they still belong together.
      if (event === 'ended') expectTypeOf(data).toEqualTypeOf<{ winner: string }>()
    })
    lobby.onAny(({ event, data }) => {
      expectTypeOf(event).toEqualTypeOf<'opened'>()
      expectTypeOf(data).toEqualTypeOf<{ rooms: number }>()
    })
  })

  it('does not compile where it is taken for something else', () => {
    // @ts-expect-error one of them has no such key
    game.onAny(({ data }) => [data.winner])
    // @ts-expect-error a gap is not among them
    game.onAny(({ event }) => event === 'gap')
    // @ts-expect-error a message has no position, and may be among them
    game.onAny(({ meta }) => [meta.position])
    // @ts-expect-error it has no name to listen to
    game.onAny('ended', () => {})
  })
})

describe('a channel of a registry that is not known to the compiler', () => {
  it('takes any names and gives what is to be checked', () => {
    const any = createClient<AnyRegistry>(registry, { url: '/sync' }).channel('game')
    expectTypeOf(any.publish('said', { text: 1 })).toEqualTypeOf<Promise<Position>>()
    expectTypeOf(any.request('join', 7)).toEqualTypeOf<Promise<unknown>>()
    expectTypeOf(any.tell('cursor', null)).toBeBoolean()
    any.onAny(({ event, data }) => {
      expectTypeOf(event).toBeString()
      expectTypeOf(data).toBeUnknown()
    })
  })
})

describe('what a client tells of its sends', () => {
  it('is narrowed by its type', () => {
    client.onDiagnostic((diagnostic) => {
      expectTypeOf(diagnostic).toEqualTypeOf<ClientDiagnostic>()
      if (diagnostic.type === 'sent') expectTypeOf(diagnostic.isResend).toBeBoolean()
      if (diagnostic.type === 'acknowledged') expectTypeOf(diagnostic.ms).toBeNumber()
      // @ts-expect-error payloads are told to nobody
      expectTypeOf(diagnostic.data).toBeNever()
    })
    expectTypeOf(client.stats()).toEqualTypeOf<ClientStats>()
    expectTypeOf(client.stats().pending).toEqualTypeOf<{ readonly count: number; readonly bytes: number }>()
    expectTypeOf(client.stats().counts.sent).toEqualTypeOf<number | undefined>()
    // @ts-expect-error there is no such type
    client.stats().counts.snt
  })

  it('does not compile with wrong bounds', () => {
    createClient(registry, { url: '/sync', outbox: { maxCount: 5, whenFull: 'drop-oldest' } })
    // @ts-expect-error there is no such policy
    createClient(registry, { url: '/sync', outbox: { whenFull: 'drop' } })
    // @ts-expect-error the option is called maxBytes
    createClient(registry, { url: '/sync', outbox: { maxSize: 5 } })
    expectTypeOf<OutboxOptions['whenFull']>().toEqualTypeOf<
      'reject' | 'drop-oldest' | 'drop-newest' | undefined
    >()
  })
})

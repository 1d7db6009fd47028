import { type } from 'arktype'
import * as v from 'valibot'
import { describe, expectTypeOf, it } from 'vitest'
import * as z from 'zod'
import * as m from 'zod/mini'
import { channel } from '../../src/registry/channel.ts'
import type {
  ChannelKey,
  ClientEventInput,
  ClientEventName,
  CollectionName,
  CollectionRow,
  EventInput,
  EventName,
  HeardData,
  HeardName,
  MessageInput,
  MessageName,
  ParamsArgs,
  ParamsInOf,
  ParamsOutOf,
  PresenceInput,
  PresenceOutput,
  RequestArgument,
  RequestInput,
  RequestName,
  RequestReply,
  RequestResult,
} from '../../src/registry/infer.ts'
import type { ParamsIn, ParamsOut } from '../../src/registry/pattern.ts'
import { type AnyRegistry, defineRegistry } from '../../src/registry/registry.ts'
import type { InputOf, OutputOf } from '../../src/registry/schema.ts'
import { validate } from '../../src/registry/validate.ts'

const row = z.object({ id: z.number(), at: z.string().transform((text) => new Date(text)) })
const text = z.object({ text: z.string(), size: z.number().default(1) })

const registry = defineRegistry({
  game: channel('game/:code/:round', {
    events: { assigned: row, expired: z.object({ id: z.number() }) },
    clientEvents: { said: text },
    messages: { cursor: v.object({ x: v.number() }) },
    requests: {
      assign: { input: text, output: row, idempotent: true },
      reset: { input: z.null(), output: z.null() },
    },
    presence: text,
    collections: { rows: { schema: row, key: 'id' } },
  }),
  lobby: channel('lobby', { events: { said: text } }),
})
type R = typeof registry

interface RowIn {
  id: number
  at: string
}
interface RowOut {
  id: number
  at: Date
}
interface TextIn {
  text: string
  size?: number | undefined
}
interface TextOut {
  text: string
  size: number
}

describe('patterns', () => {
  it('tell their parameters', () => {
    expectTypeOf<ParamsIn<'game/:code/:round'>>().toEqualTypeOf<{
      readonly code: string | number
      readonly round: string | number
    }>()
    expectTypeOf<ParamsOut<':user/notes'>>().toEqualTypeOf<{ readonly user: string }>()
    expectTypeOf<keyof ParamsIn<'lobby'>>().toBeNever()
    expectTypeOf<ParamsIn<string>>().toEqualTypeOf<{ readonly [x: string]: string | number }>()
    expectTypeOf<ParamsInOf<R, 'game'>>().toEqualTypeOf<ParamsIn<'game/:code/:round'>>()
    expectTypeOf<ParamsOutOf<R, 'game'>>().toEqualTypeOf<ParamsOut<'game/:code/:round'>>()
  })

  it('tell the arguments of a channel', () => {
    expectTypeOf<ParamsArgs<R, 'lobby'>>().toEqualTypeOf<[]>()
    expectTypeOf<ParamsArgs<R, 'game'>>().toEqualTypeOf<[params: ParamsIn<'game/:code/:round'>]>()

    const open = <K extends ChannelKey<R>>(_key: K, ..._params: ParamsArgs<R, K>) => {}
    open('lobby')
    open('game', { code: 'A', round: 1 })
    // @ts-expect-error a channel without parameters takes none
    open('lobby', { code: 'A' })
    // @ts-expect-error the parameters are missing
    open('game')
    // @ts-expect-error one parameter is missing
    open('game', { code: 'A' })
    // @ts-expect-error one parameter too many
    open('game', { code: 'A', round: 1, other: 2 })
    // @ts-expect-error a parameter is a string or a number
    open('game', { code: 'A', round: true })
    // @ts-expect-error there is no such channel
    open('games', { code: 'A', round: 1 })
  })
})

describe('names', () => {
  it('are those of the sections', () => {
    expectTypeOf<ChannelKey<R>>().toEqualTypeOf<'game' | 'lobby'>()
    expectTypeOf<HeardName<R, 'game'>>().toEqualTypeOf<'assigned' | 'expired' | 'said' | 'cursor'>()
    expectTypeOf<HeardName<R, 'lobby'>>().toEqualTypeOf<'said'>()
    expectTypeOf<EventName<R, 'game'>>().toEqualTypeOf<'assigned' | 'expired' | 'said'>()
    expectTypeOf<ClientEventName<R, 'game'>>().toEqualTypeOf<'said'>()
    expectTypeOf<ClientEventName<R, 'lobby'>>().toBeNever()
    expectTypeOf<MessageName<R, 'game'>>().toEqualTypeOf<'cursor'>()
    expectTypeOf<RequestName<R, 'game'>>().toEqualTypeOf<'assign' | 'reset'>()
    expectTypeOf<RequestName<R, 'lobby'>>().toBeNever()
    expectTypeOf<CollectionName<R, 'game'>>().toEqualTypeOf<'rows'>()
    expectTypeOf<CollectionName<R, 'lobby'>>().toBeNever()
  })

  it('that are in no section do not compile', () => {
    // @ts-expect-error there is no such event
    type A = HeardData<R, 'game', 'asigned'>
    // @ts-expect-error a message is not published
    type B = EventInput<R, 'game', 'cursor'>
    // @ts-expect-error an event is not a client's to publish
    type C = ClientEventInput<R, 'game', 'assigned'>
    // @ts-expect-error an event is no message
    type D = MessageInput<R, 'game', 'assigned'>
    // @ts-expect-error there is no such request
    type E = RequestInput<R, 'game', 'assigned'>
    // @ts-expect-error there is no such collection
    type F = CollectionRow<R, 'game', 'row'>
    // @ts-expect-error there is no such channel
    type G = HeardName<R, 'games'>
    expectTypeOf<[A, B, C, D, E, F, G]>().toBeArray()
  })
})

describe('data', () => {
  it('is the output for who hears it, and the input for who makes it', () => {
    expectTypeOf<HeardData<R, 'game', 'assigned'>>().toEqualTypeOf<RowOut>()
    expectTypeOf<HeardData<R, 'game', 'said'>>().toEqualTypeOf<TextOut>()
    expectTypeOf<HeardData<R, 'game', 'cursor'>>().toEqualTypeOf<{ x: number }>()
    expectTypeOf<HeardData<R, 'game', 'said' | 'cursor'>>().toEqualTypeOf<TextOut | { x: number }>()
    expectTypeOf<EventInput<R, 'game', 'assigned'>>().toEqualTypeOf<RowIn>()
    expectTypeOf<EventInput<R, 'game', 'said'>>().toEqualTypeOf<TextIn>()
    expectTypeOf<ClientEventInput<R, 'game', 'said'>>().toEqualTypeOf<TextIn>()
    expectTypeOf<MessageInput<R, 'game', 'cursor'>>().toEqualTypeOf<{ x: number }>()
    expectTypeOf<PresenceInput<R, 'game'>>().toEqualTypeOf<TextIn>()
    expectTypeOf<PresenceOutput<R, 'game'>>().toEqualTypeOf<TextOut>()
    expectTypeOf<PresenceInput<R, 'lobby'>>().toBeNever()
    expectTypeOf<CollectionRow<R, 'game', 'rows'>>().toEqualTypeOf<RowOut>()
  })

  it('of a request has four types, one for each place', () => {
    expectTypeOf<RequestInput<R, 'game', 'assign'>>().toEqualTypeOf<TextIn>()
    expectTypeOf<RequestArgument<R, 'game', 'assign'>>().toEqualTypeOf<TextOut>()
    expectTypeOf<RequestReply<R, 'game', 'assign'>>().toEqualTypeOf<RowIn>()
    expectTypeOf<RequestResult<R, 'game', 'assign'>>().toEqualTypeOf<RowOut>()
    expectTypeOf<RequestResult<R, 'game', 'reset'>>().toBeNull()
  })

  it('that does not fit does not compile', () => {
    const publish = <K extends ChannelKey<R>, N extends EventName<R, K>>(_: [K, N, EventInput<R, K, N>]) => {}
    publish(['game', 'assigned', { id: 1, at: '2026-01-01' }])
    // @ts-expect-error the input of the transform is a string
    publish(['game', 'assigned', { id: 1, at: new Date() }])
    // @ts-expect-error a key is missing
    publish(['game', 'assigned', { id: 1 }])
    // @ts-expect-error there is no such event
    publish(['game', 'asigned', { id: 1, at: '2026-01-01' }])
    // @ts-expect-error that event is on another channel
    publish(['lobby', 'assigned', { id: 1, at: '2026-01-01' }])
  })

  it('of a transform has its input and output apart in every library', () => {
    const schemas = {
      zod: z.string().transform((value) => value.length),
      mini: m.pipe(
        m.string(),
        m.transform((value: string) => value.length),
      ),
      valibot: v.pipe(
        v.string(),
        v.transform((value) => value.length),
      ),
      arktype: type('string').pipe((value) => value.length),
    }
    const lengths = defineRegistry({ all: channel('all', { events: schemas }) })
    type Name = keyof typeof schemas
    expectTypeOf<HeardName<typeof lengths, 'all'>>().toEqualTypeOf<Name>()
    expectTypeOf<EventInput<typeof lengths, 'all', 'zod'>>().toBeString()
    expectTypeOf<HeardData<typeof lengths, 'all', 'zod'>>().toBeNumber()
    expectTypeOf<EventInput<typeof lengths, 'all', 'mini'>>().toBeString()
    expectTypeOf<HeardData<typeof lengths, 'all', 'mini'>>().toBeNumber()
    expectTypeOf<EventInput<typeof lengths, 'all', 'valibot'>>().toBeString()
    expectTypeOf<HeardData<typeof lengths, 'all', 'valibot'>>().toBeNumber()
    expectTypeOf<EventInput<typeof lengths, 'all', 'arktype'>>().toBeString()
    expectTypeOf<HeardData<typeof lengths, 'all', 'arktype'>>().toBeNumber()
    expectTypeOf<InputOf<typeof schemas.zod>>().toBeString()
    expectTypeOf<OutputOf<typeof schemas.zod>>().toBeNumber()
    expectTypeOf(validate(schemas.arktype, 'four')).toBeNumber()
  })
})

describe('a definition', () => {
  it('keeps its pattern and its names as they were written', () => {
    expectTypeOf(registry.channels.game.pattern).toEqualTypeOf<'game/:code/:round'>()
    expectTypeOf(registry.channels.game.spec.collections.rows.key).toEqualTypeOf<'id'>()
    // @ts-expect-error a registry is not to be changed
    registry.version = 2
  })

  it('with a wrong section does not compile', () => {
    // @ts-expect-error the section is called events
    channel('a', { event: { assigned: row } })
    // @ts-expect-error the section is called events, also beside others
    channel('a', { events: { assigned: row }, event: { expired: row } })
    // @ts-expect-error a section holds schemas by name
    channel('a', { events: row })
    // @ts-expect-error this is no schema
    channel('a', { events: { assigned: { id: 'number' } } })
    // @ts-expect-error a request has an output
    channel('a', { requests: { assign: { input: row } } })
    // @ts-expect-error the field is called idempotent
    channel('a', { requests: { assign: { input: row, output: row, idempotant: true } } })
    // @ts-expect-error presence is one schema
    channel('a', { presence: { name: row } })
  })

  it('with a wrong collection key does not compile', () => {
    // @ts-expect-error rows have no such key
    channel('a', { collections: { rows: { schema: row, key: 'ids' } } })
    // @ts-expect-error a key's value is a string or a number
    channel('a', { collections: { rows: { schema: row, key: 'at' } } })
    // @ts-expect-error a collection has a key
    channel('a', { collections: { rows: { schema: row } } })
    // @ts-expect-error not every row has this key
    channel('a', { collections: { rows: { schema: z.object({ id: z.number().optional() }), key: 'id' } } })
    const either = z.union([row, z.object({ name: z.string() })])
    // @ts-expect-error not every kind of row has this key
    channel('a', { collections: { rows: { schema: either, key: 'id' } } })
    channel('a', { collections: { rows: { schema: v.object({ id: v.string() }), key: 'id' } } })
    channel('a', { collections: { rows: { schema: type({ id: 'string' }), key: 'id' } } })
    channel('a', {
      collections: { rows: { schema: z.union([row, z.object({ id: z.string() })]), key: 'id' } },
    })
  })

  it('that is no definition does not compile', () => {
    // @ts-expect-error a channel is made by channel()
    defineRegistry({ a: { events: {} } })
    // @ts-expect-error the option is called minVersion
    defineRegistry({}, { minimum: 1 })
  })
})

describe('a registry that is not known to the compiler', () => {
  it('accepts every registry, and any names', () => {
    expectTypeOf<R>().toExtend<AnyRegistry>()
    expectTypeOf<ChannelKey<AnyRegistry>>().toBeString()
    expectTypeOf<HeardName<AnyRegistry, string>>().toBeString()
    expectTypeOf<RequestName<AnyRegistry, string>>().toBeString()
    expectTypeOf<HeardData<AnyRegistry, string, string>>().toBeUnknown()
    expectTypeOf<ParamsArgs<AnyRegistry, string>>().toEqualTypeOf<
      [params?: Readonly<Record<string, string | number>> | undefined]
    >()
  })
})

import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import * as z from 'zod'
import { type ChannelSpec, channel, own } from '../../../src/registry/channel.ts'
import { channelName, defineRegistry, type Registry, resolveName } from '../../../src/registry/registry.ts'
import { thrown } from './errors.ts'
import { libraries } from './libraries.ts'

const text = z.object({ text: z.string() })
const row = z.object({ id: z.number(), name: z.string() })

const full = {
  events: { assigned: row, 'challenge.expired:now-x': row },
  clientEvents: { said: text },
  messages: { cursor: z.object({ x: z.number() }) },
  requests: { assign: { input: text, output: row, idempotent: true }, said: { input: text, output: row } },
  presence: text,
  collections: { rows: { schema: row, key: 'id' } },
} as const

/** As a caller without types would. */
const untyped = (pattern: string, spec: unknown) => channel<string, ChannelSpec>(pattern, spec as ChannelSpec)

describe('channel', () => {
  it('keeps the pattern and the spec, frozen and apart from what was passed in', () => {
    const spec = { events: { ...full.events } }
    const game = channel('game/:code', spec)
    expect(game).toEqual({ pattern: 'game/:code', spec: { events: full.events } })
    Object.assign(spec.events, { later: row })
    expect(game.spec.events).not.toHaveProperty('later')
    for (const part of [game, game.spec, game.spec.events]) expect(Object.isFrozen(part)).toBe(true)
  })

  it('takes every section together, and none', () => {
    expect(channel('game/:code', full).spec).toEqual(full)
    expect(channel('lobby', {}).spec).toEqual({})
    const { requests } = channel('game', full).spec
    expect(Object.isFrozen(requests.assign)).toBe(true)
  })

  it.each(Object.entries(libraries))('takes the schemas of %s as they are', (_, library) => {
    const { spec } = channel('lobby', { events: { length: library.length, renamed: library.renamed } })
    expect(spec.events.length).toBe(library.length)
  })

  const name = (given: string) => ({ events: { [given]: row } })
  const bad: [string, unknown, string][] = [
    ['a section that does not exist', { event: { a: row } }, 'event'],
    ['a section that objects inherit', { constructor: { a: row } }, 'constructor'],
    ['a value that is no schema', { events: { a: { type: 'string' } } }, 'events.a'],
    ['a missing schema', { events: { a: undefined } }, 'events.a'],
    ['a section that is itself a schema', { events: row }, 'events.'],
    ['a presence that is no schema', { presence: {} }, 'presence'],
    ['a request without output', { requests: { a: { input: row } } }, 'requests.a (output)'],
    ['a request that is a schema', { requests: { a: row } }, 'requests.a (input)'],
    [
      'an unknown field of a request',
      { requests: { a: { input: row, output: row, idempotant: true } } },
      'idempotant',
    ],
    ['a collection without key', { collections: { a: { schema: row } } }, 'collections.a (key)'],
    [
      'a collection with an empty key',
      { collections: { a: { schema: row, key: '' } } },
      'collections.a (key)',
    ],
    ['a name that starts with a digit', name('1a'), 'events.1a'],
    ['an empty name', name(''), 'events.'],
    ['a name with a space', name('a b'), 'events.a b'],
    ['a name with 129 characters', name('a'.repeat(129)), 'events.a'],
    ['the name __proto__', name('__proto__'), '__proto__'],
    ['the reserved name gap', name('gap'), 'events.gap'],
    ['the reserved name subscribed', { messages: { subscribed: row } }, 'messages.subscribed'],
    ['the reserved name unsubscribed', { clientEvents: { unsubscribed: row } }, 'clientEvents.unsubscribed'],
    [
      'one name in two of the sections that are heard',
      { events: { a: row }, messages: { a: row } },
      'messages.a',
    ],
  ]
  it.each(bad)('refuses %s', (_, spec, where) => {
    const { message } = thrown('bad_registry', () => untyped('game/:code', spec))
    expect(message).toContain('game/:code')
    expect(message).toContain(where)
    expect(message).not.toContain('\n')
  })

  it('refuses a bad pattern, and what is no pattern at all', () => {
    for (const pattern of ['game//x', '', undefined, null, 7, {}]) {
      thrown('bad_registry', () => untyped(pattern as string, {}))
    }
  })

  it('accepts a name of 128 characters, and a request by the name of an event', () => {
    channel('lobby', {
      events: { ['a'.repeat(128)]: row, a: row },
      requests: { a: { input: row, output: row } },
    })
  })
})

describe('own', () => {
  it('finds own entries only', () => {
    expect(own({ a: 1 }, 'a')).toBe(1)
    expect(own<unknown>({ a: 1 }, 'constructor')).toBeUndefined()
    expect(own<unknown>({}, '__proto__')).toBeUndefined()
    expect(own(undefined, 'a')).toBeUndefined()
  })
})

describe('defineRegistry', () => {
  const registry = defineRegistry({
    game: channel('game/:code', full),
    lobby: channel('lobby', { events: { said: text } }),
    notifications: channel('notifications/:user', {}),
  })

  it('keeps channels and versions, frozen', () => {
    expect(Object.keys(registry.channels)).toEqual(['game', 'lobby', 'notifications'])
    expect(registry).toMatchObject({ version: 1, minVersion: 1 })
    expect(defineRegistry({}, { version: 4, minVersion: 3 })).toMatchObject({ version: 4, minVersion: 3 })
    expect(Object.isFrozen(registry)).toBe(true)
    expect(Object.isFrozen(registry.channels)).toBe(true)
  })

  it('refuses two patterns that one name could match, naming both', () => {
    const { message } = thrown('bad_registry', () =>
      defineRegistry({ a: channel('game/:code', {}), b: channel('game/lobby', {}) }),
    )
    expect(message).toContain('"game/:code"')
    expect(message).toContain('"game/lobby"')
  })

  it('refuses bad keys, versions and definitions', () => {
    const lobby = channel('lobby', {})
    thrown('bad_registry', () => defineRegistry({ 'a b': lobby }))
    thrown('bad_registry', () => defineRegistry({ ['__proto__']: lobby }))
    for (const version of [0, -1, 1.5, Number.NaN]) {
      thrown('bad_registry', () => defineRegistry({}, { version }))
    }
    thrown('bad_registry', () => defineRegistry({}, { version: 1, minVersion: 2 }))
    thrown('bad_registry', () => defineRegistry({}, { minVersion: 0 }))
    thrown('bad_registry', () => defineRegistry({ a: undefined as unknown as typeof lobby }))
    thrown('bad_registry', () => defineRegistry({ a: { pattern: 'a//b', spec: {} } }))
  })

  it('writes and reads the names of its channels', () => {
    expect(channelName(registry, 'game', { code: 'a/b' })).toBe('game/a%2Fb')
    expect(channelName(registry, 'lobby')).toBe('lobby')
    expect(resolveName(registry, 'game/a%2Fb')).toEqual({
      key: 'game',
      definition: registry.channels.game,
      params: { code: 'a/b' },
    })
    expect(resolveName(registry, 'lobby')).toMatchObject({ key: 'lobby', params: {} })
    for (const name of [
      '',
      'nowhere',
      'game',
      'game/',
      'game/%',
      'game/%41',
      'constructor',
      '__proto__',
      'lobby/',
    ]) {
      expect(resolveName(registry, name)).toBeUndefined()
    }
  })

  it('refuses a key that it does not have, own ones only, and parameters that do not fit', () => {
    for (const key of ['games', 'constructor', '__proto__', 'toString']) {
      expect(thrown('unknown_channel', () => channelName(registry, key)).message).toContain(key)
    }
    thrown('bad_channel', () => channelName(registry, 'game'))
    thrown('bad_channel', () => channelName(registry, 'game', { code: '' }))
    thrown('bad_channel', () => channelName(registry, 'lobby', { code: 'A' }))
  })
})

describe('the hash of a registry', () => {
  const base = () => defineRegistry({ game: channel('game/:code', full), lobby: channel('lobby', {}) })

  it('is one fixed text for fixed names, so that releases agree with each other', () => {
    expect(defineRegistry({}).hash).toBe('KNOWN_EMPTY')
    expect(base().hash).toBe('KNOWN_FULL')
  })

  it('does not depend on the order in which names were written, nor on schemas or empty sections', () => {
    const { presence, events, ...others } = full
    const turned = { presence: row, ...others, events: { 'challenge.expired:now-x': text, assigned: text } }
    const other = defineRegistry({
      lobby: channel('lobby', { events: {} }),
      game: channel('game/:code', turned),
    })
    expect(events).toBeDefined()
    expect(other.hash).toBe(base().hash)
  })

  it('depends on every name, on where it stands, and on the version', () => {
    const others: Registry[] = [
      base(),
      defineRegistry({ game: channel('game/:code', full), lobby: channel('lobby', {}) }, { version: 2 }),
      defineRegistry({ games: channel('game/:code', full), lobby: channel('lobby', {}) }),
      defineRegistry({ game: channel('game/:id', full), lobby: channel('lobby', {}) }),
      defineRegistry({ game: channel('game/:code', full) }),
      defineRegistry({ game: channel('game/:code', full), lobby: channel('lobby', { presence: text }) }),
      defineRegistry({ game: channel('game/:code', full), lobby: channel('lobby', { events: { a: row } }) }),
      defineRegistry({
        game: channel('game/:code', full),
        lobby: channel('lobby', { messages: { a: row } }),
      }),
      defineRegistry({ game: channel('game/:code', full), lobby: channel('lobby', { events: { b: row } }) }),
    ]
    expect(new Set(others.map(({ hash }) => hash)).size).toBe(others.length)
  })

  it('tells any two sets of names apart', () => {
    const names = fc.uniqueArray(fc.stringMatching(/^[a-z]{1,4}$/), { maxLength: 4 })
    const hash = (events: string[]) =>
      defineRegistry({
        a: channel('a', { events: Object.fromEntries(events.map((one) => [`x${one}`, row])) }),
      }).hash
    fc.assert(
      fc.property(names, names, (one, two) => {
        expect(hash(one) === hash(two)).toBe(`${[...one].sort()}` === `${[...two].sort()}`)
      }),
    )
  })
})

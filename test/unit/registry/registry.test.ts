import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import * as z from 'zod'
import { channel } from '../../../src/registry/channel.ts'
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

describe('channel', () => {
  it('keeps the pattern and the spec, frozen', () => {
    const game = channel('game/:code', full)
    expect(game).toEqual({ pattern: 'game/:code', spec: full })
    expect(Object.isFrozen(game)).toBe(true)
  })

  it('takes every section together, and none', () => {
    expect(channel('game/:code', full).spec).toEqual(full)
    expect(channel('lobby', {}).spec).toEqual({})
  })

  it.each(Object.entries(libraries))('takes the schemas of %s as they are', (_, library) => {
    const { spec } = channel('lobby', { events: { length: library.length, renamed: library.renamed } })
    expect(spec.events.length).toBe(library.length)
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
    expect(defineRegistry({}).hash).toBe('1d')
    expect(base().hash).toBe('1m4h2y31kkv')
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

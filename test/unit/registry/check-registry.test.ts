import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import * as z from 'zod'
import { type ChannelSpec, channel } from '../../../src/registry/channel.ts'
import { checkPattern, checkRegistry, overlaps } from '../../../src/registry/check-registry.ts'
import { matchName } from '../../../src/registry/pattern.ts'
import { defineRegistry } from '../../../src/registry/registry.ts'
import { thrown } from './errors.ts'
import { libraries } from './libraries.ts'

const row = z.object({ id: z.number(), name: z.string() })

/** As a caller without types would. */
const checked = (pattern: string, spec: unknown) =>
  checkRegistry(defineRegistry({ game: channel<string, ChannelSpec>(pattern, spec as ChannelSpec) }))

describe('checking a registry', () => {
  it.each(Object.entries(libraries))('takes the schemas of %s', (_, library) => {
    checked('lobby', { events: { length: library.length, renamed: library.renamed } })
  })

  const name = (given: string) => ({ events: { [given]: row } })
  const bad: [string, unknown, string][] = [
    ['a presence that is undefined', { presence: undefined }, 'presence'],
    ['a section that does not exist', { event: { a: row } }, 'event'],
    ['a section that objects inherit', { constructor: { a: row } }, 'constructor'],
    ['a value that is no schema', { events: { a: { type: 'string' } } }, 'events.a'],
    ['a missing schema', { events: { a: undefined } }, 'events.a'],
    ['a section that is itself a schema', { events: row }, 'events.'],
    ['a presence that is no schema', { presence: {} }, 'presence'],
    [
      'a request without output',
      { requests: { a: { input: row } } },
      'requests.a has a wrong or missing output',
    ],
    ['a request that is a schema', { requests: { a: row } }, 'requests.a has a wrong or missing input'],
    [
      'an unknown field of a request',
      { requests: { a: { input: row, output: row, idempotant: true } } },
      'idempotant',
    ],
    [
      'a collection without key',
      { collections: { a: { schema: row } } },
      'collections.a has a wrong or missing key',
    ],
    [
      'a collection with an empty key',
      { collections: { a: { schema: row, key: '' } } },
      'collections.a has a wrong or missing key',
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
    const { message } = thrown('bad_registry', () => checked('game/:code', spec))
    expect(message).toContain('game/:code')
    expect(message).toContain(where)
    expect(message).not.toContain('\n')
  })

  it('refuses a bad pattern, and what is no pattern at all', () => {
    for (const pattern of ['game//x', '', undefined, null, 7, {}]) {
      thrown('bad_registry', () => checked(pattern as string, {}))
    }
  })

  it('accepts a name of 128 characters, and a request by the name of an event', () => {
    checked('lobby', {
      events: { ['a'.repeat(128)]: row, a: row },
      requests: { a: { input: row, output: row } },
    })
  })

  it('refuses two patterns that one name could match, naming both', () => {
    const { message } = thrown('bad_registry', () =>
      checkRegistry(defineRegistry({ a: channel('game/:code', {}), b: channel('game/lobby', {}) })),
    )
    expect(message).toContain('"game/:code"')
    expect(message).toContain('"game/lobby"')
  })

  it('refuses bad keys, versions and definitions', () => {
    const lobby = channel('lobby', {})
    thrown('bad_registry', () => checkRegistry(defineRegistry({ 'a b': lobby })))
    thrown('bad_registry', () => checkRegistry(defineRegistry({ ['__proto__']: lobby })))
    for (const version of [0, -1, 1.5, Number.NaN]) {
      thrown('bad_registry', () => checkRegistry(defineRegistry({}, { version })))
    }
    thrown('bad_registry', () => checkRegistry(defineRegistry({}, { version: 1, minVersion: 2 })))
    thrown('bad_registry', () => checkRegistry(defineRegistry({}, { minVersion: 0 })))
    thrown('bad_registry', () => checkRegistry(defineRegistry({ a: { pattern: 'a//b', spec: {} } })))
  })
})

describe('checkPattern', () => {
  it('accepts texts that need no escaping and parameters that are identifiers', () => {
    for (const pattern of ['lobby', 'game/:code', ':a/:b', "a-b_c.d~!*'()/:_x1", ':user/notifications']) {
      checkPattern(pattern)
    }
  })

  it('refuses everything else', () => {
    for (const pattern of [
      ...[
        '',
        '/',
        'game/',
        '/game',
        'game//x',
        'game/:',
        'game/:1a',
        'game/:a-b',
        'game/:a b',
        'a b',
        'a:b',
        'é',
      ],
      ...[
        'a%2Fb',
        'a?b',
        'game/:a/:a',
        'game/:__proto__',
        'game/:constructor',
        'game/:toString',
        'a\n',
        ':a\n',
      ],
    ]) {
      thrown('bad_registry', () => checkPattern(pattern))
    }
  })
})

describe('overlaps', () => {
  it('tells whether one name could match both patterns', () => {
    expect(overlaps('game/:code', 'game/lobby')).toBe(true)
    expect(overlaps(':a/b', 'a/:b')).toBe(true)
    expect(overlaps('lobby', 'lobby')).toBe(true)
    expect(overlaps('game/:code', 'game/:code/x')).toBe(false)
    expect(overlaps('game/:code', 'user/:id')).toBe(false)
  })

  it('agrees with what names match', () => {
    const segment = fc.constantFrom('a', 'b', ':x', ':y')
    const pattern = fc.uniqueArray(segment, { minLength: 1, maxLength: 3 }).map((parts) => parts.join('/'))
    fc.assert(
      fc.property(pattern, pattern, (one, two) => {
        const names = ['a', 'b'].flatMap((a) => [
          a,
          ...['a', 'b'].flatMap((b) => [`${a}/${b}`, `${a}/${b}/a`, `${a}/${b}/b`]),
        ])
        const shared = names.some((name) => matchName(one, name) && matchName(two, name))
        expect(overlaps(one, two)).toBe(shared)
      }),
    )
  })
})

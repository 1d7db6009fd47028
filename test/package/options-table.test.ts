import {
  type BackoffOptions,
  type BreakerOptions,
  backoffDefaults,
  breakerDefaults,
  browserSignals,
  type ClientDiagnostic,
  type ClientOptions,
  clientDefaults,
  type LogLevel,
  logTo,
  type OutboxOptions,
  outboxDefaults,
  systemClock,
  webSocket,
} from 'syncline/client'
import { describe, expect, it } from 'vitest'
import { linkStates, shownState } from '../../src/client/connection-states.ts'
import { secureRandom } from '../../src/shared/random.ts'
import { reportToPlatform } from '../../src/shared/report.ts'
import { read } from './support/files.ts'
import { literalsOf } from './support/literals.ts'
import { tableRows } from './support/markdown.ts'
import { optionDifferences, shownNumber } from './support/options.ts'

const guide = read('docs/guide/2-connection.md')

/** What the table says where the code has no default. The compiler holds these keys to the options. */
const withoutDefault = {
  ...({ url: 'required', auth: 'none', heartbeatMs: 'none' } satisfies Missing<
    ClientOptions,
    typeof clientDefaults
  >),
  'backoff.delaysMs': ({ delaysMs: 'none' } satisfies Missing<BackoffOptions, typeof backoffDefaults>)
    .delaysMs,
  ...({} satisfies Missing<BreakerOptions, typeof breakerDefaults>),
  ...({} satisfies Missing<OutboxOptions, typeof outboxDefaults>),
}
type Missing<Options, Defaults> = Record<Exclude<keyof Options, keyof Defaults>, string>

/** What the table says of a default that is no number and no word. */
const inWords = new Map<unknown, string>([
  [backoffDefaults, 'see below'],
  [breakerDefaults, 'see below'],
  [outboxDefaults, 'see below'],
  [clientDefaults.persist, 'nothing is kept'],
  [browserSignals, 'browserSignals'],
  [reportToPlatform, 'reportError, else the console'],
  [systemClock, 'systemClock'],
  [secureRandom, "the platform's cryptographic source"],
  [webSocket, 'webSocket'],
])

function shown(value: unknown): string {
  if (typeof value === 'number') return shownNumber(value)
  return inWords.get(value) ?? String(value)
}

/** option → default as the table must show it, nested ones under `group.key`. */
function optionsOfTheCode(): Record<string, string> {
  const groups = { backoff: backoffDefaults, breaker: breakerDefaults, outbox: outboxDefaults }
  const nested = Object.entries(groups).flatMap(([group, defaults]) =>
    Object.entries(defaults).map(([key, value]) => [`${group}.${key}`, shown(value)]),
  )
  const own = Object.entries(clientDefaults).map(([key, value]) => [key, shown(value)])
  return { ...withoutDefault, ...Object.fromEntries([...own, ...nested]) }
}

const wrongOptions = (markdown: string) => optionDifferences(markdown, optionsOfTheCode())

/** The moves of a state as the table writes them: events by where they lead, in the order of the code. */
function movesOf(state: keyof typeof linkStates): string {
  const byTarget = new Map<string, string[]>()
  for (const [event, to] of Object.entries(linkStates[state])) {
    byTarget.set(to, [...(byTarget.get(to) ?? []), event])
  }
  return [...byTarget].map(([to, events]) => `${events.join(', ')} → ${to}`).join(' · ')
}

/** The rows of the states that differ from the code. */
function wrongStates(markdown: string): string[] {
  const states = Object.keys(linkStates) as (keyof typeof linkStates)[]
  const expected = states.map((state) => [state, shownState(state), movesOf(state)].join(' | '))
  const rows = tableRows(markdown, ['state', 'shown as', 'moves']).map((row) => row.slice(0, 3).join(' | '))
  return [...expected.filter((row) => !rows.includes(row)), ...rows.filter((row) => !expected.includes(row))]
}

/** diagnostic → level, as the table says. */
const levelsIn = (markdown: string) =>
  Object.fromEntries(
    tableRows(markdown, ['diagnostic', 'tells', 'level in the log']).map(([type, , level]) => [type, level]),
  )

/** diagnostic → level, as it is written. */
function levelsOfTheCode() {
  const levels: Record<string, LogLevel> = {}
  for (const type of literalsOf('src/client/diagnostics.ts', 'DiagnosticType')) {
    const keep = (level: LogLevel) => () => {
      levels[type] = level
    }
    const logger = { debug: keep('debug'), info: keep('info'), warn: keep('warn'), error: keep('error') }
    const failure = { code: 'closed', message: '' }
    logTo(logger, 'debug')({ type, cause: failure, error: failure } as unknown as ClientDiagnostic)
  }
  return levels
}

describe('the table of options', () => {
  it('names every option of the client with its default and its unit, and nothing else', () => {
    expect(wrongOptions(guide)).toEqual([])
  })

  it.each([
    ['a row is gone', /^\| `lingerMs` .*\n/m, '', 'lingerMs is missing'],
    ['a nested row is gone', /^\| `outbox.ttlMs` .*\n/m, '', 'outbox.ttlMs is missing'],
    ['one without a default is gone', /^\| `auth` .*\n/m, '', 'auth is missing'],
    ['a row has an unknown name', '| `lingerMs`', '| `lingerSeconds`', 'lingerSeconds is no option'],
    ['a row has the name of all objects', '| `lingerMs`', '| `toString`', 'toString is no option'],
    ['a row stands there twice', /^(\| `enabled` .*\n)/m, '$1$1', 'enabled stands there twice'],
    [
      'a number is another',
      '`connectTimeoutMs` | `10,000`',
      '`connectTimeoutMs` | `1,000`',
      'connectTimeoutMs: the default is 10,000, not 1,000',
    ],
    [
      'a word is another',
      '| `reject` |',
      '| `drop-oldest` |',
      'outbox.whenFull: the default is reject, not drop-oldest',
    ],
    ['an end is claimed', '| `Infinity` |', '| `5` |', 'backoff.maxAttempts: the default is Infinity, not 5'],
    [
      'a function is another',
      '| `webSocket` |',
      '| `fetch` |',
      'socket: the default is webSocket, not fetch',
    ],
    ['a default is claimed', '| `auth` | none', '| `auth` | `null`', 'auth: the default is none, not null'],
    [
      'a unit is wrong',
      '`65,536` | bytes',
      '`65,536` | ms',
      'volatileMaxBytes: the unit is "bytes", not "ms"',
    ],
    ['a unit is left out', '`300,000` | ms', '`300,000` |', 'outbox.ttlMs: the unit is "ms", not ""'],
    [
      'a count has a unit',
      '`1,000` | | how many',
      '`1,000` | ms | how many',
      'outbox.maxCount: the unit is "", not "ms"',
    ],
    [
      'a meaning is left out',
      '| `socket` | `webSocket` | | opens the transport |',
      '| `socket` | `webSocket` | | |',
      'socket means nothing',
    ],
  ])('is found wrong when %s', (...[, from, to, expected]) => {
    const broken = guide.replace(from, to)
    expect(broken).not.toBe(guide)
    expect(wrongOptions(broken)).toContain(expected)
  })

  it('is missed as a whole', () => {
    expect(wrongOptions('# Nothing')).toHaveLength(Object.keys(optionsOfTheCode()).length)
  })
})

describe('the table of states', () => {
  it('is every move that the connection can make', () => {
    expect(wrongStates(guide)).toEqual([])
  })

  it.each([
    ['a move leads elsewhere', 'welcomed → online', 'welcomed → waiting', 2],
    ['a move is left out', '| open → authorizing · close → closed |', '| open → authorizing |', 2],
    ['a state is shown as another', '| `failed` | `error`', '| `failed` | `connecting`', 2],
    ['a state is gone', /^\| `paused` .*\n/m, '', 1],
  ])('is found wrong when %s', (...[, from, to, count]) => {
    expect(wrongStates(guide.replace(from, to))).toHaveLength(count)
  })
})

describe('the table of diagnostics', () => {
  it('names each of them, with the level at which it is logged', () => {
    expect(levelsIn(guide)).toEqual(levelsOfTheCode())
  })

  it('is found wrong when a level is another or a row is gone', () => {
    expect(levelsIn(guide.replace(/^(\| `gap` .*)warn/m, '$1info'))).not.toEqual(levelsOfTheCode())
    expect(levelsIn(guide.replace(/^\| `frame` .*\n/m, ''))).not.toEqual(levelsOfTheCode())
  })
})

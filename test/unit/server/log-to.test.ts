import { auditTo, type HubDiagnostic, type HubLogLevel, logTo } from 'syncline/server'
import { describe, expect, test } from 'vitest'

const time = 1
const who = { client: 'C', user: 'ann' }
const all: readonly (readonly [HubDiagnostic, HubLogLevel, string])[] = [
  [{ type: 'connect', time, ...who, resumed: false }, 'info', 'ann connected as C'],
  [{ type: 'connect', time, ...who, resumed: true }, 'info', 'ann connected as C, session resumed'],
  [
    { type: 'refuseUpgrade', time, status: 403, path: '/sync', origin: 'https://a.example' },
    'warn',
    'refused an upgrade of /sync from https://a.example with 403',
  ],
  [
    { type: 'refuseUpgrade', time, status: 404, path: '/', origin: undefined },
    'warn',
    'refused an upgrade of / with 404',
  ],
  [
    { type: 'refuse', time, ...who, action: 'publish', channel: 'room', name: 'said', code: 'forbidden' },
    'warn',
    'refused ann (C) publish said on room (forbidden)',
  ],
  [
    {
      type: 'refuse',
      time,
      ...who,
      action: 'subscribe',
      channel: 'room',
      name: undefined,
      code: 'forbidden',
    },
    'warn',
    'refused ann (C) subscribe on room (forbidden)',
  ],
  [{ type: 'subscribe', time, ...who, channel: 'room' }, 'info', 'ann (C) joined room'],
  [{ type: 'unsubscribe', time, ...who, channel: 'room' }, 'info', 'ann (C) left room'],
  [
    { type: 'publish', time, ...who, channel: 'room', name: 'said', offset: 7, bytes: 12 },
    'debug',
    'ann published said on room at 7, 12 characters',
  ],
  [
    {
      type: 'publish',
      time,
      client: undefined,
      user: undefined,
      channel: 'room',
      name: 'said',
      offset: 7,
      bytes: 12,
    },
    'debug',
    'the server published said on room at 7, 12 characters',
  ],
  [
    { type: 'deliver', time, channel: 'room', offset: 7, sessions: 3 },
    'debug',
    'delivered 7 of room to 3 sessions',
  ],
  [
    { type: 'request', time, ...who, channel: 'room', name: 'ask', ms: 5, code: undefined },
    'debug',
    'answered ann ask on room after 5 ms',
  ],
  [
    { type: 'request', time, ...who, channel: 'room', name: 'ask', ms: 5, code: 'timeout' },
    'debug',
    'answered ann ask on room after 5 ms (timeout)',
  ],
  [
    { type: 'presence', time, ...who, channel: 'room', change: 'enter' },
    'debug',
    'ann (C) is present on room',
  ],
  [
    { type: 'presence', time, ...who, channel: 'room', change: 'leave' },
    'debug',
    'ann (C) is no longer present on room',
  ],
  [
    { type: 'close', time, ...who, code: 4001, reason: 'no answer', ms: 2_500 },
    'info',
    'ann (C) went after 2.5 s (4001: no answer)',
  ],
  [
    { type: 'close', time, client: undefined, user: undefined, code: undefined, reason: '', ms: 0 },
    'info',
    'someone went after 0.0 s (no code)',
  ],
  [{ type: 'drain', time, overMs: 10_000, sessions: 4 }, 'info', 'draining 4 sessions over 10000 ms'],
  [
    { type: 'error', time, code: 'internal', stage: 'request', channel: 'room', client: 'C' },
    'error',
    'error in request on room (internal)',
  ],
  [
    { type: 'error', time, code: 'internal', stage: 'authenticate', channel: undefined, client: 'C' },
    'error',
    'error in authenticate (internal)',
  ],
]

function setUp(level?: HubLogLevel) {
  const lines: [HubLogLevel, string][] = []
  const write = (at: HubLogLevel) => (line: string) => void lines.push([at, line])
  const logger = { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') }
  return { lines, listener: level ? logTo(logger, level) : logTo(logger) }
}

describe('the log of a hub', () => {
  test.each(all)('has one line for %j, at %s', (diagnostic, level, words) => {
    const { lines, listener } = setUp('debug')
    listener(diagnostic)
    expect(lines).toEqual([[level, `syncline hub: ${words}`]])
  })

  test.each<[HubLogLevel | undefined, string]>([
    ['debug', 'debug error info warn'],
    ['info', 'error info warn'],
    [undefined, 'error info warn'],
    ['warn', 'error warn'],
    ['error', 'error'],
  ])('from %s on has the levels %s', (level, levels) => {
    const { lines, listener } = setUp(level)
    for (const [diagnostic] of all) listener(diagnostic)
    expect([...new Set(lines.map(([at]) => at))].sort().join(' ')).toBe(levels)
  })

  test.each(['\n', '\r\n', '\u2028', '\u2029', '\u0085', '\u001b[31m', '\u0000'])(
    'stays one line whatever a stranger puts into a name: %j',
    (evil) => {
      const { lines, listener } = setUp()
      listener({ type: 'subscribe', time, ...who, channel: `a${evil}syncline hub: eve joined` })
      expect(lines).toHaveLength(1)
      // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not be there
      expect(lines[0]![1]).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/)
    },
  )
})

test('an audit has what people did and were kept from, as it was, and not what the hub did', () => {
  const entries: unknown[] = []
  const listener = auditTo((entry) => entries.push(entry))
  for (const [diagnostic] of all) listener(diagnostic)
  const kept = all
    .map(([diagnostic]) => diagnostic)
    .filter(({ type }) => !['deliver', 'drain', 'error'].includes(type))
  expect(entries).toEqual(kept)
})

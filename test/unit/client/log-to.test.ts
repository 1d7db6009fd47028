import { build } from 'esbuild'
import { channel, defineRegistry, SyncError, type SyncErrorCode } from 'syncline'
import { type ClientDiagnostic, createClient, type LogLevel, logTo } from 'syncline/client'
import { manualClock } from 'syncline/testing'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import * as z from 'zod'
import { fakeSockets } from '../../support/fake-sockets.ts'

/** A logger that keeps its lines, each with its level. */
function keeper() {
  const lines: [level: LogLevel, line: string][] = []
  const at = (level: LogLevel) => (message: string) => void lines.push([level, message])
  return { lines, debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') }
}

/** What is written of one diagnostic, with its level. */
function lineOf(diagnostic: ClientDiagnostic) {
  const logger = keeper()
  logTo(logger, 'debug', manualClock(noon))(diagnostic)
  expect(logger.lines).toHaveLength(1)
  return logger.lines[0]!.join(' ')
}

const noon = new Date(2024, 4, 1, 12, 0, 2).getTime()
const error = (code: SyncErrorCode, message = 'secret') => new SyncError(code, message)
const send = { kind: 'publication', channel: 'quiz/7', name: 'answered' } as const

const samples: readonly [ClientDiagnostic, line: string][] = [
  [{ type: 'attempt', attempt: 2 }, 'debug syncline connecting, attempt 2'],
  [{ type: 'connected', resumed: false, sameRegistry: true }, 'info syncline connected'],
  [
    { type: 'connected', resumed: true, sameRegistry: false },
    'info syncline connected, session resumed, the hub has another registry',
  ],
  [
    {
      type: 'lost',
      cause: error('ping_timeout', 'Nothing heard for 35000 ms'),
      attempt: 1,
      nextAttemptAt: noon + 1_400,
    },
    'warn syncline lost connection (ping_timeout: Nothing heard for 35000 ms), next attempt 2 in 1.4 s at 12:00:03',
  ],
  [
    {
      type: 'lost',
      cause: error('connect_failed', 'Closed with 1006 '),
      attempt: 0,
      nextAttemptAt: noon - 1,
    },
    'warn syncline could not connect (connect_failed: Closed with 1006), next attempt 1 in 0.0 s at 12:00:01',
  ],
  [
    { type: 'lost', cause: error('auth_failed'), attempt: 3, nextAttemptAt: undefined },
    'warn syncline could not connect (auth_failed), no further attempt',
  ],
  [
    { type: 'lost', cause: error('unauthorized'), attempt: 0, nextAttemptAt: undefined },
    'warn syncline lost connection (unauthorized), no further attempt',
  ],
  [{ type: 'roundTrip', ms: 12 }, 'debug syncline round trip 12 ms'],
  [{ type: 'subscribed', channel: 'quiz/7', recovered: null }, 'info syncline subscribed to quiz/7'],
  [
    { type: 'subscribed', channel: 'quiz/7', recovered: true },
    'info syncline subscribed to quiz/7, nothing missed',
  ],
  [
    { type: 'subscribed', channel: 'quiz/7', recovered: false },
    'info syncline subscribed to quiz/7, after a gap',
  ],
  [{ type: 'gap', channel: 'quiz/7', reason: 'retention' }, 'warn syncline gap in quiz/7 (retention)'],
  [{ type: 'received', channel: 'quiz/7', name: 'asked' }, 'debug syncline received asked on quiz/7'],
  [{ type: 'sent', ...send, isResend: false }, 'debug syncline sent publication answered on quiz/7'],
  [
    { type: 'sent', ...send, kind: 'request', isResend: true },
    'debug syncline sent request answered on quiz/7 again',
  ],
  [
    { type: 'acknowledged', ...send, ms: 31 },
    'debug syncline acknowledged publication answered on quiz/7 after 31 ms',
  ],
  [
    { type: 'refused', ...send, error: error('forbidden') },
    'warn syncline not applied: publication answered on quiz/7 (forbidden)',
  ],
  [
    { type: 'refused', ...send, error: error('timeout', 'Never sent: 5000 ms') },
    'warn syncline not applied: publication answered on quiz/7 (timeout)',
  ],
  [
    { type: 'indeterminate', ...send, error: error('aborted') },
    'error syncline perhaps applied: publication answered on quiz/7 (aborted)',
  ],
  [
    { type: 'error', stage: 'payload', error: error('bad_payload') },
    'error syncline error in payload (bad_payload)',
  ],
  [{ type: 'frame', direction: 'in', frame: 'ev' }, 'debug syncline frame in ev'],
]

describe('the line for a diagnostic', () => {
  test.each(samples)('of %j is one that a person can read', (diagnostic, line) => {
    expect(lineOf(diagnostic)).toBe(line)
  })

  test('stays one line, whatever names and reasons the other side sends', () => {
    const name = 'a\r\nsyncline connected\u2028\u001b[31mred'
    expect(lineOf({ type: 'received', channel: 'quiz/7', name })).toBe(
      'debug syncline received a syncline connected [31mred on quiz/7',
    )
  })
})

describe('the level', () => {
  test.each([
    [undefined, ['info', 'warn', 'error']],
    ['debug', ['debug', 'info', 'warn', 'error']],
    ['info', ['info', 'warn', 'error']],
    ['warn', ['warn', 'error']],
    ['error', ['error']],
  ] as const)('%s lets through %j', (level, expected) => {
    const logger = keeper()
    const log = logTo(logger, level)
    for (const [diagnostic] of samples) log(diagnostic)
    expect(new Set(logger.lines.map(([written]) => written))).toEqual(new Set(expected))
  })
})

test('the console is a logger, looked up at each line and called with one text', () => {
  const info = vi.spyOn(console, 'info').mockImplementation(() => {})
  onTestFinished(() => info.mockRestore())
  logTo(console)({ type: 'connected', resumed: false, sameRegistry: true })
  expect(info.mock.calls).toEqual([['syncline connected']])
})

test('a logger with a `this` of its own keeps it', () => {
  class Lines {
    readonly lines: string[] = []
    debug(line: string) {
      this.lines.push(line)
    }
    info(line: string) {
      this.lines.push(line)
    }
    warn(line: string) {
      this.lines.push(line)
    }
    error(line: string) {
      this.lines.push(line)
    }
  }
  const logger = new Lines()
  logTo(logger)({ type: 'connected', resumed: false, sameRegistry: true })
  expect(logger.lines).toEqual(['syncline connected'])
})

const registry = defineRegistry({
  quiz: channel('quiz/:id', {
    events: { asked: z.object({ text: z.string() }) },
    clientEvents: { answered: z.object({ text: z.string() }) },
  }),
})

test('the lines of a whole client hold no payload and no token', async () => {
  const clock = manualClock()
  const sockets = fakeSockets()
  const logger = keeper()
  let token = 'sesame'
  const client = createClient(registry, {
    url: 'ws://hub/sync?key=sesame',
    auth: async () => {
      if (token === '') throw new Error('sesame is gone')
      return token
    },
    clock,
    socket: sockets.factory,
    onError: () => {},
  })
  onTestFinished(() => client.close())
  client.onDiagnostic(logTo(logger, 'debug', clock))
  const quiz = client.channel('quiz', { id: '7' })
  quiz.on('asked', ({ text }) => {
    throw new Error(text)
  })
  await clock.settle()
  sockets.last.welcome()
  const socket = sockets.last
  const [, ref] = socket.sent.find((frame) => frame[0] === 'sub')!
  socket.receive('subscribed', ref, 1, { position: ['e', 0, ''], recovered: null })
  socket.receive('ev', 1, 1, 'aaaaaa', '', 0, null, 'asked', { text: 'sesame?' })
  socket.receive('ev', 1, 2, 'bbbbbb', 'aaaaaa', 0, null, 'asked', { sesame: 1 })
  const refused = quiz.publish('answered', { text: 'sesame!' }).catch(({ code }) => code)
  socket.receive('nak', 'quiz/7', 1, 'bad_payload', 'Not sesame', { issues: [] })
  expect(await refused).toBe('bad_payload')
  const lost = quiz.publish('answered', { text: 'sesame!' }).catch(({ code }) => code)
  token = ''
  socket.listener.received('sesame, which is no JSON')
  await clock.advance(60_000)
  client.close()
  expect(await lost).toBe('indeterminate')
  const types = new Set(logger.lines.map(([, line]) => line.split(/[ ,]/)[1]))
  for (const word of ['connected', 'received', 'sent', 'error', 'not', 'perhaps', 'lost', 'could']) {
    expect(types, [...types].join()).toContain(word)
  }
  expect(JSON.stringify(logger.lines)).not.toContain('sesame')
})

test('who does not import it has none of it in the bundle', async () => {
  const bundle = async (names: string) => {
    const { outputFiles } = await build({
      stdin: { contents: `export { ${names} } from './src/client/index.ts'`, resolveDir: process.cwd() },
      bundle: true,
      write: false,
      format: 'esm',
      alias: { '#websocket': './src/client/websocket/global.ts' },
      tsconfigRaw: {},
    })
    return outputFiles[0]!.text
  }
  const [without, withIt] = await Promise.all([bundle('createClient'), bundle('createClient, logTo')])
  expect(withIt).toContain('perhaps applied')
  expect(without).not.toContain('perhaps applied')
  // Neither may a table of levels be left behind.
  expect(without).not.toContain('attemptCodes')
  expect(without).not.toContain('createClientGroup')
})

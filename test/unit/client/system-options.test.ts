import { type ClientOptions, logTo } from 'syncline/client'
import { describe, expect, test } from 'vitest'
import { watch } from '../../support/outbox-on-test.ts'
import { entry, roomClient } from '../../support/room-client.ts'

type Options = Partial<ClientOptions>

/** How each of the five systems is configured here. Its own option is named at each line. */
const systems = {
  /** 1 · Challenge toggles. It says how often and that it backs off, not from where. */
  challengeToggles: {
    backoff: { firstMaxMs: 1_000, maxAttempts: 5 }, // 5 attempts max, exponential backoff
    heartbeatMs: 30_000, // ping/pong every 30 seconds
  },
  /** 2 · Game challenges. */
  gameChallenges: {
    // min(1000 * 2 ** attempt, 10000), maxReconnectAttempts 5, no jitter
    backoff: { firstMaxMs: 2_000, baseMs: 2_000, factor: 2, maxMs: 10_000, jitter: 0, maxAttempts: 5 },
  },
  /** 3 · Learning coach. */
  learningCoach: {
    backoff: {
      maxAttempts: 5, // reconnectAttempts: 5
      firstMaxMs: 1_000, // reconnectDelay: 1000
      baseMs: 1_000,
      jitter: 0.5, // exponential backoff with jitter
    },
    breaker: { failures: 3, pauseMs: 60_000 }, // circuit breaker
    heartbeatMs: 30_000, // heartbeatInterval: 30000
    connectTimeoutMs: 10_000, // timeout: 10000
  },
  /** 4 · Task sync. */
  taskSync: {
    backoff: { delaysMs: [1_000, 2_000, 4_000, 8_000, 16_000, 30_000], maxAttempts: 10 }, // 1s → … → 30s, 10 attempts
    breaker: false,
  },
  /** 5 · Social network. */
  socialNetwork: {
    backoff: { firstMaxMs: 1_000, baseMs: 1_000, jitter: 0, maxAttempts: 5 }, // 1, 2, 4, 8, 16 s, then stops
    heartbeatMs: 30_000, // ping every 30 seconds
  },
} satisfies Record<string, Options>

const { challengeToggles, gameChallenges, learningCoach, taskSync, socialNetwork } = systems

/** Lets every attempt fail at once until the client gives up, and measures how long it waits before each next one. */
async function waitsOf(options: Options) {
  const all = roomClient(options)
  const { client, clock, sockets } = all
  const waits: number[] = []
  client.connect()
  for (let isOver = false; !isOver && waits.length < 50; ) {
    const from = clock.now()
    const before = sockets.all.length
    all.cut()
    while (sockets.all.length === before && clock.nextAt !== undefined) {
      await clock.advance(clock.nextAt - clock.now())
    }
    isOver = sockets.all.length === before
    if (!isOver) waits.push(clock.now() - from)
  }
  return { ...all, waits }
}

/** Asserts that the client waits exactly so long, in seconds, then stops in `error`, and starts over when it is told to. */
async function retriesAfter(options: Options, seconds: readonly number[]): Promise<void> {
  const { client, clock, sockets, waits } = await waitsOf(options)
  expect(waits.map((ms) => ms / 1_000)).toEqual(seconds)
  expect(client.status).toMatchObject({
    state: 'error',
    attempt: seconds.length,
    cause: { code: 'connect_failed' },
  })
  expect([clock.pending, sockets.open.length]).toEqual([0, 0])
  await clock.advance(3_600_000)
  expect(sockets.all).toHaveLength(seconds.length + 1)
  client.connect()
  expect(client.status).toMatchObject({ state: 'connecting', attempt: 0 })
}

/** Asserts that the client pings exactly at each multiple of `everyMs`, as long as it is answered. */
async function pingsEvery(options: Options, everyMs: number): Promise<void> {
  const { clock, sockets, online, sent } = roomClient(options)
  // A hub that would wait for longer than the client.
  online({ pingMs: 600_000 })
  for (let count = 1; count <= 4; count++) {
    await clock.advance(everyMs - 1)
    expect(sent('ping')).toHaveLength(count - 1)
    await clock.advance(1)
    expect(sent('ping')).toHaveLength(count)
    sockets.last.receive('pong', sent('ping').at(-1)![1]!)
  }
}

/** Asserts that an attempt that nobody answers is given up after exactly `ms`. */
async function givesUpAfter(options: Options, ms: number): Promise<void> {
  const { client, clock, sockets } = roomClient(options)
  client.connect()
  sockets.last.listener.opened('syncline.1')
  await clock.advance(ms - 1)
  expect([client.status.cause, sockets.open.length]).toEqual([undefined, 1])
  await clock.advance(1)
  expect([client.status.cause?.code, sockets.open.length]).toEqual(['connect_timeout', 0])
}

/** [system, its option, ours, what shows that ours has that effect, exactly]. */
const rows: [system: string, theirs: string, ours: string, shows: () => Promise<void>][] = [
  [
    '1',
    'exponential backoff, 5 attempts max',
    'backoff: { firstMaxMs, maxAttempts }',
    () => retriesAfter({ ...challengeToggles, random: () => 0.5 }, [0.5, 1, 2, 4, 8]),
  ],
  ['1', 'ping every 30 seconds', 'heartbeatMs: 30_000', () => pingsEvery(challengeToggles, 30_000)],
  ['1', 'isConnected, reconnectAttempts', 'status.state, status.attempt', showsStatus],
  ['1', 'http(s) URL of the API', 'url', showsAddress],
  [
    '2',
    '2, 4, 8, 10, 10 s',
    'backoff, by its formula',
    () => retriesAfter(gameChallenges, [2, 4, 8, 10, 10]),
  ],
  [
    '2',
    '2, 4, 8, 10, 10 s',
    'backoff: { delaysMs }, as a list',
    () =>
      retriesAfter(
        { backoff: { delaysMs: [2_000, 4_000, 8_000, 10_000], maxAttempts: 5 } },
        [2, 4, 8, 10, 10],
      ),
  ],
  [
    '2',
    'min(1000 * 2 ** attempt, 10000)',
    'backoff: { delaysMs }, as a function',
    () =>
      retriesAfter(
        { backoff: { delaysMs: (attempt) => Math.min(1_000 * 2 ** attempt, 10_000), maxAttempts: 5 } },
        [2, 4, 8, 10, 10],
      ),
  ],
  [
    '3',
    'reconnectAttempts: 5, reconnectDelay: 1000',
    'backoff: { maxAttempts: 5, firstMaxMs: 1_000, baseMs: 1_000 }',
    () => retriesAfter({ backoff: { ...learningCoach.backoff, jitter: 0 } }, [1, 2, 4, 8, 16]),
  ],
  ['3', 'jitter', 'backoff: { jitter: 0.5 }', showsJitter],
  ['3', 'circuit breaker', 'breaker: { failures, pauseMs }', showsBreaker],
  ['3', 'heartbeatInterval: 30000', 'heartbeatMs: 30_000', () => pingsEvery(learningCoach, 30_000)],
  [
    '3',
    'heartbeatInterval, another',
    'heartbeatMs',
    () => pingsEvery({ ...learningCoach, heartbeatMs: 7_000 }, 7_000),
  ],
  ['3', 'timeout: 10000', 'connectTimeoutMs: 10_000', () => givesUpAfter(learningCoach, 10_000)],
  [
    '3',
    'timeout, another',
    'connectTimeoutMs',
    () => givesUpAfter({ ...learningCoach, connectTimeoutMs: 4_000 }, 4_000),
  ],
  ['3', 'enableLogging: true', "client.onDiagnostic(logTo(console, 'debug'))", showsLog],
  ['3', 'message queuing during disconnections', 'outbox', showsQueue],
  [
    '4',
    '1s → 2s → 4s → 8s → 16s → 30s, max 10 attempts',
    'backoff: { delaysMs, maxAttempts: 10 }, breaker: false',
    () => retriesAfter(taskSync, [1, 2, 4, 8, 16, 30, 30, 30, 30, 30]),
  ],
  ['4', 'status, retryCount', 'status.state, status.attempt', showsStatus],
  ['4', 'no user, no connection', 'enabled: false', showsNoUser],
  ['4', 'authentication token, connections isolated by user', 'auth', showsToken],
  ['4', 'addMessageListener', 'channel.onAny', showsAny],
  [
    '5',
    '1, 2, 4, 8, 16 s, max 5 attempts, then stops',
    'backoff',
    () => retriesAfter(socialNetwork, [1, 2, 4, 8, 16]),
  ],
  ['5', 'ping every 30 seconds', 'heartbeatMs: 30_000', () => pingsEvery(socialNetwork, 30_000)],
  ['5', '?token={access_token}', 'auth', showsToken],
]

async function showsStatus(): Promise<void> {
  const { client, clock, sockets, online, cut } = roomClient(taskSync)
  const seen: string[] = []
  client.onStatus(({ state, attempt }) => seen.push(`${state} ${attempt}`))
  online()
  for (let attempt = 1; attempt <= 3; attempt++) {
    cut()
    const waiting = client.status.nextAttemptAt!
    await clock.advance(waiting - clock.now() - 1)
    expect([client.status.attempt, client.status.nextAttemptAt]).toEqual([attempt, waiting])
    await clock.advance(1)
    expect([client.status.attempt, client.status.nextAttemptAt]).toEqual([attempt, undefined])
  }
  sockets.last.welcome()
  expect([...new Set(seen)]).toEqual([
    'connecting 0',
    'connected 0',
    'connecting 1',
    'connecting 2',
    'connecting 3',
    'connected 3',
  ])
}

async function showsAddress(): Promise<void> {
  for (const [url, address] of [
    ['http://127.0.0.1:8081/challenges/ws', 'ws://127.0.0.1:8081/challenges/ws'],
    ['https://api.example/challenges/ws', 'wss://api.example/challenges/ws'],
  ] as const) {
    const { client, sockets } = roomClient({ url })
    client.connect()
    expect(sockets.last.url).toBe(address)
  }
}

async function showsJitter(): Promise<void> {
  const { breaker: _, ...coach } = learningCoach
  const waits = async (chance: number) => (await waitsOf({ ...coach, random: () => chance })).waits
  expect(await waits(0)).toEqual([500, 1_000, 2_000, 4_000, 8_000])
  expect(await waits(0.5)).toEqual([750, 1_500, 3_000, 6_000, 12_000])
}

async function showsBreaker(): Promise<void> {
  const { waits } = await waitsOf({ ...learningCoach, random: () => 0 })
  expect(waits).toEqual([500, 1_000, 60_000, 60_000, 60_000])
}

async function showsLog(): Promise<void> {
  const lines: Record<string, string[]> = { debug: [], info: [], warn: [], error: [] }
  const write = (level: string) => (line: string) => void lines[level]!.push(line)
  const logger = { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') }
  const { client, clock, room, online, cut } = roomClient({ ...learningCoach, auth: () => 'secret token' })
  const types: string[] = []
  client.onDiagnostic(logTo(logger, 'debug'))
  client.onDiagnostic(({ type }) => types.push(type))
  client.connect()
  await clock.settle()
  online()
  watch(room.publish('said', { text: 'secret text' }))
  cut()
  client.close()
  const all = Object.values(lines).flat()
  expect(all).toHaveLength(types.length)
  expect(types).toEqual(
    expect.arrayContaining(['attempt', 'connected', 'sent', 'lost', 'indeterminate', 'frame']),
  )
  for (const written of Object.values(lines)) expect(written).not.toEqual([])
  expect(all.join('\n')).not.toContain('secret')
}

async function showsQueue(): Promise<void> {
  const { client, clock, room, online, sent } = roomClient({
    ...learningCoach,
    outbox: { maxCount: 2, ttlMs: 60_000, whenFull: 'drop-oldest' },
  })
  client.connect()
  const sends = ['a', 'b', 'c'].map((text) => watch(room.publish('said', { text })))
  await clock.settle()
  expect(sends.map(({ outcome }) => outcome)).toEqual(['queue_full', undefined, undefined])
  online()
  expect(sent('pub').map((frame) => frame[5])).toEqual([{ text: 'b' }, { text: 'c' }])
}

async function showsNoUser(): Promise<void> {
  const user: { token: string } | undefined = undefined
  const { client, clock, room, sockets } = roomClient({ ...taskSync, enabled: user !== undefined })
  room.on('renamed', () => {})
  room.publish('said', { text: 'a' }).catch(() => {})
  await clock.advance(60_000)
  expect([sockets.all, client.status.state]).toEqual([[], 'disconnected'])
  // The user has signed in.
  client.connect()
  expect(sockets.all).toHaveLength(1)
}

async function showsToken(): Promise<void> {
  const hellos = ['ada', 'ben'].map(async (user) => {
    const { client, clock, sockets } = roomClient({ ...taskSync, auth: () => `token of ${user}` })
    client.connect()
    await clock.settle()
    sockets.last.welcome()
    const [hello] = sockets.last.sent
    expect(sockets.last.url, 'no token in the address').not.toContain('token')
    return hello![1] as { token: string; session: string }
  })
  const [ada, ben] = await Promise.all(hellos)
  expect([ada!.token, ben!.token]).toEqual(['token of ada', 'token of ben'])
  expect(ada!.session).not.toBe(ben!.session)
}

async function showsAny(): Promise<void> {
  const { room, sockets, online, accept } = roomClient(taskSync)
  const heard: unknown[] = []
  room.onAny(({ event, data }) => heard.push([event, data]))
  online()
  accept()
  sockets.last.receive(...entry(6, 'renamed', { title: 'a' }))
  sockets.last.receive(...entry(7, 'said', { text: 'b' }))
  sockets.last.receive('told', 1, 'cursor', { x: 1 }, null)
  expect(heard).toEqual([
    ['renamed', { title: 'a' }],
    ['said', { text: 'b' }],
    ['cursor', { x: 1 }],
  ])
}

describe('system', () => {
  const named = rows.map(([system, theirs, ours, shows]) => ({ system, theirs, ours, shows }))

  test.each(named)('$system: “$theirs” is $ours here', ({ shows }) => shows())

  test('all five have their rows', () => {
    expect([...new Set(rows.map(([system]) => system))]).toEqual(['1', '2', '3', '4', '5'])
  })
})

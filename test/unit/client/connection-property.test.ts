import * as fc from 'fast-check'
import { manualClock } from 'syncline/testing'
import { describe, expect, test } from 'vitest'
import type { ConnectionSettings } from '../../../src/client/connection-settings.ts'
import type { ConnectionStatus } from '../../../src/client/connection-states.ts'
import { linkStates, shownState } from '../../../src/client/connection-states.ts'
import type { Clock } from '../../../src/shared/clock.ts'
import { authOnTest, type ConnectionOnTest, connectionOnTest } from '../../support/connection-on-test.ts'
import { welcomeOptions } from '../../support/fake-sockets.ts'

/** One thing that happens to a connection from outside. Its `pick` says on which socket or to which question, old ones included. */
type Step =
  | { do: 'need' }
  | { do: 'connect' }
  | { do: 'open' }
  | { do: 'disconnect' }
  | { do: 'opened' | 'welcome' | 'garbage' | 'ping' | 'pong' | 'live'; pick: number }
  | { do: 'closed'; pick: number; code: number; reason: string }
  | { do: 'bye'; pick: number; afterMs: [number, number] | undefined }
  | { do: 'turn'; signal: 'online' | 'visible' | 'frozen'; isOn: boolean }
  | { do: 'advance'; ms: number }
  | { do: 'give' | 'refuse'; pick: number }
  | { do: 'react'; at: string; with: 'open' | 'disconnect' | 'both' }

/** Mostly the newest one, which is the one that matters. */
const pick = fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.nat(3) })
const code = fc.constantFrom(1000, 1001, 1006, 1009, 4000, 4001, 4005, 4499, 4500, 4503, 4999)
const reason = fc.constantFrom('', 'unauthorized: unknown token', 'overloaded: later')
const afterMs = fc.option(fc.tuple(fc.nat(20_000), fc.nat(20_000)), { nil: undefined })

const step: fc.Arbitrary<Step> = fc.oneof(
  // Chance alone seldom finds its way through a whole attempt.
  { weight: 6, arbitrary: fc.constant<Step>({ do: 'connect' }) },
  { weight: 1, arbitrary: fc.constantFrom<Step>({ do: 'need' }, { do: 'open' }, { do: 'disconnect' }) },
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constantFrom('opened', 'welcome', 'welcome', 'welcome', 'garbage', 'ping', 'pong', 'live'),
      pick,
    }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('closed'), pick, code, reason }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('bye'), pick, afterMs }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('turn'),
      signal: fc.constantFrom('online', 'visible', 'frozen'),
      isOn: fc.boolean(),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('advance'),
      ms: fc.oneof(fc.nat(100), fc.nat(12_000), fc.nat(60_000)),
    }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constantFrom('give', 'give', 'give', 'refuse'), pick }) },
)

/** Moments at which an app may react from inside. */
const reaction: fc.Arbitrary<Step> = fc.record({
  do: fc.constant('react'),
  at: fc.constantFrom('changed', 'failed', 'online', 'offline', 'received', 'in', 'out', 'lost', 'attempt'),
  with: fc.constantFrom('open', 'disconnect', 'both'),
})

const options = fc.record({
  hasAuth: fc.boolean(),
  enabled: fc.oneof(
    { weight: 4, arbitrary: fc.constant(true) },
    { weight: 1, arbitrary: fc.constant(false) },
  ),
  heartbeatMs: fc.constantFrom(undefined, 3_000, 30_000),
  maxAttempts: fc.constantFrom(0, 4, 20, Number.POSITIVE_INFINITY),
  breaker: fc.constantFrom(false as const, { failures: 1, pauseMs: 500 }, { failures: 3, pauseMs: 30_000 }),
  chance: fc.constantFrom(0, 0.5, 0.999),
})

type Options = typeof options extends fc.Arbitrary<infer Given> ? Given : never

/** The same clock, which counts the timers that wait by their kind: the line of code that makes them. */
function counting(clock: Clock) {
  const waiting = new Map<string, number>()
  const count = (kind: string, by: number) => waiting.set(kind, (waiting.get(kind) ?? 0) + by)
  const after: Clock['after'] = (ms, run) => {
    const kind = new Error('here').stack!.split('\n')[2]!
    let isWaiting = true
    count(kind, 1)
    const end = () => {
      if (isWaiting) count(kind, -1)
      isWaiting = false
    }
    const undo = clock.after(ms, () => {
      end()
      run()
    })
    return () => {
      end()
      undo()
    }
  }
  return { waiting, after, now: clock.now }
}

/** A connection under `given`, on a clock that may be made to leak. */
function start(given: Options, makeClock: (clock: Clock) => Partial<Clock>) {
  const { hasAuth, chance, maxAttempts, ...others } = given
  const token = authOnTest()
  const time = manualClock()
  const kinds = counting({ ...time, ...makeClock(time) })
  const settings: Partial<ConnectionSettings> = {
    ...others,
    backoff: { maxAttempts },
    clock: kinds,
    ...(hasAuth && { auth: token.auth }),
  }
  return { ...connectionOnTest(settings, chance), given, token, time, kinds }
}

type All = ReturnType<typeof start>

const nth = <Item>(items: readonly Item[], fromLast: number): Item | undefined => items.at(-1 - fromLast)

async function take(all: All, one: Step): Promise<void> {
  const { connection, sockets, machine, token, time } = all
  if (one.do === 'connect') {
    for (const what of ['open', 'give', 'welcome'] as const) await take(all, { do: what, pick: 0 })
  } else if (one.do === 'need') connection.need()
  else if (one.do === 'open') connection.open()
  else if (one.do === 'disconnect') connection.disconnect()
  else if (one.do === 'turn') machine.turn(one.signal, one.isOn)
  else if (one.do === 'advance') await time.advance(one.ms)
  else if (one.do === 'give') nth(token.asked, one.pick)?.give('token')
  else if (one.do === 'refuse') nth(token.asked, one.pick)?.refuse(new Error('no session'))
  else if (one.do === 'react') react(all, one)
  else {
    const socket = nth(sockets.all, one.pick)
    if (one.do === 'opened') socket?.listener.opened('syncline.1')
    else if (one.do === 'welcome') {
      socket?.listener.opened('syncline.1')
      socket?.receive('welcome', welcomeOptions)
    } else if (one.do === 'garbage') socket?.listener.received('{')
    else if (one.do === 'closed') socket?.listener.closed(one.code, one.reason)
    else if (one.do === 'bye') socket?.receive('bye', 'draining', one.afterMs ? { afterMs: one.afterMs } : {})
    else if (one.do === 'live') socket?.receive('live', 1)
    else socket?.receive(one.do, 1)
  }
  await time.settle()
}

/** Lets the app react once to what it is told next of this kind. */
function react({ onTold, connection }: ConnectionOnTest, one: Extract<Step, { do: 'react' }>) {
  onTold((what) => {
    if (what !== one.at) return
    onTold(() => {})
    if (one.with !== 'open') connection.disconnect()
    if (one.with !== 'disconnect') connection.open()
  })
}

/** How many timers there may be. */
function timersOf({ given, connection }: All): [fewest: number, most: number] {
  const { state, attempt } = connection.status
  // The connect timeout of an attempt, or the delay before one; never both.
  if (state === 'connecting') return [1, 1]
  if (state !== 'connected') return [0, 0]
  const watch = 1 + (given.heartbeatMs ? 1 : 0)
  // A probe; the connect timeout, which runs out without effect; the moment of a bye; the time after which it is stable.
  return [watch, watch + 3 + (attempt > 0 ? 1 : 0)]
}

const legal = new Set(Object.keys(linkStates).map((state) => shownState(state as keyof typeof linkStates)))

/** Throws unless what shows from outside is a state that a connection may be in. */
function check(all: All): void {
  const { connection, sockets, machine, time, kinds, calls, statuses, token } = all
  const { status } = connection
  const [fewest, most] = timersOf(all)
  expect(legal).toContain(status.state)
  expect(sockets.open.length).toBeLessThanOrEqual(1)
  expect(time.pending).toBeGreaterThanOrEqual(fewest)
  expect(time.pending).toBeLessThanOrEqual(most)
  expect([...kinds.waiting.values()].filter((count) => count > 1)).toEqual([])
  if (status.state !== 'connected' && status.state !== 'connecting') expect(sockets.open).toEqual([])
  // All three, or none: each is followed once.
  expect([0, 3]).toContain(machine.followers)
  if (status.state === 'connecting' || status.state === 'connected') expect(machine.followers).toBe(3)
  expect(token.asked.filter(({ signal }) => !signal.aborted).length).toBeLessThanOrEqual(1)
  checkStatus(status, all)
  expect(statuses.at(-1) ?? status).toBe(status)
  for (const [i, told] of statuses.entries()) expect(told).not.toEqual(statuses[i - 1])
  expect(calls).toEqual(calls.map((_, i) => (i % 2 === 0 ? 'online' : 'offline')))
}

function checkStatus({ state, attempt, nextAttemptAt, cause }: ConnectionStatus, all: All): void {
  const { connection, sockets, time, calls } = all
  const isConnected = state === 'connected'
  expect(connection.isOnline).toBe(isConnected)
  expect(calls.length % 2).toBe(isConnected ? 1 : 0)
  expect(attempt).toBeGreaterThanOrEqual(0)
  if (isConnected) expect([cause, sockets.open.length]).toEqual([undefined, 1])
  if (state === 'error') expect(cause).toBeDefined()
  if (nextAttemptAt === undefined) return
  // It waits: for one timer, which is that of its next attempt, and with nothing else.
  expect([state, sockets.open.length]).toEqual(['connecting', 0])
  expect(time.nextAt).toBe(nextAttemptAt)
  expect(cause).toBeDefined()
}

/** Throws unless nothing is left of it, now and whatever comes late. */
async function checkEnd(all: All): Promise<void> {
  const { connection, sockets, machine, time, token } = all
  const expectNothing = () => {
    expect([time.pending, sockets.open.length, machine.followers]).toEqual([0, 0, 0])
    expect(token.asked.every(({ signal }) => signal.aborted)).toBe(true)
    expect(connection.status).toEqual({ state: 'disconnected', attempt: 0 })
  }
  all.onTold(() => {})
  connection.close()
  expectNothing()
  const late: Step[] = [
    ...(['give', 'opened', 'welcome', 'garbage'] as const).map((what) => ({ do: what, pick: 0 })),
    { do: 'closed', pick: 0, code: 1006, reason: '' },
    { do: 'open' },
    { do: 'advance', ms: 3_600_000 },
  ]
  for (const one of late) await take(all, one)
  expectNothing()
}

/** Any life of a connection, judged after each step. */
const lives = (steps: fc.Arbitrary<Step>, makeClock: (clock: Clock) => Partial<Clock> = () => ({})) =>
  fc.asyncProperty(options, fc.array(steps, { maxLength: 40, size: 'max' }), async (given, all) => {
    const life = start(given, makeClock)
    for (const one of all) {
      await take(life, one)
      check(life)
    }
    await checkEnd(life)
  })

describe('whatever happens to a connection', () => {
  test('it is in one state, holds what that needs, and leaves nothing when it is closed', async () => {
    await fc.assert(lives(step), { numRuns: 300 })
  }, 60_000)

  test('the same holds when the app reacts from inside of what it is told', async () => {
    const steps = fc.oneof({ weight: 5, arbitrary: step }, { weight: 1, arbitrary: reaction })
    await fc.assert(lives(steps), { numRuns: 300 })
  }, 60_000)

  test('the check fails for a connection whose timers are not all taken back', async () => {
    let count = 0
    const leaky = (clock: Clock) => ({
      after: (ms: number, run: () => void) => {
        const undo = clock.after(ms, run)
        return ++count % 4 === 0 ? () => {} : undo
      },
    })
    const { failed } = await fc.check(lives(step, leaky), { numRuns: 500, endOnFailure: true })
    expect(failed).toBe(true)
  }, 60_000)
})

import { describe, expect, onTestFinished, test } from 'vitest'
import {
  type LinkEvent,
  type LinkState,
  linkStates,
  shownState,
} from '../../../src/client/connection-states.ts'
import { authOnTest, connectionOnTest } from '../../support/connection-on-test.ts'
import { welcomeOptions } from '../../support/fake-sockets.ts'

/** A pause that no other delay is as long as. */
const pauseMs = 77_000

/** A connection with a token, which pauses after two failures and gives up after four. Its delays are exactly their bounds. */
function setUp(options: { enabled?: boolean } = {}) {
  const token = authOnTest()
  const all = connectionOnTest({
    auth: token.auth,
    backoff: { jitter: 0, maxAttempts: 3 },
    breaker: { failures: 2, pauseMs },
    ...options,
  })
  onTestFinished(() => all.connection.close())
  return { ...all, token }
}

type All = ReturnType<typeof setUp>

const give = async ({ token, clock }: All) => {
  token.last.give('token')
  await clock.settle()
}

const refuse = async ({ token, clock }: All) => {
  token.last.refuse(new Error('no session'))
  await clock.settle()
}

const welcome = (all: All) => all.sockets.last.receive('welcome', welcomeOptions)
const greet = ({ sockets }: All) => sockets.last.listener.opened('syncline.1')
const drop = (all: All) => all.drop()
const forbid = ({ sockets }: All) => sockets.last.listener.closed(4503, 'forbidden: not you')
const turn = (name: 'online' | 'visible' | 'frozen', isOn: boolean) => (all: All) =>
  all.machine.turn(name, isOn)
const need = ({ connection }: All) => connection.need()
const open = ({ connection }: All) => connection.open()
const disconnect = ({ connection }: All) => connection.disconnect()
const close = ({ connection }: All) => connection.close()
/** Moves the clock to the next attempt. */
const wait = ({ clock, connection }: All) => clock.advance(connection.status.nextAttemptAt! - clock.now())
type Step = (all: All) => unknown

/** How a new connection comes into each state. */
const ways: Record<LinkState, readonly Step[]> = {
  idle: [],
  off: [disconnect],
  authorizing: [open],
  connecting: [open, give],
  greeting: [open, give, greet],
  online: [open, give, greet, welcome],
  waiting: [open, refuse],
  paused: [open, refuse, wait, refuse],
  frozen: [open, turn('frozen', true)],
  failed: [open, give, greet, forbid],
  closed: [close],
}

/** What makes each move of the table, from outside. */
type Causes = { readonly [From in LinkState]: { readonly [On in LinkEvent]?: readonly Step[] } }

const ends = { disconnect: [disconnect], close: [close] }
const rest = { open: [open], retry: [wait], freeze: [turn('frozen', true)], ...ends }
const attempt = { freeze: [turn('frozen', true)], ...ends }
/** Loses the connection or attempt that it is in, begins another, brings it as far, and loses that, too. */
const twice = (lose: Step, ...again: Step[]) => [lose, wait, ...again, lose]

const causes: Causes = {
  idle: { needed: [need], open: [open], ...ends },
  off: { open: [open], close: [close] },
  authorizing: {
    authorized: [give],
    lost: [refuse],
    tripped: twice(refuse),
    refused: [refuse, wait, refuse, wait, refuse, wait, refuse],
    ...attempt,
  },
  connecting: {
    opened: [greet],
    lost: [drop],
    tripped: twice(drop, give),
    refused: [({ sockets }) => sockets.last.listener.opened('')],
    ...attempt,
  },
  greeting: {
    welcomed: [welcome],
    lost: [drop],
    tripped: twice(drop, give, greet),
    refused: [forbid],
    ...attempt,
  },
  online: {
    lost: [drop],
    // The first drop is of one that was up, which is no failure.
    tripped: [...twice(drop, give, greet, welcome), wait, give, greet, welcome, drop],
    refused: [forbid],
    ...attempt,
  },
  waiting: rest,
  paused: rest,
  frozen: { open: [open], retry: [turn('frozen', false)], ...ends },
  failed: { open: [open], ...ends },
  closed: {},
}

async function run(all: All, steps: readonly Step[]) {
  for (const step of steps) await step(all)
}

/** The state as it shows from outside. Those that look alike at rest are told apart by what wakes them, so this may move it. */
function stateOf(all: All): LinkState {
  const { connection, sockets, machine, clock } = all
  const { state, nextAttemptAt } = connection.status
  if (state === 'connected') return 'online'
  if (state === 'error') return 'failed'
  if (state === 'connecting') {
    if (nextAttemptAt) return nextAttemptAt - clock.now() === pauseMs ? 'paused' : 'waiting'
    if (sockets.open.length === 0) return 'authorizing'
    return sockets.last.sent.length === 0 ? 'connecting' : 'greeting'
  }
  if (machine.followers > 0) return 'frozen'
  const hasBegun = () => connection.status.state !== state
  connection.need()
  if (hasBegun()) return 'idle'
  connection.open()
  return hasBegun() ? 'off' : 'closed'
}

interface Held {
  readonly timers: number
  readonly sockets: number
  readonly followers: number
}

/** What each state holds. Online: the watch for silence, and the connect timeout, which runs out without effect. */
const held: Record<LinkState, Held> = {
  idle: { timers: 0, sockets: 0, followers: 0 },
  off: { timers: 0, sockets: 0, followers: 0 },
  authorizing: { timers: 1, sockets: 0, followers: 3 },
  connecting: { timers: 1, sockets: 1, followers: 3 },
  greeting: { timers: 1, sockets: 1, followers: 3 },
  online: { timers: 2, sockets: 1, followers: 3 },
  waiting: { timers: 1, sockets: 0, followers: 3 },
  paused: { timers: 1, sockets: 0, followers: 3 },
  frozen: { timers: 0, sockets: 0, followers: 3 },
  failed: { timers: 0, sockets: 0, followers: 0 },
  closed: { timers: 0, sockets: 0, followers: 0 },
}

/** Throws unless it shows as this state, and holds what that does; `extraTimers` more are allowed. */
function expectToBeIn(all: All, state: LinkState, extraTimers = 0) {
  const { clock, sockets, machine, connection, token } = all
  const timers = Math.max(held[state].timers, clock.pending - extraTimers)
  expect(clock.pending).toBeGreaterThanOrEqual(held[state].timers)
  expect({ timers, sockets: sockets.open.length, followers: machine.followers }).toEqual(held[state])
  expect(connection.status.state).toBe(shownState(state))
  expect(connection.isOnline).toBe(state === 'online')
  const asked = token.asked.filter(({ signal }) => !signal.aborted).length
  expect(asked).toBe(['authorizing', 'connecting', 'greeting', 'online'].includes(state) ? 1 : 0)
  expect(stateOf(all)).toBe(state)
}

describe.each(Object.keys(linkStates) as LinkState[])('a connection that is %s', (from) => {
  test('holds what it needs and nothing else', async () => {
    const all = setUp()
    await run(all, ways[from])
    expectToBeIn(all, from)
  })

  test.each(Object.entries(linkStates[from]) as [LinkEvent, LinkState][])(
    'is, on %s, then %s, and has left what it held before',
    async (on, to) => {
      const all = setUp()
      await run(all, ways[from])
      await run(all, causes[from][on]!)
      expectToBeIn(all, to)
    },
  )

  /** What may come at any time. Waking moves it where `retry` does. */
  const anyTime: [name: string, LinkEvent, Step][] = [
    ['somebody needs it', 'needed', need],
    ['the app opens it', 'open', open],
    ['the app disconnects', 'disconnect', disconnect],
    ['the app closes it', 'close', close],
    ['the page falls asleep', 'freeze', turn('frozen', true)],
    ['the page wakes', 'retry', turn('frozen', false)],
    ['the network is back', 'retry', turn('online', true)],
    ['the app is seen again', 'retry', turn('visible', true)],
  ]
  const deaf = anyTime.filter(([, on]) => linkStates[from][on] === undefined)

  test.each(deaf)('stays so when %s, for which the table has no move', async (_, on, step) => {
    const all = setUp()
    await run(all, ways[from])
    const before = all.connection.status
    await step(all)
    expect(all.connection.status).toBe(before)
    // What wakes one that is up makes it probe.
    expectToBeIn(all, from, from === 'online' && on === 'retry' ? 1 : 0)
  })

  const awake = anyTime.filter(([, on]) => on === 'retry' && linkStates[from][on] !== undefined)

  test.each(awake)('connects at once when %s', async (_, __, step) => {
    const all = setUp()
    await run(all, ways[from])
    await step(all)
    expectToBeIn(all, 'authorizing')
  })
})

test('every row of the table has its case, and no case is without a row', () => {
  const rows = (table: object) =>
    Object.entries(table).flatMap(([from, moves]) => Object.keys(moves).map((on) => `${from} ${on}`))
  expect(rows(causes).sort()).toEqual(rows(linkStates).sort())
})

test('a connection that was enabled: false begins as one that was switched off', () => {
  const all = setUp({ enabled: false })
  expectToBeIn(all, 'off')
})

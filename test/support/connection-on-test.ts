import { manualClock } from 'syncline/testing'
import { Connection } from '../../src/client/connection.ts'
import type {
  ConnectionListener,
  ConnectionSettings,
  TokenRequest,
} from '../../src/client/connection-settings.ts'
import type { ConnectionStatus } from '../../src/client/connection-states.ts'
import type { ClientDiagnostic } from '../../src/client/diagnostics.ts'
import { breakerDefaults } from '../../src/client/retry.ts'
import type { Signal, Signals } from '../../src/client/signals.ts'
import type { ClientFrame, HubFrame } from '../../src/protocol/frames.ts'
import { backoffDefaults } from '../../src/shared/backoff.ts'
import type { SyncError } from '../../src/shared/errors.ts'
import { fakeSockets } from './fake-sockets.ts'

/** A connection whose neighbours are all the test's. `chance` is what the random source gives. */
export function connectionOnTest(options: Partial<ConnectionSettings> = {}, chance = 0.5) {
  const clock = manualClock()
  const sockets = fakeSockets()
  const machine = signalsOnTest()
  const recorded = recorder()
  const settings: ConnectionSettings = {
    url: () => 'ws://hub/sync',
    hello: (token) => ['hello', { registry: [1, 'hash'], session: 's', ...(token && { token }) }],
    enabled: true,
    backoff: backoffDefaults,
    breaker: breakerDefaults,
    connectTimeoutMs: 10_000,
    stableAfterMs: 10_000,
    probeTimeoutMs: 5_000,
    signals: machine.signals,
    clock,
    random: () => chance,
    socket: sockets.factory,
    ...options,
  }
  const connection = new Connection(settings, recorded.listener)
  return {
    ...recorded,
    clock,
    sockets,
    machine,
    connection,
    /** Ends the newest socket as a broken line does. */
    drop: () => sockets.last.listener.closed(1006, ''),
    /** How long the connection waits for its next attempt, in milliseconds. */
    get delayMs() {
      const { nextAttemptAt } = connection.status
      return nextAttemptAt === undefined ? undefined : nextAttemptAt - clock.now()
    },
    /** What of this type was sent on the newest socket. */
    sent: <Type extends ClientFrame[0]>(type: Type) =>
      sockets.last.sent.filter((frame): frame is Extract<ClientFrame, { 0: Type }> => frame[0] === type),
  }
}

export type ConnectionOnTest = ReturnType<typeof connectionOnTest>

/** The same, opened and welcomed. */
export function onlineOnTest(options: Partial<ConnectionSettings> = {}, chance = 0.5): ConnectionOnTest {
  const all = connectionOnTest(options, chance)
  all.connection.open()
  all.sockets.last.welcome()
  return all
}

/** Takes down what a connection tells, and lets the test react to it from inside. */
function recorder() {
  const frames: HubFrame[] = []
  const statuses: ConnectionStatus[] = []
  const failures: [SyncError, string][] = []
  const measurements: [sentAt: number, time: number][] = []
  const calls: string[] = []
  const notes: ClientDiagnostic[] = []
  let react: (what: string) => void = () => {}
  const told = (what: string) => react(what)
  const listener: ConnectionListener = {
    online() {
      calls.push('online')
      told('online')
    },
    offline() {
      calls.push('offline')
      told('offline')
    },
    received(frame) {
      frames.push(frame)
      told('received')
    },
    measured(sentAt, time) {
      measurements.push([sentAt, time])
      told('measured')
    },
    changed(status) {
      statuses.push(status)
      told('changed')
    },
    failed(error, stage) {
      failures.push([error, stage])
      told('failed')
    },
    note(type, fields) {
      const note = { type, ...fields } as ClientDiagnostic
      notes.push(note)
      told(note.type === 'frame' ? note.direction : type)
    },
  }
  return {
    listener,
    frames,
    statuses,
    failures,
    measurements,
    calls,
    notes,
    /** What was noted of one type, in order. */
    noted: <Type extends ClientDiagnostic['type']>(type: Type) =>
      notes.filter((note): note is Extract<ClientDiagnostic, { type: Type }> => note.type === type),
    /** From now on `reaction` runs at everything that is told: a method of the listener, a note's type, or a frame's direction. */
    onTold: (reaction: (what: string) => void) => {
      react = reaction
    },
  }
}

/** The network and the page of a machine that does what the test says. */
export function signalsOnTest() {
  const followers = {
    online: new Set<(isOn: boolean) => void>(),
    visible: new Set<(isOn: boolean) => void>(),
    frozen: new Set<(isOn: boolean) => void>(),
  }
  const signal =
    (name: keyof Signals): Signal =>
    (tell) => {
      followers[name].add(tell)
      return () => followers[name].delete(tell)
    }
  const signals: Required<Signals> = {
    online: signal('online'),
    visible: signal('visible'),
    frozen: signal('frozen'),
  }
  return {
    signals,
    /** How many listeners all signals have together. */
    get followers() {
      return followers.online.size + followers.visible.size + followers.frozen.size
    },
    turn(name: keyof Signals, isOn: boolean) {
      for (const tell of [...followers[name]]) tell(isOn)
    },
  }
}

/** An `auth` whose every answer is the test's. */
export function authOnTest() {
  const asked: Asked[] = []
  const auth = (request: TokenRequest) =>
    new Promise<string>((give, refuse) => asked.push({ ...request, give, refuse }))
  return {
    auth,
    asked,
    /** The question that was asked last. */
    get last() {
      return asked.at(-1)!
    },
  }
}

/** One question for a token. */
export interface Asked extends TokenRequest {
  give(token: string): void
  refuse(error: unknown): void
}

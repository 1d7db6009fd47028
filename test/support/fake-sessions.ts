import { type HubSettings, type HubUser, hubDefaults, type SessionSocket } from 'syncline/server'
import { manualClock } from 'syncline/testing'
import type { HubFrame } from '../../src/protocol/frames.ts'
import { Session } from '../../src/server/session.ts'
import type { ErrorContext } from '../../src/shared/report.ts'

/** The client's side of a session, as a record. */
export class FakeSessionSocket implements SessionSocket {
  bufferedBytes = 0
  readonly messages: string[] = []
  readonly closes: { readonly code: number; readonly reason: string }[] = []

  /** What was sent, parsed. */
  get frames(): HubFrame[] {
    return this.messages.map((message) => JSON.parse(message))
  }

  /** The first three elements of each frame, as in `err 4 forbidden`. */
  get brief(): string[] {
    return this.frames.map((frame) => frame.slice(0, 3).map(String).join(' '))
  }

  send(message: string): void {
    this.messages.push(message)
  }

  close(code: number, reason: string): void {
    this.closes.push({ code, reason })
  }

  /** The frames of one type. */
  of(type: HubFrame[0]): HubFrame[] {
    return this.frames.filter((frame) => frame[0] === type)
  }
}

/** What was handed to `onError`. */
export interface ReportedError extends ErrorContext {
  readonly code: string
  readonly message: string
  readonly cause: unknown
}

/** A hub's settings on a manual clock. `errors` is what it reported. */
export function fakeSettings(options: Partial<HubSettings> = {}) {
  const clock = manualClock()
  const errors: ReportedError[] = []
  const settings: HubSettings = {
    ...hubDefaults,
    clock,
    random: () => 0,
    // A timer for every room that is held; for the tests of it.
    tailCheckMs: Number.POSITIVE_INFINITY,
    onError: ({ code, message, cause }, context) => errors.push({ ...context, code, message, cause }),
    ...options,
  }
  return { clock, errors, settings }
}

/** A session that is ready, as `user`. */
export function readySession<Socket extends FakeSessionSocket = FakeSessionSocket>(
  settings: HubSettings,
  user: HubUser = { id: 'ann' },
  socket: Socket = new FakeSessionSocket() as Socket,
) {
  const session = new Session(socket, settings)
  session.machine.send('hello')
  session.machine.send('admitted')
  session.id = `client of ${user.id}`
  session.user = user
  return { session, socket }
}

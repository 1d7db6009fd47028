import { type ManualClock, manualClock } from 'syncline/testing'
import { type Answer, Outbox, type OutboxSettings, outboxDefaults } from '../../src/client/outbox.ts'
import { clientShapes } from '../../src/protocol/client-shapes.ts'
import type { ClientFrame, PubFrame, ReqFrame, WirePosition } from '../../src/protocol/frames.ts'
import { parseFrames } from '../../src/protocol/parse.ts'
import { SyncError, type SyncErrorCode } from '../../src/shared/errors.ts'

/** One send, and what has become of it. */
export interface Watched {
  /** `undefined` while it is open, `done` when it was resolved, else the code of its rejection. */
  outcome: string | undefined
  /** What it was resolved or rejected with. */
  value: unknown
  /** How often it was settled. */
  times: number
}

/** Where a send goes, and how. */
export interface Sending {
  readonly channel?: string
  readonly name?: string
  readonly signal?: AbortSignal
  readonly timeoutMs?: number
}

/** Hears of all that an outbox does, in its order. */
export interface OutboxEars {
  readonly frame: (frame: ClientFrame) => void
  readonly note: (note: { readonly type: string; readonly name: string }) => void
}

/** What an outbox told its client, in short: the type of the note and the name of the send. */
export type OutboxNote = readonly [type: string, name: string]

/** The position that a hub gives to the entry with this offset. */
export const positionAt = (offset: number): WirePosition => ['epoch', offset, `tag ${offset}`]

/** An outbox whose connection is the test's. Everything that it sends is held to the hub's own checks. */
export function outboxOnTest(
  options: Partial<OutboxSettings> & { isOnline?: boolean } = {},
  ears?: (clock: ManualClock) => OutboxEars,
) {
  const { isOnline = true, ...settings } = options
  const clock = manualClock()
  const sent: ClientFrame[] = []
  const notes: ({ type: string; name: string } & Record<string, unknown>)[] = []
  const heard = ears?.(clock)
  let lastRef = 0
  const link = {
    isOnline,
    clock,
    maxBytes: 262_144,
    nextRef: () => ++lastRef,
    note: (type: string, fields: object) => {
      const note = { type, ...(fields as { name: string }) }
      notes.push(note)
      heard?.note(note)
    },
    send(frame: ClientFrame) {
      const message = JSON.stringify(frame)
      const parsed = parseFrames<ClientFrame>(message, clientShapes)
      if (!parsed.ok) throw new Error(`no hub takes ${message}: ${parsed.error.message}`)
      if (!link.isOnline) throw new Error(`there is no connection for ${message}`)
      sent.push(...parsed.frames)
      for (const each of parsed.frames) heard?.frame(each)
    },
  }
  const outbox = new Outbox(link, { ...outboxDefaults, requestTimeoutMs: 15_000, ...settings })
  if (isOnline) outbox.online()
  const add = (kind: 'publication' | 'request', data: unknown, sending: Sending = {}): Watched => {
    const { channel = 'room/1', name = kind === 'publication' ? 'said' : 'ask', ...how } = sending
    const read = (answer: Answer) => (kind === 'publication' ? answer.position : answer)
    return watch(outbox.add({ kind, channel, name, data, read }, how))
  }
  return {
    clock,
    sent,
    notes,
    link,
    outbox,
    publish: (data: unknown, sending?: Sending) => add('publication', data, sending),
    request: (data: unknown, sending?: Sending) => add('request', data, sending),
    acknowledge: (n: number, channel = 'room/1') => outbox.acknowledged(channel, n, positionAt(n)),
    refuse: (n: number, code: SyncErrorCode, channel = 'room/1') =>
      outbox.refused(channel, n, new SyncError(code, 'No')),
    cut: () => {
      link.isOnline = false
      outbox.offline()
    },
    /** There is a connection again; gives what is sent because of it. */
    online: () => {
      link.isOnline = true
      const before = sent.length
      outbox.online()
      return sent.slice(before)
    },
    /** The notes so far, in short. */
    told: (): OutboxNote[] => notes.map(({ type, name }) => [type, name]),
  }
}

/** Follows a promise to its end, so that its rejection has somebody who handles it. */
export function watch(promise: Promise<unknown>): Watched {
  const watched: Watched = { outcome: undefined, value: undefined, times: 0 }
  const settle = (outcome: string) => (value: unknown) =>
    Object.assign(watched, { outcome, value, times: watched.times + 1 })
  promise.then(settle('done'), (error) => settle(error.code ?? String(error))(error))
  return watched
}

/** The publications among frames. */
export const pubs = (frames: readonly ClientFrame[]) =>
  frames.filter((frame): frame is PubFrame => frame[0] === 'pub')

/** The requests among frames. */
export const reqs = (frames: readonly ClientFrame[]) =>
  frames.filter((frame): frame is ReqFrame => frame[0] === 'req')

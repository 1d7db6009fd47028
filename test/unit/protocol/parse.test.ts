import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { clientShapes } from '../../../src/protocol/client-shapes.ts'
import type { ClientFrame, HubFrame } from '../../../src/protocol/frames.ts'
import { hubShapes } from '../../../src/protocol/hub-shapes.ts'
import { parseFrames } from '../../../src/protocol/parse.ts'

const session = 'abcdefghijklmnopqrstuvwxyz'

/** One frame of each type with every optional field, and one without. */
const clientFrames: ClientFrame[] = [
  ['hello', { registry: [1, 'hash'], session, token: 'secret' }],
  ['hello', { registry: [1, 'hash'], session }],
  ['sub', 1, 'game/A', { since: ['epoch', 3, 'tag'], rewind: 5 }],
  ['sub', 1, 'game/A'],
  ['unsub', 2, 'game/A'],
  ['pub', 1, 1, 'game/A', 'said', { text: 'hi' }, 20],
  ['pub', 1, 1, 'game/A', 'said', null],
  ['tell', 'game/A', 'cursor', [1, 2]],
  ['req', 3, 'game/A', 'assign', {}, { ageMs: 1, timeoutMs: 2 }],
  ['req', 3, 'game/A', 'assign', {}],
  ['cancel', 3],
  ['enter', 4, 'game/A', { name: 'Ada' }],
  ['leave', 5, 'game/A'],
  ['history', 6, 'game/A', { limit: 10, before: 100 }],
  ['auth', 7, 'token'],
  ['ping', 1],
  ['ping'],
  ['pong', 1],
  ['pong', 1, 1_700_000_000_000],
  ['pong'],
]

const welcome = {
  client: 'public',
  resumed: false,
  pingMs: 25_000,
  pongMs: 10_000,
  maxBytes: 1_000,
  time: 1,
} as const

const hubFrames: HubFrame[] = [
  ['welcome', { ...welcome, registry: [1, 'hash'] }],
  ['subscribed', 1, 2, { position: ['epoch', 0, ''], recovered: null }],
  ['subscribed', 1, 2, { position: ['epoch', 0, ''], recovered: false, reason: 'epoch' }],
  ['live', 2],
  ['ev', 2, 1, 'tag', '', 1, null, 'moved', { step: 1 }],
  ['ev', 2, 2, 'tag2', 'tag', 1, 'client', 'moved', null],
  ['told', 2, 'cursor', 1, null],
  ['gap', 2, ['epoch', 1, 'tag'], 'rollback'],
  ['unsubscribed', 2, 3],
  ['unsubscribed', null, 3],
  ['unsubscribed', 2, null, 'forbidden'],
  ['ack', 'game/A', 1, ['epoch', 1, 'tag'], true],
  ['ack', 'game/A', 1, ['epoch', 1, 'tag']],
  ['nak', 'game/A', 1, 'forbidden', 'no', { retryAfterMs: 5 }],
  ['res', 1, { ok: true }, ['epoch', 1, 'tag']],
  ['res', 1, null],
  ['err', null, 'internal', 'oh'],
  ['err', 1, 'bad_payload', 'oh', { issues: [1] }],
  ['members', 2, 1, [['mark', 'client', 'user', {}]]],
  ['diff', 2, 2, [], ['mark']],
  ['bye', 'draining', { message: 'soon', afterMs: [0, 1_000] }],
]

const read = (value: unknown, shapes: typeof clientShapes | typeof hubShapes) =>
  parseFrames(JSON.stringify(value), shapes)

describe.each([
  ['client', clientFrames, clientShapes],
  ['hub', hubFrames, hubShapes],
] as const)('a message from a %s', (_side, frames, shapes) => {
  test('is read when it is a frame', () => {
    for (const frame of frames)
      expect(read(frame, shapes)).toEqual({ ok: true, frames: [frame], unknown: [] })
  })

  test('is read when it is a batch of frames', () => {
    expect(read(frames, shapes)).toEqual({ ok: true, frames, unknown: [] })
  })

  test('is read with elements and fields that are not known yet', () => {
    for (const frame of frames) {
      const shape = (shapes as Record<string, readonly unknown[]>)[frame[0]]!
      const full = [...frame, ...Array(shape.length + 1 - frame.length).fill(undefined), 'later']
      // JSON has no absent element, so only frames with all of their fields can have more.
      if (full.includes(undefined)) continue
      const next = full.map((field) => (isOptions(field) ? { ...field, later: true } : field))
      expect(read(next, shapes).ok).toBe(true)
    }
  })

  test('is refused as a whole when any required field is missing or of another type', () => {
    for (const frame of frames) {
      for (let i = 1; i < frame.length; i++) {
        for (const wrong of [true, -1, 1.5, 'x', {}, [[]], null]) {
          const broken = frame.map((field, at) => (at === i ? wrong : field))
          const parsed = read([frame, broken], shapes)
          // What fits is read as it stands; what does not takes the message with it.
          if (parsed.ok) expect(parsed.frames).toEqual([frame, broken])
          else expect(parsed.error.code).toBe('bad_frame')
        }
      }
    }
    expect(read([frames[0]![0]], shapes).ok).toBe(false)
  })
})

function isOptions(field: unknown): field is object {
  return typeof field === 'object' && field !== null && !Array.isArray(field)
}

test.each([
  ['hello', { registry: [1, 'h'], session: 'short' }],
  ['hello', { registry: ['1', 'h'], session }],
  ['sub', 1],
  ['sub', '1', 'game/A'],
  ['sub', 1, 'game/A', { since: ['epoch', 1] }],
  ['sub', 1, 'game/A', []],
  ['pub', 1, 1, 'game/A', 'said'],
  ['cancel', -1],
  ['cancel', 2 ** 53],
  ['auth', 1, null],
])('a %s frame of a wrong shape is refused', (...frame) => {
  expect(read(frame, clientShapes)).toMatchObject({ ok: false, error: { code: 'bad_frame' } })
})

test.each(['', 'x', '{', '{}', '[]', '1', 'null', '"sub"', '[1]', '[[]]', '[["ping"],1]', '[["ping"],[]]'])(
  'the message %j is refused',
  (message) => {
    expect(parseFrames(message, clientShapes)).toMatchObject({ ok: false, error: { code: 'bad_frame' } })
  },
)

test('a type that is not known is left out and named, and the rest is read', () => {
  expect(read([['ping'], ['later', 1], ['toString']], clientShapes)).toEqual({
    ok: true,
    frames: [['ping']],
    unknown: ['later', 'toString'],
  })
})

test('parsing never throws, whatever arrives', () => {
  const anything = fc.oneof(
    fc.string(),
    fc.json(),
    fc.array(fc.jsonValue()).map((value) => JSON.stringify(value)),
    fc
      .tuple(fc.constantFrom(...Object.keys(clientShapes)), fc.array(fc.jsonValue()))
      .map(([type, fields]) => JSON.stringify([type, ...fields])),
  )
  fc.assert(
    fc.property(anything, (message) => {
      const parsed = parseFrames(message, clientShapes)
      return parsed.ok || parsed.error.code === 'bad_frame'
    }),
    { numRuns: 2_000 },
  )
})

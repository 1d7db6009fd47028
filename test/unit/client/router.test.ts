import { describe, expect, test } from 'vitest'
import type { Outbox } from '../../../src/client/outbox.ts'
import { routeFrame } from '../../../src/client/router.ts'
import type { Subscriptions } from '../../../src/client/subscriptions.ts'
import type { HubFrame } from '../../../src/protocol/frames.ts'
import { hubShapes } from '../../../src/protocol/hub-shapes.ts'
import type { SyncError } from '../../../src/shared/errors.ts'
import { welcomeOptions } from '../../support/fake-sockets.ts'

/**
 * What the subscriptions and the outbox are told of one frame; the channel with the number 1 is the only one there, and
 * the request with the reference 7 the only one that waits for an answer.
 */
function route(frame: HubFrame): unknown[][] {
  const calls: unknown[][] = []
  const note =
    (name: string) =>
    (...args: unknown[]) =>
      void calls.push([name, ...args])
  const names = ['entry', 'told', 'live', 'gap', 'members']
  const subscription = Object.fromEntries(names.map((name) => [name, note(name)]))
  const subscriptions = {
    at: (cid: number) => (cid === 1 ? subscription : undefined),
    subscribed: note('subscribed'),
    refused: note('refused'),
    ended: note('ended'),
  }
  const outbox = {
    acknowledged: note('acknowledged'),
    refused: note('nak'),
    answered(ref: number, answer: unknown) {
      if (ref === 7) calls.push(['answered', ref, answer])
      return ref === 7
    },
  }
  routeFrame(frame, subscriptions as unknown as Subscriptions, outbox as unknown as Outbox)
  return calls
}

const entry: HubFrame = ['ev', 1, 6, 'six', 'five', 1_000, null, 'moved', { step: 6 }]
const told: HubFrame = ['told', 1, 'cursor', { x: 1 }, null]
const members: HubFrame = ['members', 1, 1, []]
const diff: HubFrame = ['diff', 1, 2, [], ['mark']]
const answer: HubFrame = ['subscribed', 4, 1, { position: ['epoch', 5, 'five'], recovered: null }]

describe('a frame of a channel', () => {
  test('goes to the subscription with its number', () => {
    expect(route(entry)).toEqual([['entry', entry]])
    expect(route(told)).toEqual([['told', told]])
    expect(route(['live', 1])).toEqual([['live']])
    expect(route(members)).toEqual([['members', members]])
    expect(route(diff)).toEqual([['members', diff]])
    expect(route(['gap', 1, ['epoch', 9, 'nine'], 'rollback'])).toEqual([
      ['gap', 'rollback', ['epoch', 9, 'nine']],
    ])
  })

  test('goes nowhere when no subscription has the number', () => {
    const late: HubFrame = ['ev', 2, 6, 'six', 'five', 1_000, null, 'moved', {}]
    expect(route(late)).toEqual([])
    expect(route(['told', 2, 'cursor', {}, null])).toEqual([])
    expect(route(['live', 2])).toEqual([])
    expect(route(['members', 2, 1, []])).toEqual([])
    expect(route(['gap', 2, ['epoch', 9, 'nine'], 'rollback'])).toEqual([])
  })
})

describe('an answer to a subscription', () => {
  test('that grants goes on as it is', () => {
    expect(route(answer)).toEqual([['subscribed', answer]])
  })

  test('that refuses goes to the request with its code, retryable by that code', () => {
    const [[name, ref, error]] = route(['err', 4, 'unavailable', 'the log is away']) as [
      [string, number, SyncError],
    ]
    expect([name, ref]).toEqual(['refused', 4])
    expect(error).toMatchObject({ code: 'unavailable', message: 'the log is away', retryable: true })
  })

  test('that refuses with a code of a later version keeps the code, and is not tried again', () => {
    const [[, , error]] = route(['err', 4, 'novel', 'so new']) as [[string, number, SyncError]]
    expect(error).toMatchObject({ code: 'novel', retryable: false })
  })

  test('to nothing that was asked changes nothing', () => {
    expect(route(['err', null, 'unknown_frame', 'what is that'])).toEqual([])
    expect(route(['unsubscribed', null, 4])).toEqual([])
  })
})

describe('an answer to a send', () => {
  test('that acknowledges a publication goes to the outbox with its position', () => {
    expect(route(['ack', 'game/A', 3, ['epoch', 6, 'six'], true])).toEqual([
      ['acknowledged', 'game/A', 3, ['epoch', 6, 'six']],
    ])
  })

  test('that refuses a publication goes to the outbox as an error', () => {
    const details = { retryAfterMs: 200, issues: [{ message: 'no', path: ['step'] }] }
    expect(route(['nak', 'game/A', 3, 'rate_limited', 'slow down', details])).toEqual([
      [
        'nak',
        'game/A',
        3,
        expect.objectContaining({ code: 'rate_limited', message: 'slow down', ...details }),
      ],
    ])
  })

  test('to a request goes to the outbox with what it bears', () => {
    expect(route(['res', 7, { seats: 2 }, ['epoch', 6, 'six']])).toEqual([
      ['answered', 7, { data: { seats: 2 }, position: ['epoch', 6, 'six'] }],
    ])
    expect(route(['res', 7, null])).toEqual([['answered', 7, { data: null, position: undefined }]])
    expect(route(['res', 8, null])).toEqual([])
  })

  test('that refuses a request goes to the outbox and to no subscription', () => {
    expect(route(['err', 7, 'forbidden', 'not you'])).toEqual([
      ['answered', 7, expect.objectContaining({ code: 'forbidden', message: 'not you', name: 'SyncError' })],
    ])
  })

  test('keeps of the issues those that are some', () => {
    const issues = [{ message: 'no', path: [] }, { message: 1, path: [] }, { message: 'no' }, null, 'no']
    const [[, , , error]] = route(['nak', 'game/A', 3, 'bad_payload', 'no', { issues }]) as [unknown[]]
    expect((error as SyncError).issues).toEqual([{ message: 'no', path: [] }])
  })
})

describe('the end of a subscription', () => {
  test('has no error when it was asked for', () => {
    expect(route(['unsubscribed', 1, 4])).toEqual([['ended', 1, undefined]])
  })

  test('has the code of the hub when it was taken back', () => {
    const [[, , error]] = route(['unsubscribed', 1, null, 'forbidden']) as [[string, number, SyncError]]
    expect(error).toMatchObject({ code: 'forbidden', name: 'SyncError' })
  })
})

describe('every other frame', () => {
  const others: HubFrame[] = [['bye', 'draining', {}], ['welcome', welcomeOptions], ['ping'], ['pong']]

  test.each(others.map((frame) => [frame[0], frame] as const))(
    'of type %s concerns neither a subscription nor a send',
    (_, frame) => {
      expect(route(frame)).toEqual([])
    },
  )

  test('is all that the protocol has beside those above', () => {
    const above = [
      'ev',
      'told',
      'live',
      'gap',
      'members',
      'diff',
      'subscribed',
      'err',
      'unsubscribed',
      'ack',
      'nak',
      'res',
    ]
    expect([...above, ...others.map(([type]) => type)].sort()).toEqual(Object.keys(hubShapes).sort())
  })
})

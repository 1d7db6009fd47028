import { describe, expect, test } from 'vitest'
import { routeFrame } from '../../../src/client/router.ts'
import type { Subscriptions } from '../../../src/client/subscriptions.ts'
import type { HubFrame } from '../../../src/protocol/frames.ts'
import { hubShapes } from '../../../src/protocol/hub-shapes.ts'
import type { SyncError } from '../../../src/shared/errors.ts'
import { welcomeOptions } from '../../support/fake-sockets.ts'

/** What the subscriptions are told of one frame; the channel with the number 1 is the only one there. */
function route(frame: HubFrame): unknown[] {
  const calls: unknown[] = []
  const note =
    (name: string) =>
    (...args: unknown[]) =>
      void calls.push([name, ...args])
  const subscription = { entry: note('entry'), live: note('live'), gap: note('gap') }
  const subscriptions = {
    at: (cid: number) => (cid === 1 ? subscription : undefined),
    subscribed: note('subscribed'),
    refused: note('refused'),
    ended: note('ended'),
  }
  routeFrame(frame, subscriptions as unknown as Subscriptions)
  return calls
}

const entry: HubFrame = ['ev', 1, 6, 'six', 'five', 1_000, null, 'moved', { step: 6 }]
const answer: HubFrame = ['subscribed', 4, 1, { position: ['epoch', 5, 'five'], recovered: null }]

describe('a frame of a channel', () => {
  test('goes to the subscription with its number', () => {
    expect(route(entry)).toEqual([['entry', entry]])
    expect(route(['live', 1])).toEqual([['live']])
    expect(route(['gap', 1, ['epoch', 9, 'nine'], 'rollback'])).toEqual([
      ['gap', ['epoch', 9, 'nine'], 'rollback'],
    ])
  })

  test('goes nowhere when no subscription has the number', () => {
    const late: HubFrame = ['ev', 2, 6, 'six', 'five', 1_000, null, 'moved', {}]
    expect(route(late)).toEqual([])
    expect(route(['live', 2])).toEqual([])
    expect(route(['gap', 2, ['epoch', 9, 'nine'], 'rollback'])).toEqual([])
  })
})

describe('an answer', () => {
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
  const others: HubFrame[] = [
    ['told', 1, 'cursor', {}, null],
    ['ack', 'game/A', 1, ['epoch', 6, 'six']],
    ['nak', 'game/A', 1, 'unsupported', 'no'],
    ['res', 4, {}],
    ['members', 1, 1, []],
    ['diff', 1, 2, [], []],
    ['bye', 'draining', {}],
    ['welcome', welcomeOptions],
    ['ping'],
    ['pong'],
  ]

  test.each(others.map((frame) => [frame[0], frame] as const))(
    'of type %s concerns no subscription',
    (_, frame) => {
      expect(route(frame)).toEqual([])
    },
  )

  test('is all that the protocol has beside those above', () => {
    const above = ['ev', 'live', 'gap', 'subscribed', 'err', 'unsubscribed']
    expect([...above, ...others.map(([type]) => type)].sort()).toEqual(Object.keys(hubShapes).sort())
  })
})

import { describe, expect, test } from 'vitest'
import { Subscription, type SubscriptionLink } from '../../../src/client/subscription.ts'
import type { EvFrame, WirePosition } from '../../../src/protocol/frames.ts'
import { definitionOf } from '../../../src/registry/registry.ts'
import { registry } from '../../support/challenge-registry.ts'

const top: WirePosition = ['epoch', 5, 'five']

const entry = (offset: number, tag: string, previous: string): EvFrame => [
  'ev',
  1,
  offset,
  tag,
  previous,
  1_000,
  null,
  'moved',
  { step: offset },
]

/** One subscription, live at `top`, whose neighbour is the test's. */
function setUp() {
  const joins: (WirePosition | undefined)[] = []
  const link: SubscriptionLink = {
    id: 'me',
    join: (_, since) => joins.push(since),
    leave: () => {},
    later: () => () => {},
    report: (error) => {
      throw error
    },
  }
  const subscription = new Subscription('game/A', definitionOf(registry, 'game'), link)
  const heard: unknown[] = []
  subscription.listen('moved', ({ step }: { step: number }) => heard.push(step))
  subscription.listen('gap', ({ reason }: { reason: string }) => heard.push(reason))
  subscription.online()
  subscription.accepted(1, { position: top, recovered: null })
  subscription.live()
  return { subscription, joins, heard }
}

describe('an entry at the offset that was reached', () => {
  test('is a duplicate when it has the same tag', () => {
    const { subscription, joins, heard } = setUp()
    subscription.entry(entry(5, 'five', 'four'))
    expect(subscription.isLive).toBe(true)
    expect(joins).toEqual([undefined])
    expect(heard).toEqual([])
  })

  test('is a fork when it has another tag: nothing is handed on, and it joins again from its position', () => {
    const { subscription, joins, heard } = setUp()
    subscription.entry(entry(5, 'other', 'four'))
    expect(subscription.isLive).toBe(false)
    expect(joins).toEqual([undefined, top])
    expect(heard).toEqual([])
  })
})

describe('an answer to an older request than the last', () => {
  test('changes nothing, neither the state nor the position', () => {
    const { subscription, joins, heard } = setUp()
    subscription.entry(entry(7, 'seven', 'six'))
    expect(joins).toEqual([undefined, top])
    expect(subscription.accepted(1, { position: ['new', 1, 'one'], recovered: false, reason: 'epoch' })).toBe(
      false,
    )
    expect(subscription.isLive).toBe(false)
    expect(heard).toEqual([])
    expect(subscription.accepted(2, { position: top, recovered: true })).toBe(true)
    subscription.entry(entry(6, 'six', 'five'))
    expect(heard).toEqual([6])
  })
})

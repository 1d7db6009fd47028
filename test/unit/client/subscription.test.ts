import { describe, expect, test } from 'vitest'
import type { SyncError } from '../../../src/shared/errors.ts'
import { subscriptionsOnTest as setUp, seven, six } from '../../support/subscriptions-on-test.ts'

test('a listener that comes during an interruption hears of the return as its first subscription', () => {
  const { listen, accept, subscriptions } = setUp()
  const heard: unknown[] = []
  const hearing = (name: string) => (subscribed: { recovered: unknown }) =>
    heard.push([name, subscribed.recovered])
  listen('subscribed', hearing('early') as never)
  accept(1)
  subscriptions.offline()
  listen('subscribed', hearing('late') as never)
  subscriptions.online()
  accept(2, { recovered: true })
  expect(heard).toEqual([
    ['early', null],
    ['early', true],
    ['late', null],
  ])
})

test('whoever listens after close is told that it is closed, and nothing is left behind', () => {
  const { listen, subscriptions, errors, sent, clock } = setUp()
  subscriptions.close()
  listen('moved', () => {})()
  expect(errors).toMatchObject([
    [{ code: 'closed' }, { stage: 'subscribe', channel: 'game/A', event: 'moved' }],
  ])
  expect([sent, clock.pending]).toEqual([[], 0])
})

describe('refusals', () => {
  test('are reported with their code, and tried again on the next connection', () => {
    const { hear, subscriptions, errors, sent } = setUp()
    hear()
    const error = { code: 'forbidden' } as SyncError
    subscriptions.refused(1, error)
    expect(errors).toEqual([[error, { stage: 'subscribe', channel: 'game/A' }]])
    subscriptions.offline()
    subscriptions.online()
    expect(sent.at(-1)).toEqual(['sub', 2, 'game/A'])
  })

  test('are tried again after a while, longer each time, when they are retryable', async () => {
    const { hear, subscriptions, accept, clock, sent } = setUp()
    const undo = hear()
    const refuse = (ref: number) =>
      subscriptions.refused(ref, { code: 'unavailable', retryable: true } as SyncError)
    refuse(1)
    await clock.advance(99)
    expect(sent).toHaveLength(1)
    await clock.advance(1)
    expect(sent.at(-1)).toEqual(['sub', 2, 'game/A'])
    refuse(2)
    await clock.advance(199)
    expect(sent).toHaveLength(2)
    await clock.advance(1)
    accept(3)
    expect(subscriptions.at(1)).toBeDefined()
    refuse(99)
    subscriptions.ended(1, { code: 'internal', retryable: true } as SyncError)
    undo()
    await clock.advance(1_100)
    expect(clock.pending).toBe(0)
  })

  test('are tried again by one timer, however many listeners come and connections change', async () => {
    const { hear, subscriptions, clock, sent } = setUp()
    hear()
    const refuse = (ref: number) =>
      subscriptions.refused(ref, { code: 'unavailable', retryable: true } as SyncError)
    refuse(1)
    for (let i = 0; i < 20; i++) hear()
    expect([sent.length, clock.pending]).toEqual([1, 1])
    for (let ref = 2; ref < 12; ref++) {
      subscriptions.offline()
      subscriptions.online()
      refuse(ref)
    }
    expect(clock.pending).toBe(1)
    subscriptions.close()
    expect(clock.pending).toBe(0)
  })

  test('are not tried again on their own when nothing but a change can help', async () => {
    const { hear, subscriptions, clock, sent } = setUp()
    hear()
    subscriptions.refused(1, { code: 'forbidden', retryable: false } as SyncError)
    await clock.advance(3_600_000)
    expect(sent).toHaveLength(1)
  })

  test('are tried again when another listener comes', () => {
    const { hear, subscriptions, sent } = setUp()
    hear()
    subscriptions.refused(1, { code: 'forbidden' } as SyncError)
    hear()
    expect(sent.at(-1)).toEqual(['sub', 2, 'game/A'])
  })

  test('end a subscription that was accepted, when the hub takes it back', () => {
    const { hear, heard, accept, subscriptions, errors } = setUp()
    hear()
    accept(1)
    subscriptions.ended(1, { code: 'forbidden' } as SyncError)
    subscriptions.at(1)?.entry(six)
    expect(heard).toEqual([])
    expect(errors).toMatchObject([[{ code: 'forbidden' }, { stage: 'subscribe' }]])
  })

  test('of an older request than the last one change nothing', () => {
    const { hear, accept, subscriptions, errors } = setUp()
    hear()
    accept(1)
    subscriptions.at(1)?.entry(seven)
    subscriptions.refused(1, { code: 'aborted' } as SyncError)
    expect(errors).toEqual([])
    accept(2, { recovered: true })
    expect(subscriptions.at(1)).toBeDefined()
  })
})

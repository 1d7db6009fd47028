import { describe, expect, test } from 'vitest'
import type { UntypedChannel } from '../../../src/client/channel.ts'
import { LatestTold } from '../../../src/client/latest-told.ts'
import { toldOnTest } from '../../support/told-on-test.ts'

interface Point {
  readonly x: number
}

/** What the others in a room told last; a client that tells of a negative place is gone. */
function setUp() {
  const test = toldOnTest()
  const latest = new LatestTold<Point>(test.room as unknown as UntypedChannel, {
    message: 'cursor',
    expireMs: 1_000,
    keeps: ({ x }) => x >= 0,
  })
  test.online()
  let changes = 0
  const listen = () => {
    const undo = latest.onChange(() => changes++)
    test.accept()
    return undo
  }
  return { ...test, latest, listen, changes: () => changes }
}

describe('the latest of what others told', () => {
  test('is kept by client, in the order in which they were first heard of', () => {
    const { latest, listen, hear, changes } = setUp()
    listen()
    hear('cursor', { x: 1 }, 'b')
    hear('cursor', { x: 2 }, 'a')
    hear('cursor', { x: 3 }, 'b')
    expect(latest.values).toEqual([
      { client: 'b', data: { x: 3 } },
      { client: 'a', data: { x: 2 } },
    ])
    expect(changes()).toBe(3)
  })

  test('is the same array until something changes', () => {
    const { latest, listen, hear } = setUp()
    const before = latest.values
    listen()
    expect(latest.values).toBe(before)
    hear('cursor', { x: 1 })
    const { values } = latest
    expect(values).not.toBe(before)
    hear('typing', { isTyping: true })
    hear('cursor', { x: 'no number' })
    expect(latest.values).toBe(values)
  })

  test('is of clients: what a server tells is nobody’s', () => {
    const { latest, listen, hear } = setUp()
    listen()
    hear('cursor', { x: 1 }, null)
    expect(latest.values).toEqual([])
  })

  test('is forgotten at once when its client says that it is gone, which is no change for one that was not there', () => {
    const { latest, listen, hear, changes } = setUp()
    listen()
    hear('cursor', { x: -1 })
    expect(changes()).toBe(0)
    hear('cursor', { x: 1 })
    hear('cursor', { x: -1 })
    expect([latest.values, changes()]).toEqual([[], 2])
  })

  test('is forgotten a while after its client fell silent, each by itself', async () => {
    const { clock, latest, listen, hear, changes } = setUp()
    listen()
    hear('cursor', { x: 1 }, 'a')
    await clock.advance(600)
    hear('cursor', { x: 2 }, 'b')
    await clock.advance(399)
    expect(latest.values).toHaveLength(2)
    await clock.advance(1)
    expect(latest.values.map(({ client }) => client)).toEqual(['b'])
    hear('cursor', { x: 3 }, 'b')
    await clock.advance(999)
    expect(latest.values).toEqual([{ client: 'b', data: { x: 3 } }])
    await clock.advance(1)
    expect([latest.values, changes()]).toEqual([[], 5])
  })
})

describe('listening to it', () => {
  test('keeps the channel subscribed, and its end lets go of channel, values and timers', async () => {
    const { clock, sockets, latest, listen, hear } = setUp()
    const types = () => sockets.last.sent.map(([type]) => type)
    const before = clock.pending
    const undos = [listen(), latest.onChange(() => {})]
    expect(types()).toEqual(['hello', 'sub'])
    hear('cursor', { x: 1 }, 'a')
    hear('cursor', { x: 2 }, 'b')
    undos[0]!()
    undos[0]!()
    expect(latest.values).toHaveLength(2)
    undos[1]!()
    expect(latest.values).toEqual([])
    // The one is that which lets go of the channel.
    expect(clock.pending).toBe(before + 1)
    await clock.advance(1_000)
    expect(types()).toEqual(['hello', 'sub', 'unsub'])
    expect(clock.pending).toBe(before)
  })

  test('anew begins with nobody', async () => {
    const { latest, listen, hear } = setUp()
    listen()()
    hear('cursor', { x: 1 })
    expect(latest.values).toEqual([])
    latest.onChange(() => {})
    hear('cursor', { x: 2 })
    expect(latest.values).toEqual([{ client: 'a', data: { x: 2 } }])
  })

  test('goes on over a reconnect, in which those who were heard of stay until their time is over', async () => {
    const { clock, latest, listen, hear, cut, sockets, accept } = setUp()
    listen()
    hear('cursor', { x: 1 })
    cut()
    expect(latest.values).toHaveLength(1)
    await clock.advance(3_000)
    expect(latest.values).toEqual([])
    sockets.last.welcome()
    accept()
    hear('cursor', { x: 2 })
    expect(latest.values).toEqual([{ client: 'a', data: { x: 2 } }])
  })

  test('by one who throws is reported, and the others hear', () => {
    const { latest, listen, hear, errors, changes } = setUp()
    latest.onChange(() => {
      throw new Error('broken listener')
    })
    listen()
    hear('cursor', { x: 1 })
    expect(errors).toEqual([{ code: 'listener_failed', stage: 'listener', event: undefined }])
    expect(changes()).toBe(1)
  })
})

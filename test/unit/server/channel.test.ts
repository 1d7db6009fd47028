import { channel, defineRegistry } from 'syncline'
import { describe, expect, test } from 'vitest'
import * as z from 'zod'
import { ServerChannel } from '../../../src/server/channel.ts'
import { SyncError } from '../../../src/shared/errors.ts'
import type { Position } from '../../../src/shared/position.ts'
import { hubParts } from '../../support/hub-parts.ts'

const registry = defineRegistry({
  lobby: channel('lobby', {
    events: {
      said: z.object({ text: z.string() }),
      moved: z.object({ at: z.string().transform(Number) }),
      loose: z.looseObject({ text: z.string() }),
    },
    messages: { typing: z.object({ name: z.string() }) },
    presence: z.object({ name: z.string() }),
  }),
})

function setUp() {
  const parts = hubParts(registry)
  const lobby = new ServerChannel('lobby', registry.channels.lobby, parts)
  const publish = (event: string, data: unknown, options = {}) => lobby.publish({ event, data, options })
  const bodies = async () => {
    const { entries } = await parts.broadcaster.read('lobby', { after: 0 })
    return entries.map(({ body }) => JSON.parse(body))
  }
  return { ...parts, lobby, publish, bodies }
}

test('an event is appended with the time, no sender, its name and its data', async () => {
  const { clock, publish, bodies } = setUp()
  const position = await publish('said', { text: 'hi' })
  expect(await bodies()).toEqual([[clock.now(), null, 'said', { text: 'hi' }]])
  expect(position).toMatchObject({ offset: 1 })
})

test('what the schema strips is nowhere in the log, and what it transforms travels as it was given', async () => {
  const { publish, watched, bodies } = setUp()
  await publish('said', { text: 'hi', password: 'hunter2' })
  await publish('moved', { at: '12', password: 'hunter2' })
  const { entries } = await watched.broadcaster.read('lobby', { after: 0 })
  expect(JSON.stringify(entries)).not.toMatch(/password|hunter2/)
  expect((await bodies()).map(([, , , data]) => data)).toEqual([{ text: 'hi' }, { at: '12' }])
})

describe('the sender', () => {
  const id = 'AbC-_0123456789z'

  test('is the public id that was given', async () => {
    const { publish, bodies } = setUp()
    await publish('said', { text: 'hi' }, { from: id })
    expect((await bodies())[0][1]).toBe(id)
  })

  test.each(['', 'short', `${id}x`, `${id}\n`, '"],"forged":[', '0123456789 abcde', undefined])(
    'is nobody when it could be no public id: %j',
    async (from) => {
      const { publish, bodies } = setUp()
      await publish('said', { text: 'hi' }, { from })
      expect((await bodies())[0][1]).toBeNull()
    },
  )
})

describe('a publisher hears at the call', () => {
  test.each(['shouted', 'toString', '__proto__', 'constructor'])('of an unknown event: %s', async (event) => {
    const { publish, watched } = setUp()
    await expect(publish(event, {})).rejects.toMatchObject({ code: 'unknown_event' })
    expect(watched.calls).toEqual([])
  })

  test('of data that does not fit, with where and why', async () => {
    const { publish, watched } = setUp()
    await expect(publish('said', { text: 1 })).rejects.toMatchObject({
      code: 'bad_payload',
      issues: [{ path: ['text'] }],
    })
    expect(watched.calls).toEqual([])
  })

  test('of data that no JSON carries', async () => {
    const { publish } = setUp()
    const data = { text: 'hi', toJSON: () => ({ text: 'other' }) }
    await expect(publish('loose', data)).rejects.toMatchObject({ code: 'bad_payload' })
  })

  test('of a broadcaster that cannot take it', async () => {
    const { publish, watched } = setUp()
    const failure = new SyncError('unavailable', 'engine gone')
    watched.failNext('append', failure)
    await expect(publish('said', { text: 'hi' })).rejects.toBe(failure)
  })
})

test('a key makes it happen once, and the first position is the answer', async () => {
  const { publish, bodies, noted } = setUp()
  const first = await publish('said', { text: 'hi' }, { key: 'row 1' })
  expect(await publish('said', { text: 'hi' }, { key: 'row 1' })).toEqual(first)
  expect(await publish('said', { text: 'hi' }, { key: 'row 2' })).toMatchObject({ offset: 2 })
  expect(await bodies()).toHaveLength(2)
  expect(noted.filter(({ type }) => type === 'publish')).toHaveLength(2)
})

describe('reading back', () => {
  test('gives the newest entries, oldest first, and whether there are older ones', async () => {
    const { publish, lobby, clock } = setUp()
    const positions: Position[] = []
    for (const text of ['a', 'b', 'c']) positions.push(await publish('said', { text }))
    const entry = (i: number, text: string) => ({
      event: 'said',
      data: { text },
      position: positions[i],
      time: clock.now(),
      sender: null,
    })
    expect(await lobby.history({ limit: 2 })).toEqual({ entries: [entry(1, 'b'), entry(2, 'c')], more: true })
    expect(await lobby.history({ limit: 2, before: 2 })).toEqual({ entries: [entry(0, 'a')], more: false })
    expect((await lobby.history()).entries).toHaveLength(3)
    expect(await lobby.position()).toEqual(positions[2])
  })

  test.each([0, -1, 1.5, Number.NaN])('refuses a limit of %d', async (limit) => {
    await expect(setUp().lobby.history({ limit })).rejects.toMatchObject({ code: 'bad_options' })
  })

  test('names an entry that no hub has written', async () => {
    const { watched, lobby } = setUp()
    await watched.append('lobby', 'rubbish')
    await expect(lobby.history()).rejects.toMatchObject({ code: 'internal' })
  })
})

describe('telling', () => {
  test('reaches nobody where nobody is, and refuses what does not fit', () => {
    const { lobby } = setUp()
    expect(lobby.tell('typing', { name: 'Ann' })).toBe(0)
    expect(() => lobby.tell('typing', { name: 1 })).toThrow(expect.objectContaining({ code: 'bad_payload' }))
    expect(() => lobby.tell('said', { text: 'x' })).toThrow(
      expect.objectContaining({ code: 'unknown_event' }),
    )
    expect(() => lobby.tell('toString', {})).toThrow(expect.objectContaining({ code: 'unknown_event' }))
  })
})

test('who is present is nobody at first', async () => {
  const { lobby } = setUp()
  expect([await lobby.presence(), await lobby.count()]).toEqual([[], { members: 0, users: 0 }])
})

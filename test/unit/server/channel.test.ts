import { describe, expect, test } from 'vitest'
import * as z from 'zod'
import { publish } from '../../../src/server/channel.ts'
import { SyncError } from '../../../src/shared/errors.ts'
import { fakeSettings } from '../../support/fake-sessions.ts'
import { watchedBroadcaster } from '../../support/watched-broadcaster.ts'

function setUp() {
  const { clock } = fakeSettings()
  const watched = watchedBroadcaster()
  const schemas = {
    said: z.object({ text: z.string() }),
    moved: z.object({ at: z.string().transform(Number) }),
  }
  const parts = { name: 'lobby', schemas, broadcaster: watched.broadcaster, clock }
  const bodies = async () => {
    const { entries } = await watched.broadcaster.read('lobby', { after: 0 })
    return entries.map(({ body }) => JSON.parse(body))
  }
  return { clock, watched, parts, bodies }
}

test('an event is appended with the time, no sender, its name and its data', async () => {
  const { clock, parts, bodies } = setUp()
  const position = await publish(parts, { event: 'said', data: { text: 'hi' } })
  expect(await bodies()).toEqual([[clock.now(), null, 'said', { text: 'hi' }]])
  expect(position).toMatchObject({ offset: 1 })
})

test('what the schema strips is nowhere in the log, and what it transforms travels as it was given', async () => {
  const { parts, watched, bodies } = setUp()
  await publish(parts, { event: 'said', data: { text: 'hi', password: 'hunter2' } })
  await publish(parts, { event: 'moved', data: { at: '12', password: 'hunter2' } })
  const { entries } = await watched.broadcaster.read('lobby', { after: 0 })
  expect(JSON.stringify(entries)).not.toMatch(/password|hunter2/)
  expect((await bodies()).map(([, , , data]) => data)).toEqual([{ text: 'hi' }, { at: '12' }])
})

describe('the sender', () => {
  const id = 'AbC-_0123456789z'

  test('is the public id that was given', async () => {
    const { parts, bodies } = setUp()
    await publish(parts, { event: 'said', data: { text: 'hi' } }, { from: id })
    expect((await bodies())[0][1]).toBe(id)
  })

  test.each(['', 'short', `${id}x`, `${id}\n`, '"],"forged":[', '0123456789 abcde', undefined])(
    'is nobody when it could be no public id: %j',
    async (from) => {
      const { parts, bodies } = setUp()
      await publish(parts, { event: 'said', data: { text: 'hi' } }, { from })
      expect((await bodies())[0][1]).toBeNull()
    },
  )
})

describe('a publisher hears at the call', () => {
  test.each(['shouted', 'toString', '__proto__', 'constructor'])('of an unknown event: %s', async (event) => {
    const { parts, watched } = setUp()
    await expect(publish(parts, { event, data: {} })).rejects.toMatchObject({ code: 'unknown_event' })
    expect(watched.calls).toEqual([])
  })

  test('of data that does not fit, with where and why', async () => {
    const { parts, watched } = setUp()
    await expect(publish(parts, { event: 'said', data: { text: 1 } })).rejects.toMatchObject({
      code: 'bad_payload',
      issues: [{ path: ['text'] }],
    })
    expect(watched.calls).toEqual([])
  })

  test('of data that no JSON carries', async () => {
    const { parts } = setUp()
    const data = { text: 'hi', toJSON: () => ({ text: 'other' }) }
    const loose = { ...parts, schemas: { said: z.looseObject({ text: z.string() }) } }
    await expect(publish(loose, { event: 'said', data })).rejects.toMatchObject({ code: 'bad_payload' })
  })

  test('of a broadcaster that cannot take it', async () => {
    const { parts, watched } = setUp()
    const failure = new SyncError('unavailable', 'engine gone')
    watched.failNext('append', failure)
    await expect(publish(parts, { event: 'said', data: { text: 'hi' } })).rejects.toBe(failure)
  })
})

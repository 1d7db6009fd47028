import { memory } from 'syncline/server'
import { manualClock, seededRandom } from 'syncline/testing'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import type { MemoryOptions } from '../../../src/broadcasters/memory.ts'

function setUp(options: MemoryOptions = {}) {
  const clock = manualClock()
  const broadcaster = memory({ clock, random: seededRandom(1), ...options })
  const append = async (...bodies: string[]) => {
    for (const body of bodies) await broadcaster.append('c', body)
  }
  const kept = async (after = 0) => {
    const { entries } = await broadcaster.read('c', { after })
    return entries.map(({ offset, body }) => `${offset} ${body}`)
  }
  return { clock, broadcaster, append, kept }
}

describe('retention', () => {
  test('keeps the newest entries up to the number that was set', async () => {
    const { append, kept } = setUp({ maxEntries: 2 })
    await append('a', 'b', 'c')
    expect(await kept()).toEqual(['2 b', '3 c'])
  })

  test('keeps entries up to the age that was set, also when nothing is appended meanwhile', async () => {
    const { clock, append, kept } = setUp({ maxAgeMs: 1_000 })
    await append('a')
    await clock.advance(600)
    await append('b')
    await clock.advance(400)
    expect(await kept()).toEqual(['1 a', '2 b'])
    await clock.advance(1)
    expect(await kept()).toEqual(['2 b'])
    await clock.advance(600)
    expect(await kept()).toEqual([])
  })

  test('keeps 256 entries for five minutes unless told otherwise', async () => {
    const { clock, append, kept } = setUp()
    await append(...Array.from({ length: 260 }, (_, i) => String(i)))
    expect(await kept()).toHaveLength(256)
    await clock.advance(300_000)
    expect(await kept()).toHaveLength(256)
    await clock.advance(1)
    expect(await kept()).toHaveLength(0)
  })

  test('uses no offset again, and keeps the top with its tag, when all entries are gone', async () => {
    const { clock, broadcaster, append, kept } = setUp({ maxAgeMs: 1_000 })
    await append('a', 'b')
    const { top } = await broadcaster.read('c')
    await clock.advance(2_000)
    expect(await kept()).toEqual([])
    expect((await broadcaster.read('c')).top).toEqual(top)
    await append('c')
    const { entries } = await broadcaster.read('c', { after: 0 })
    expect(entries).toMatchObject([{ offset: 3, previous: top.tag, body: 'c' }])
  })

  test('needs no timer', async () => {
    const { clock, append } = setUp()
    await append('a')
    expect(clock.pending).toBe(0)
  })
})

describe('a memory broadcaster', () => {
  test('delivers in log order when a reader appends while it is told', async () => {
    const { broadcaster, append } = setUp()
    const heard: string[] = []
    await broadcaster.subscribe('c', ({ offset, body }) => {
      heard.push(`1: ${offset} ${body}`)
      if (body === 'a') void broadcaster.append('c', 'b')
    })
    await broadcaster.subscribe('c', ({ offset, body }) => heard.push(`2: ${offset} ${body}`))
    await append('a')
    expect(heard).toEqual(['1: 1 a', '2: 1 a', '1: 2 b', '2: 2 b'])
  })

  test('gives each incarnation an epoch of its own', async () => {
    const random = seededRandom(1)
    const [one, two] = [setUp({ random }), setUp({ random })]
    const tops = await Promise.all([
      one.broadcaster.read('a'),
      one.broadcaster.read('b'),
      two.broadcaster.read('a'),
    ])
    expect(new Set(tops.map(({ top }) => top.epoch)).size).toBe(2)
  })

  test('ends all delivery when a reader closes it while it is told', async () => {
    const { broadcaster, append } = setUp()
    const heard: string[] = []
    await broadcaster.subscribe('c', () => {
      heard.push('first')
      void broadcaster.close()
    })
    await broadcaster.subscribe('c', () => heard.push('second'))
    await append('a')
    expect(heard).toEqual(['first'])
  })
})

test('a log that nobody uses is forgotten after an hour, one that is followed or used is not', async () => {
  const clock = manualClock()
  const broadcaster = memory({ clock, random: seededRandom(1) })
  const epochOf = async (channel: string) => (await broadcaster.read(channel)).top.epoch
  const [left, used] = [
    (await broadcaster.append('left', '1')).epoch,
    (await broadcaster.append('used', '1')).epoch,
  ]
  const followed = (await broadcaster.append('followed', '1')).epoch
  const undo = await broadcaster.subscribe('followed', () => {})
  for (let minute = 0; minute < 60; minute++) {
    await clock.advance(60_000)
    expect(await epochOf('used')).toBe(used)
  }
  expect([await epochOf('left'), await epochOf('followed')]).toEqual([
    expect.not.stringMatching(left),
    followed,
  ])
  undo()
  await clock.advance(3_600_000)
  await epochOf('used')
  expect(await epochOf('followed')).not.toBe(followed)
})

test('a reader that throws is reported, and keeps neither the others nor the append from going on', async () => {
  const told: unknown[] = []
  vi.stubGlobal('reportError', (error: unknown) => told.push(error))
  onTestFinished(() => void vi.unstubAllGlobals())
  const broadcaster = memory()
  const heard: string[] = []
  await broadcaster.subscribe('a', () => {
    throw new Error('mine')
  })
  await broadcaster.subscribe('a', ({ body }) => void heard.push(body))
  for (const body of ['1', '2']) await broadcaster.append('a', body)
  expect(heard).toEqual(['1', '2'])
  expect(told).toMatchObject([{ code: 'listener_failed' }, { code: 'listener_failed' }])
})

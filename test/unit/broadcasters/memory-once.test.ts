import { memory } from 'syncline/server'
import { manualClock, seededRandom } from 'syncline/testing'
import { describe, expect, test } from 'vitest'
import type { SenderMark } from '../../../src/broadcasters/broadcaster.ts'
import type { MemoryOptions } from '../../../src/broadcasters/memory.ts'

function setUp(options: MemoryOptions = {}) {
  const clock = manualClock()
  const broadcaster = memory({ clock, random: seededRandom(1), ...options })
  const publish = (n: number, rest: Partial<SenderMark> = {}, channel = 'c') =>
    broadcaster.append(channel, String(n), { sender: { id: 's', n, base: n, ...rest } })
  return { clock, broadcaster, publish }
}

describe('the window', () => {
  test('is ten minutes after the last publication of a session on a channel, whichever it was', async () => {
    const { clock, publish } = setUp()
    await publish(1)
    await clock.advance(500_000)
    await publish(2)
    await clock.advance(599_999)
    for (const n of [1, 2]) expect(await publish(n, { ageMs: 599_999 })).toMatchObject({ duplicate: true })
    for (const n of [1, 2]) {
      await expect(publish(n, { ageMs: 600_000 })).rejects.toMatchObject({ code: 'indeterminate' })
    }
  })

  test('allows for the way: what was just not too old when it was sent again is known when it arrives', async () => {
    const { clock, broadcaster, publish } = setUp()
    await publish(1)
    await broadcaster.append('c', 'keyed', { key: 'k' })
    await broadcaster.claim({ key: 'k', owner: 'o' })
    await broadcaster.settle('k', 'o', 'done')
    await clock.advance(614_999)
    expect(await publish(1, { ageMs: 599_999 })).toMatchObject({ duplicate: true })
    expect(await broadcaster.append('c', 'keyed', { key: 'k' })).toMatchObject({ duplicate: true })
    expect(await broadcaster.claim({ key: 'k', owner: 'p', ageMs: 599_999 })).toMatchObject({
      state: 'settled',
    })
    await clock.advance(1)
    expect(await publish(1)).not.toHaveProperty('duplicate')
    expect(await broadcaster.append('c', 'keyed', { key: 'k' })).not.toHaveProperty('duplicate')
    expect(await broadcaster.claim({ key: 'k', owner: 'p' })).toEqual({ state: 'granted' })
  })

  test('is as long as it was set', async () => {
    const { clock, publish } = setUp({ windowMs: 1_200_000 })
    await publish(1)
    await clock.advance(1_199_999)
    expect(await publish(1, { ageMs: 1_199_999 })).toMatchObject({ duplicate: true })
    await expect(publish(1, { ageMs: 1_200_000 })).rejects.toMatchObject({ code: 'indeterminate' })
  })

  test('is not made longer by those who ask', async () => {
    const { clock, broadcaster, publish } = setUp()
    await publish(1)
    await broadcaster.append('c', 'keyed', { key: 'k' })
    for (let minute = 0; minute < 10; minute++) {
      await clock.advance(60_000)
      expect(await publish(1)).toMatchObject({ duplicate: true })
      expect(await broadcaster.append('c', 'keyed', { key: 'k' })).toMatchObject({ duplicate: true })
    }
    await clock.advance(15_000)
    expect(await publish(1)).not.toHaveProperty('duplicate')
    expect(await broadcaster.append('c', 'keyed', { key: 'k' })).not.toHaveProperty('duplicate')
  })

  test('begins with the result of a claim, not with the claim', async () => {
    const { clock, broadcaster } = setUp()
    await broadcaster.claim({ key: 'k', owner: 'o' })
    await clock.advance(3_600_000)
    await broadcaster.settle('k', 'o', 'done')
    await clock.advance(599_999)
    expect(await broadcaster.claim({ key: 'k', owner: 'p' })).toEqual({ state: 'settled', result: 'done' })
  })
})

describe('a duplicate', () => {
  test('by its key stands where it was appended, also when that is evicted', async () => {
    const { broadcaster } = setUp({ maxEntries: 1 })
    const { epoch, offset, tag } = await broadcaster.append('c', 'a', { key: 'k' })
    await broadcaster.append('c', 'b')
    expect(await broadcaster.append('c', 'a', { key: 'k' })).toEqual({ epoch, offset, tag, duplicate: true })
  })

  test('by its number stands at the top', async () => {
    const { broadcaster, publish } = setUp()
    await publish(1)
    await broadcaster.append('c', 'later')
    const { top } = await broadcaster.read('c')
    expect(await publish(1)).toEqual({ ...top, duplicate: true })
    expect(await broadcaster.recall('c', { id: 's', n: 1, base: 1 })).toEqual({ ...top, duplicate: true })
  })

  test('is delivered to nobody', async () => {
    const { broadcaster, publish } = setUp()
    const heard: string[] = []
    await broadcaster.subscribe('c', ({ body }) => void heard.push(body))
    for (const n of [1, 1, 2, 1, 2]) await publish(n)
    expect(heard).toEqual(['1', '2'])
  })
})

describe('what may have been done by the process before', () => {
  test('is not done again when it is a request: a claim from then is indeterminate, one from now is not', async () => {
    const clock = manualClock()
    const before = memory({ clock })
    await before.claim({ key: 'k', owner: 'o' })
    await clock.advance(10)
    await before.close()
    const after = memory({ clock })
    await clock.advance(90)
    const claim = (key: string, ageMs: number) => after.claim({ key, owner: 'p', ageMs })
    await expect(claim('k', 100)).rejects.toMatchObject({ code: 'indeterminate' })
    await expect(claim('other', 91)).rejects.toMatchObject({ code: 'indeterminate' })
    expect(await claim('other', 90)).toEqual({ state: 'granted' })
  })

  test('is appended again when it is a publication, as the log is another', async () => {
    const { publish } = setUp()
    expect(await publish(3, { ageMs: 5_000 })).toMatchObject({ offset: 1 })
  })
})

describe('logs that nobody uses', () => {
  test('are gone after their time, all hundred thousand of them, by the use of one', async () => {
    const { clock, broadcaster, publish } = setUp({ maxIdleMs: 3_600_000 })
    const name = (i: number) => `game/${i}`
    for (let i = 0; i < 100_000; i++) await publish(1, {}, name(i))
    const { top } = await broadcaster.read(name(5))
    await clock.advance(3_599_999)
    await broadcaster.read('used')
    expect((await broadcaster.read(name(5))).top).toEqual(top)
    // They are looked through every half minute.
    await clock.advance(30_000)
    let anew = 0
    for (let i = 0; i < 100_000; i++) if ((await broadcaster.read(name(i))).top.offset === 0) anew++
    expect(anew).toBe(99_999)
  })

  test('are kept as long as a number or a key of theirs is', async () => {
    const { clock, broadcaster, publish } = setUp({ maxIdleMs: 60_000, maxAgeMs: 1_000 })
    const { epoch } = await publish(1)
    await broadcaster.append('keyed', '', { key: 'k' })
    await clock.advance(590_000)
    await broadcaster.read('used')
    expect(await publish(1, { ageMs: 590_000 })).toMatchObject({ duplicate: true, epoch, offset: 1 })
    expect(await broadcaster.append('keyed', '', { key: 'k' })).toMatchObject({ duplicate: true, offset: 1 })
    await clock.advance(60_000)
    await broadcaster.read('used')
    expect((await broadcaster.read('c')).top.epoch).not.toBe(epoch)
  })

  test('are not made by a look, which anyone may ask for', async () => {
    let draws = 0
    const seeded = seededRandom(1)
    const random = () => {
      draws++
      return seeded()
    }
    const broadcaster = memory({ clock: manualClock(), random })
    const before = draws
    expect(await broadcaster.recall('none', { id: 's', n: 1, base: 1, ageMs: 5 })).toBeUndefined()
    const { top } = await broadcaster.read('none')
    expect((await broadcaster.read('other')).top).toEqual(top)
    expect(draws, 'nothing was drawn for them').toBe(before)
    expect(await broadcaster.append('none', 'x')).toMatchObject({ epoch: top.epoch, offset: 1 })
  })
})

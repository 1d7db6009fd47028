import { memory } from 'syncline/server'
import { manualClock, seededRandom } from 'syncline/testing'
import { describe, expect, test } from 'vitest'
import type { MemoryOptions } from '../../../src/broadcasters/memory.ts'

/** An entry of 920 characters has 2,000 bytes, as estimated; a record of a name of 20 characters has 200. */
const body = (name: string) => name.padEnd(920, '.')
const idOf = (n: number) => String(n).padStart(20, '0')

function setUp(options: MemoryOptions) {
  const clock = manualClock()
  const broadcaster = memory({ clock, random: seededRandom(1), ...options })
  const kept = async (channel: string) => {
    const { entries } = await broadcaster.read(channel, { after: 0 })
    return entries.map((entry) => entry.body.replace(/\.+$/, ''))
  }
  /** The first publication of a session, without a body to speak of; `ageMs` for one that comes again. */
  const publish = (n: number, ageMs?: number) =>
    broadcaster.append('small', '', { sender: { id: idOf(n), n: 1, base: 1, ageMs } })
  /** What becomes of it. */
  const again = (n: number, ageMs: number) =>
    publish(n, ageMs).then(
      ({ duplicate }) => (duplicate ? 'duplicate' : 'appended'),
      ({ code }) => code,
    )
  return { clock, broadcaster, kept, publish, again }
}

describe('the bytes of all logs together', () => {
  test('are bounded: the oldest entries go first, of whichever channel, without a word to their readers', async () => {
    const { broadcaster, kept } = setUp({ maxBytes: 6_000 })
    for (const name of ['a1', 'b1', 'a2', 'b2', 'b3']) await broadcaster.append(name[0]!, body(name))
    expect(await kept('a')).toEqual(['a2'])
    expect(await kept('b')).toEqual(['b2', 'b3'])
    expect((await broadcaster.read('a')).top.offset).toBe(2)
  })

  test('are counted anew when entries go by number or age', async () => {
    const { clock, broadcaster, kept } = setUp({ maxBytes: 6_000, maxEntries: 2, maxAgeMs: 1_000 })
    for (const name of ['a1', 'a2', 'a3', 'b1']) await broadcaster.append(name[0]!, body(name))
    expect([...(await kept('a')), ...(await kept('b'))]).toEqual(['a2', 'a3', 'b1'])
    await clock.advance(1_001)
    for (const name of ['c1', 'c2', 'd1']) await broadcaster.append(name[0]!, body(name))
    expect([...(await kept('c')), ...(await kept('d'))]).toEqual(['c1', 'c2', 'd1'])
  })

  test('are not made by one entry of more than half of them, which is too_large and leaves nothing', async () => {
    const { broadcaster, kept } = setUp({ maxBytes: 4_000 })
    await broadcaster.append('a', body('fits'))
    const sender = { id: idOf(1), n: 1, base: 1 }
    const tooLarge = broadcaster.append('a', `${body('')}.`, { sender })
    await expect(tooLarge).rejects.toMatchObject({ code: 'too_large', retryable: false })
    expect(await kept('a')).toEqual(['fits'])
    expect(await broadcaster.recall('a', sender)).toBeUndefined()
  })

  test('leave an entry that was just appended where it can be read, however many records there are', async () => {
    const { broadcaster, kept, publish } = setUp({ maxBytes: 4_000 })
    for (let n = 1; n <= 40; n++) {
      await publish(n)
      await broadcaster.append('a', body(`after ${n}`))
      expect(await kept('a')).toEqual([`after ${n}`])
    }
  })
})

describe('the records of what was done once', () => {
  test('stay as long as they have half of the bytes, and entries go for them', async () => {
    const { broadcaster, kept, publish, again } = setUp({ maxBytes: 20_000 })
    for (let n = 1; n <= 50; n++) await publish(n)
    for (let n = 1; n <= 9; n++) await broadcaster.append('a', body(String(n)))
    expect(await kept('small')).toEqual([])
    expect(await kept('a')).toEqual(['5', '6', '7', '8', '9'])
    expect(await again(1, 5)).toBe('duplicate')
  })

  test('go from the oldest on beyond that; who comes back from then is told indeterminate, who does not is not', async () => {
    const { clock, broadcaster, publish, again } = setUp({ maxBytes: 20_000 })
    await publish(1)
    await clock.advance(60_000)
    // Their records have 10,200 bytes then, their entries 160 each.
    for (let n = 2; n <= 51; n++) await publish(n)
    expect(await again(1, 60_000)).toBe('duplicate')
    await broadcaster.append('a', body('more than there is room for'))
    expect(await again(1, 60_000)).toBe('indeterminate')
    expect(await again(2, 5)).toBe('duplicate')
    // Never heard of, and first sent when the forgotten one was applied, or a little later; then long after.
    expect(await again(99, 60_000)).toBe('indeterminate')
    expect(await again(99, 45_000)).toBe('indeterminate')
    expect(await again(99, 44_999)).toBe('appended')
  })

  test('a look and a claim are indeterminate as well where a record may have gone', async () => {
    const { clock, broadcaster, publish } = setUp({ maxBytes: 20_000 })
    for (let n = 1; n <= 60; n++) await publish(n)
    await clock.advance(20_000)
    const mark = { id: idOf(99), n: 1, base: 1 }
    const look = (ageMs: number) => broadcaster.recall('small', { ...mark, ageMs })
    const claim = (ageMs: number) => broadcaster.claim({ key: 'k', owner: 'o', ageMs })
    await expect(look(20_000)).rejects.toMatchObject({ code: 'indeterminate' })
    await expect(claim(20_000)).rejects.toMatchObject({ code: 'indeterminate' })
    expect(await look(4_000)).toBeUndefined()
    expect(await claim(4_000)).toEqual({ state: 'granted' })
  })

  test('what is sent for the first time has no age, and is never indeterminate', async () => {
    const { publish } = setUp({ maxBytes: 2_000 })
    for (let n = 1; n <= 100; n++) expect(await publish(n)).not.toHaveProperty('duplicate')
  })

  test('a claim that is held is never dropped, one that is settled goes like any record', async () => {
    const { clock, broadcaster, publish } = setUp({ maxBytes: 4_000 })
    const claim = (key: string, ageMs?: number) => broadcaster.claim({ key, owner: 'later', ageMs })
    for (const key of ['held', 'settled']) await broadcaster.claim({ key, owner: 'o' })
    await broadcaster.settle('settled', 'o', 'done')
    await clock.advance(1_000)
    expect(await claim('settled', 1_000)).toEqual({ state: 'settled', result: 'done' })
    for (let n = 1; n <= 100; n++) await publish(n)
    await clock.advance(3_600_000)
    await expect(claim('settled', 1_000_000)).rejects.toMatchObject({ code: 'indeterminate' })
    expect(await claim('held', 5)).toEqual({ state: 'held', owner: 'o' })
    await broadcaster.settle('held', 'o', 'done at last')
    expect(await claim('held', 3_000_000)).toEqual({ state: 'settled', result: 'done at last' })
  })

  test('a result counts with its length, and pushes others out', async () => {
    const { clock, broadcaster, publish, again } = setUp({ maxBytes: 20_000 })
    await publish(1)
    await clock.advance(20_000)
    for (let n = 1; n <= 5; n++) await broadcaster.append('a', body(String(n)))
    await broadcaster.claim({ key: 'k', owner: 'o' })
    await broadcaster.settle('k', 'o', 'r'.repeat(4_900))
    expect(await again(1, 20_000)).toBe('indeterminate')
    expect(await broadcaster.claim({ key: 'k', owner: 'p' })).toMatchObject({ state: 'settled' })
  })
})

import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { memory } from 'syncline/server'
import { manualClock } from 'syncline/testing'
import { expect, test, vi } from 'vitest'
import type { Broadcaster } from '../../../src/broadcasters/broadcaster.ts'

// The flag holds for this worker from here on; a new context is where it shows.
setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

/** Where the entries of a channel are, without holding them: in a function of its own, on whose stack nothing stays. */
async function entriesOf(broadcaster: Broadcaster, channel: string): Promise<WeakRef<object>[]> {
  const { entries } = await broadcaster.read(channel, { after: 0 })
  return entries.map((entry) => new WeakRef(entry))
}

/** How many of them are still held by someone. */
async function heldOf(entries: readonly WeakRef<object>[]): Promise<number> {
  // What a weak reference was made of or asked for is held until the end of the turn.
  await new Promise((resolve) => setImmediate(resolve))
  collectGarbage()
  return entries.filter((entry) => entry.deref()).length
}

test('what is dropped by number, age or size is held by nobody, however much came before and after it', async () => {
  const clock = manualClock()
  const broadcaster = memory({ clock, maxEntries: 4, maxAgeMs: 1_000, maxBytes: 10_000 })
  const append = async (channel: string, length: number) => {
    for (let n = 0; n < length; n++) await broadcaster.append(channel, 'x'.repeat(100))
  }
  await append('before', 1)
  await append('c', 4)
  const entries = await entriesOf(broadcaster, 'c')
  expect(await heldOf(entries)).toBe(4)
  await append('c', 3)
  await vi.waitFor(async () => expect(await heldOf(entries)).toBe(1))
  await clock.advance(1_001)
  await append('after', 1)
  await vi.waitFor(async () => expect(await heldOf(entries)).toBe(0))
  await append('c', 4)
  const more = await entriesOf(broadcaster, 'c')
  for (let n = 0; n < 40; n++) await append(`other ${n}`, 1)
  await vi.waitFor(async () => expect(await heldOf(more)).toBe(0))
  expect(await broadcaster.read('c')).toMatchObject({ top: { offset: 11 } })
})

test('what is closed holds nothing, also for an app that holds on to it', async () => {
  const broadcaster = memory({ clock: manualClock() })
  await broadcaster.append('c', 'a', { key: 'k' })
  const undo = await broadcaster.subscribe('c', () => {})
  const entries = await entriesOf(broadcaster, 'c')
  expect(await heldOf(entries)).toBe(1)
  await broadcaster.close()
  // An undo may be kept too; it knows its log, which must be empty then.
  await vi.waitFor(async () => expect(await heldOf(entries)).toBe(0))
  undo()
  await broadcaster.close()
})

test('a channel that nobody writes to leaves nothing behind, whoever reads it, follows it or is refused there', async () => {
  const broadcaster = memory({ clock: manualClock() })
  const visit = async (from: number, count: number) => {
    for (let i = from; i < from + count; i++) {
      const channel = `room/${i}`
      const undo = await broadcaster.subscribe(channel, () => {})
      await broadcaster.read(channel, { after: 0 })
      await broadcaster.append(channel, 'x', { sender: { id: 's', n: 2, base: 1 } }).catch(() => {})
      undo()
    }
    collectGarbage()
    return process.memoryUsage().heapUsed
  }
  const before = await visit(0, 5_000)
  // 40,000 logs would be 17 MB.
  expect((await visit(5_000, 40_000)) - before).toBeLessThan(3_000_000)
})

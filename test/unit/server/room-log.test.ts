import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { LogEntry, LogRead } from '../../../src/broadcasters/broadcaster.ts'
import { logOnTest, upTo } from '../../support/log-on-test.ts'

/** Longer than all looks that follow one on another. */
const longMs = 5_000

describe('what an engine delivers', () => {
  test('in order is handed on as it comes, without a look into the log', async () => {
    const { append, deliver, heard, reads, log } = await logOnTest({ before: 3 })
    const positions = await append(2)
    deliver()
    expect([heard, reads, log.position]).toEqual([[4, 5], [], positions[1]])
  })

  test('twice is handed on once, without a look', async () => {
    const { append, deliver, heard, reads } = await logOnTest()
    await append(3)
    deliver(0, 0, 1, 0, 1, 2, 2)
    expect([heard, reads]).toEqual([[1, 2, 3], []])
  })

  test('again after so long that it is not remembered is handed on once, and looked for', async () => {
    const { append, deliver, due, heard, reads, clock } = await logOnTest()
    await append(40)
    const [first] = due
    deliver()
    due.push(first!)
    deliver()
    await clock.advance(longMs)
    expect([heard.length, reads]).toEqual([40, [40]])
  })

  test('out of order is handed on in order', async () => {
    const { append, deliver, heard, clock } = await logOnTest()
    await append(3)
    deliver(1, 0, 2)
    expect(heard).toEqual([])
    await clock.settle()
    expect(heard).toEqual([1, 2, 3])
  })

  test('with a hole is read, and what came after it is handed on in its place', async () => {
    const { append, deliver, heard, reads, clock } = await logOnTest({ before: 2 })
    await append(4)
    deliver(0, 2, 3)
    await clock.settle()
    expect([heard, reads]).toEqual([[3, 4, 5, 6], [3]])
  })

  test('is not handed on while the log cannot be read, which is reported and tried again', async () => {
    const { append, deliver, heard, errors, engine, clock } = await logOnTest()
    engine.read = () => Promise.reject(new Error('gone'))
    await append(2)
    deliver(1)
    await clock.advance(1_500)
    expect([heard, errors.length > 1]).toEqual([[], true])
    engine.read = (read) => read
    await clock.advance(2_000)
    expect(heard).toEqual([1, 2])
  })

  test('and cannot be read, also after a while, is not handed on; it is when it can', async () => {
    const { append, deliver, heard, engine, clock, log } = await logOnTest()
    engine.read = ({ top }) => ({ top: { ...top, offset: 0, tag: '' }, entries: [] })
    await append(2)
    deliver(1)
    await clock.advance(longMs)
    expect(heard).toEqual([])
    engine.read = (read) => read
    await log.check()
    expect(heard).toEqual([1, 2])
  })

  test('of another epoch than the log has is dropped after a look', async () => {
    const { append, deliver, due, heard, clock } = await logOnTest()
    await append(2)
    due[0] = { ...due[0]!, epoch: 'old' }
    deliver(0, 1)
    await clock.advance(longMs)
    expect(heard).toEqual([1, 2])
  })

  test('is handed to nobody once it is closed, and no timer is left', async () => {
    const { append, deliver, heard, clock, log, engine } = await logOnTest()
    engine.read = ({ top }) => ({ top: { ...top, offset: 0, tag: '' }, entries: [] })
    await append(3)
    deliver(1)
    await clock.settle()
    log.close()
    await append(1)
    deliver()
    await clock.settle()
    expect([heard, clock.pending]).toEqual([[], 0])
  })
})

describe('a check', () => {
  test('hands on what the engine has lost on the way, and nothing twice when it comes late', async () => {
    const { append, deliver, due, heard, log } = await logOnTest()
    await append(2)
    const late = [...due]
    due.length = 0
    await log.check()
    expect(heard).toEqual([1, 2])
    due.push(...late)
    deliver()
    expect(heard).toEqual([1, 2])
  })

  test('that finds nothing new is one look, and says nothing', async () => {
    const { append, deliver, heard, reads, log } = await logOnTest()
    await append(2)
    deliver()
    await log.check()
    expect([heard, reads]).toEqual([[1, 2], [2]])
  })

  test('during which entries come hands each on once', async () => {
    const { append, deliver, heard, log, engine, clock } = await logOnTest()
    engine.read = async (read) => {
      await append(2)
      deliver()
      return read
    }
    await append(1)
    deliver()
    await log.check()
    await clock.settle()
    expect(heard).toEqual([1, 2, 3])
  })

  test('that fails is reported, and changes nothing', async () => {
    const { append, deliver, heard, errors, engine, log } = await logOnTest()
    engine.read = () => Promise.reject(new Error('gone'))
    await log.check()
    await append(1)
    deliver()
    expect([heard, errors]).toEqual([[1], ['unavailable']])
  })

  test('of a log that has lost its end tells of the gap, once it is sure, and goes on from there', async () => {
    const { append, deliver, heard, log, engine, clock } = await logOnTest()
    const positions = await append(4)
    deliver()
    engine.read = upTo(2, (offset) => positions[offset - 1]!.tag)
    const checked = log.check()
    await clock.settle()
    expect(heard).toEqual([1, 2, 3, 4])
    await clock.advance(longMs)
    await checked
    expect([heard.slice(4), log.position]).toEqual([['gap rollback 2'], positions[1]])
  })

  test('that sees an older state for a while tells nobody of a gap, and keeps nobody waiting', async () => {
    const { append, deliver, heard, log, engine, clock } = await logOnTest()
    const positions = await append(4)
    deliver()
    engine.read = upTo(2, (offset) => positions[offset - 1]!.tag)
    const checked = log.check()
    await clock.advance(200)
    await append(1)
    deliver()
    expect(heard).toEqual([1, 2, 3, 4, 5])
    engine.read = (read) => read
    await clock.advance(longMs)
    await checked
    expect(heard).toEqual([1, 2, 3, 4, 5])
  })

  test.each<[string, (read: LogRead) => LogRead, string]>([
    [
      'of another epoch',
      ({ top }) => ({ top: { epoch: 'new', offset: 7, tag: 't' }, entries: [], ...(top && {}) }),
      'gap epoch 7',
    ],
    [
      'with another entry at its end',
      ({ top }) => ({ top: { ...top, tag: 'fork' }, entries: [] }),
      'gap rollback 2',
    ],
    [
      'that goes on from another entry',
      ({ top }) => ({
        top: { ...top, offset: 3, tag: 't3' },
        entries: [{ offset: 3, tag: 't3', previous: 'fork', body: '' }],
      }),
      'gap rollback 3',
    ],
  ])('of a log %s tells of the gap at once', async (_name, read, gap) => {
    const { append, deliver, heard, log, engine } = await logOnTest()
    await append(2)
    deliver()
    engine.read = read
    await log.check()
    expect(heard).toEqual([1, 2, gap])
  })

  test('that is outrun by what is kept waits for the deliveries, and tells of the gap where they do not come', async () => {
    const one = await logOnTest({ maxEntries: 1 })
    await one.append(3)
    const checked = one.log.check()
    await one.clock.advance(200)
    one.deliver()
    await one.clock.advance(longMs)
    await checked
    expect(one.heard).toEqual([1, 2, 3])
    await one.append(3)
    one.due.length = 0
    void one.log.check()
    await one.clock.advance(longMs)
    expect(one.heard.slice(3)).toEqual(['gap retention 6'])
  })
})

test('a log that was rolled back and written anew is told as a gap before anything newer, also where it has grown as long', async () => {
  for (const length of [1, 2, 3, 4]) {
    const { append, deliver, heard, engine, clock, log } = await logOnTest()
    const positions = await append(3)
    deliver()
    const fork: LogEntry[] = Array.from({ length }, (_, i) => ({
      offset: 2 + i,
      tag: `fork ${2 + i}`,
      previous: i === 0 ? positions[0]!.tag : `fork ${1 + i}`,
      body: '',
    }))
    const last = fork.at(-1)!
    const { epoch } = positions[0]!
    const top = { epoch, offset: last.offset, tag: last.tag }
    engine.read = ({ entries }) => {
      const after = 4 - entries.length - 1
      return { top, entries: fork.filter(({ offset }) => offset > Math.max(after, log.position.offset)) }
    }
    for (const entry of fork) log.take(entry, epoch)
    await clock.advance(longMs)
    const told = heard.slice(3)
    expect(told[0], `a fork of ${length}`).toBe(`gap rollback ${last.offset}`)
    expect(log.position).toEqual(top)
  }
})

describe('what is known of the past', () => {
  test('is read once for all who ask at a time, and not again while it is known', async () => {
    const { append, deliver, reads, log } = await logOnTest({ before: 20 })
    await Promise.all([log.cover(15), log.cover(3), log.cover(19)])
    expect(reads).toEqual([0])
    await append(2)
    deliver()
    expect([log.cover(10), reads]).toEqual([undefined, [0]])
    expect(log.after(18)!.map(({ offset }) => offset)).toEqual([19, 20, 21, 22])
    expect(log.newest(2).map(({ offset }) => offset)).toEqual([21, 22])
    expect(log.newest(0)).toEqual([])
  })

  test('is read further back for who asks for more, and only so far', async () => {
    const { reads, log } = await logOnTest({ before: 600 })
    await log.cover(590)
    await log.cover(400)
    await log.cover(10)
    expect(reads).toEqual([344, 10])
  })

  test('is forgotten between two checks in which nobody asks for it, or when it has become too much', async () => {
    const { append, deliver, log } = await logOnTest({ before: 3 })
    await log.cover(1)
    await log.check()
    expect(log.after(1)).toHaveLength(2)
    await log.check()
    await log.check()
    expect(log.after(1)).toBeUndefined()
    await log.cover(1)
    await append(2_000)
    deliver()
    expect(log.after(1)).toBeUndefined()
  })

  test('is said to be all there is where older entries are gone', async () => {
    const { log, reads } = await logOnTest({ before: 9, maxEntries: 3 })
    await log.cover(8)
    expect([log.after(1)!.map(({ offset }) => offset), reads]).toEqual([[7, 8, 9], [0]])
  })
})

type Fate = 'deliver' | 'drop' | 'twice' | 'late'

test('whatever is dropped, doubled, delayed and overtaken, all is handed on once, in order, with no gap', async () => {
  const fates = fc.array(
    fc.record({
      fate: fc.constantFrom<Fate>('deliver', 'deliver', 'drop', 'twice', 'late'),
      waitMs: fc.constantFrom(0, 0, 0, 50, 400),
    }),
    { maxLength: 25 },
  )
  let dropped = 0
  await fc.assert(
    fc.asyncProperty(fates, fc.boolean(), async (course, isAllLate) => {
      const { append, due, heard, log, clock } = await logOnTest()
      const late: typeof due = []
      for (const { fate, waitMs } of course) {
        await append(1)
        const [delivery] = due.splice(0)
        if (fate === 'drop') dropped++
        else if (fate === 'late') late.push(delivery!)
        else log.take(delivery!.entry, delivery!.epoch)
        if (fate === 'twice') log.take(delivery!.entry, delivery!.epoch)
        await clock.advance(waitMs)
        if (late.length > 2) for (const { entry, epoch } of late.splice(0).reverse()) log.take(entry, epoch)
      }
      if (isAllLate) for (const { entry, epoch } of late) log.take(entry, epoch)
      await clock.advance(longMs)
      await log.check()
      expect(heard).toEqual(course.map((_, i) => i + 1))
      log.close()
      expect(clock.pending).toBe(0)
    }),
    { numRuns: 300 },
  )
  expect(dropped).toBeGreaterThan(100)
})

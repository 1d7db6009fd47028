import { describe, expect, test, vi } from 'vitest'
import type { LogRead } from '../../../src/broadcasters/broadcaster.ts'
import type { EvFrame, SubscribedFrame, WirePosition } from '../../../src/protocol/frames.ts'
import { recoveryOnTest } from '../../support/recovery-on-test.ts'

type Subject = ReturnType<typeof recoveryOnTest>

/** Subscribes with a position, and tells what was said of it and which offsets were replayed. */
async function ask({ join, clock }: Subject, since: WirePosition) {
  const { socket, sub } = join('ann')
  await sub(1, { since })
  await clock.settle()
  const [frame] = socket.of('subscribed') as SubscribedFrame[]
  const { position, recovered, reason } = frame![3]
  const types = socket.frames.map(([type]) => type)
  const replayed = (socket.of('ev') as EvFrame[]).map(([, , offset]) => offset)
  return {
    position,
    recovered,
    reason,
    replayed,
    isInOrder: types.at(0) === 'subscribed' && types.at(-1) === 'live',
  }
}

/** A log of `length` entries of which `retained` are kept, followed already or not. */
async function logOf(length: number, retained: number, isHeld: boolean) {
  const subject = recoveryOnTest(retained)
  await subject.append(length)
  if (isHeld) await subject.join('bob').sub(1)
  return { subject, top: await subject.top() }
}

interface Case {
  readonly length: number
  readonly retained: number
  readonly offset: number
  readonly isForged: boolean
}

/** What `docs/protocol.md` says of a position in such a log. */
function expected({ length, retained, offset, isForged }: Case): string | true {
  if (offset > length) return 'rollback'
  if (offset < length && offset + 1 < length - retained + 1) return 'retention'
  return isForged ? 'rollback' : true
}

const upTo = (last: number) => Array.from({ length: last + 1 }, (_, i) => i)
const cases = upTo(4).flatMap((length) =>
  [1, 2, 3].flatMap((retained) =>
    upTo(length + 1).flatMap((offset) =>
      [false, true].map((isForged): Case => ({ length, retained, offset, isForged })),
    ),
  ),
)

describe.each([
  ['a channel that nobody here follows yet', false],
  ['a channel that is followed already', true],
])('on %s', (_name, isHeld) => {
  test('every position of every small log is told exactly what can be proven', async () => {
    const answers = new Set<unknown>()
    for (const of of cases) {
      const { subject, top } = await logOf(of.length, of.retained, isHeld)
      const tag = of.offset === 0 ? '' : (subject.log[of.offset - 1]?.tag ?? 'future')
      const since: WirePosition = [top.epoch, of.offset, of.isForged ? 'forged' : tag]
      const wanted = expected(of)
      answers.add(wanted)
      const after = wanted === true ? upTo(of.length).filter((offset) => offset > of.offset) : []
      expect(await ask(subject, since), JSON.stringify(of)).toEqual({
        position: [top.epoch, of.length, top.tag],
        recovered: wanted === true,
        reason: wanted === true ? undefined : wanted,
        replayed: after,
        isInOrder: true,
      })
    }
    expect([...answers].sort()).toEqual(['retention', 'rollback', true])
  })

  test('a position of another log is told so, also where the rest of it fits', async () => {
    for (const length of upTo(3)) {
      const { subject, top } = await logOf(length, 3, isHeld)
      for (const offset of upTo(length)) {
        const tag = subject.log[offset - 1]?.tag ?? ''
        expect(await ask(subject, ['other', offset, tag])).toEqual({
          position: [top.epoch, length, top.tag],
          recovered: false,
          reason: 'epoch',
          replayed: [],
          isInOrder: true,
        })
      }
    }
  })
})

describe('of an engine that is not as it should be', () => {
  /** A log of four that is followed, whose next look gives something else. */
  async function seenAs(change: (read: LogRead) => LogRead) {
    const subject = recoveryOnTest(10, (inner) => ({
      ...inner,
      read: async (name, query) => {
        const read = await inner.read(name, query)
        return query?.after === undefined ? read : change(read)
      },
    }))
    await subject.append(4)
    await subject.join('bob').sub(1)
    const [first] = subject.log
    return ask(subject, [first!.epoch, 1, first!.tag])
  }
  test('what it gives as it should is taken', async () => {
    expect(await seenAs((read) => read)).toMatchObject({ recovered: true, replayed: [2, 3, 4] })
  })

  test.each<[string, (read: LogRead) => LogRead]>([
    ['has a hole in the middle', (read) => ({ ...read, entries: read.entries.filter((_, i) => i !== 1) })],
    ['does not reach the top', (read) => ({ ...read, entries: read.entries.slice(0, -1) })],
    [
      'is of two branches',
      ({ top, entries }) => ({
        top,
        entries: entries.map((entry) => (entry.offset === 4 ? { ...entry, previous: 'fork' } : entry)),
      }),
    ],
    [
      'ends before what was delivered already',
      ({ top, entries }) => ({
        top: { ...top, offset: 2, tag: entries[0]!.tag },
        entries: entries.slice(0, 1),
      }),
    ],
    [
      'ends in another entry than was delivered',
      ({ top, entries }) => ({
        top: { ...top, tag: 'fork' },
        entries: entries.map((entry) => (entry.offset === 4 ? { ...entry, tag: 'fork' } : entry)),
      }),
    ],
  ])('nothing is replayed of a log that %s', async (_name, change) => {
    expect(await seenAs(change)).toMatchObject({ recovered: false, reason: 'rollback', replayed: [] })
  })

  test('nor of one that does not begin after the position, as if that were not retained', async () => {
    const from = ({ top, entries }: LogRead) => ({ top, entries: entries.slice(1) })
    expect(await seenAs(from)).toMatchObject({ recovered: false, reason: 'retention', replayed: [] })
  })

  test('a log that has become another one in the meantime is told as such', async () => {
    expect(await seenAs(({ top, entries }) => ({ top: { ...top, epoch: 'new' }, entries }))).toMatchObject({
      recovered: false,
      reason: 'epoch',
      replayed: [],
    })
  })
})

describe('a rewind', () => {
  test.each([
    [0, []],
    [2, [4, 5]],
    [100, [3, 4, 5]],
  ])('of %i gives so many of the newest entries, as far as they are retained', async (rewind, offsets) => {
    const subject = recoveryOnTest(3)
    await subject.append(5)
    const { socket, sub } = subject.join('ann')
    await sub(1, { rewind })
    expect((socket.of('ev') as EvFrame[]).map(([, , offset]) => offset)).toEqual(offsets)
    const { epoch, offset, tag } = subject.log[4]!
    expect(socket.of('subscribed')).toEqual([
      ['subscribed', 1, 1, { position: [epoch, offset, tag], recovered: null }],
    ])
  })
})

test('who gives up while the log is read is sent nothing of it, and the room is let go', async () => {
  const subject = recoveryOnTest(10)
  await subject.append(2)
  const { socket, sub, session } = subject.join('ann')
  subject.around.afterLook = () => void session.close(1001, 'gone')
  await sub(1, { rewind: 2 })
  await subject.append()
  expect(socket.of('subscribed').concat(socket.of('ev'))).toEqual([])
})

test.each([
  ['succeeded', undefined],
  ['failed', new Error('engine gone')],
])('what is delivered is gathered no longer when the look into the log has %s', async (_name, failure) => {
  const subject = recoveryOnTest(10)
  await subject.append(2)
  await subject.join('bob').sub(1)
  const overhear = vi.spyOn(subject.rooms, 'overhear')
  subject.around.afterLook = async () => {
    await subject.append()
    if (failure) throw failure
  }
  const { socket, sub } = subject.join('ann')
  await sub(1, { rewind: 2 })
  await subject.append(3)
  expect(socket.brief[0]).toBe(failure ? 'err 1 unavailable' : 'subscribed 1 1')
  expect(overhear.mock.results.map(({ value }) => value.entries.length)).toEqual([1])
})

test.each(['since', 'rewind'] as const)(
  'an entry that comes at any moment of a recovery (%s) is neither lost nor doubled',
  async (how) => {
    for (let depth = 0; depth < 40; depth++) {
      const subject = recoveryOnTest(16)
      await subject.append(2)
      await subject.join('bob').sub(1)
      const { epoch, tag } = subject.log[0]!
      const { socket, sub } = subject.join('ann')
      const asked = sub(1, how === 'since' ? { since: [epoch, 1, tag] } : { rewind: 1 })
      const appended = (async () => {
        for (let i = 0; i < depth; i++) await null
        await subject.append(1)
      })()
      await Promise.all([asked, appended])
      await subject.clock.settle()
      const offsets = (socket.of('ev') as EvFrame[]).map(([, , offset]) => offset)
      const last = offsets.at(-1)
      expect([depth, last, new Set(offsets).size], `after ${depth} turns`).toEqual([depth, 3, offsets.length])
    }
  },
)

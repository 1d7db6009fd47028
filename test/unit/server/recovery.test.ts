import { describe, expect, test } from 'vitest'
import type { LogRead } from '../../../src/broadcasters/broadcaster.ts'
import type { EvFrame, SubscribedFrame, WirePosition } from '../../../src/protocol/frames.ts'
import { recoveryOnTest } from '../../support/recovery-on-test.ts'

type Subject = ReturnType<typeof recoveryOnTest>

/** Subscribes with a position, and tells what was said of it and which offsets were replayed. */
async function ask({ join, clock }: Subject, since: WirePosition) {
  const { socket, sub } = join('ann')
  const asked = sub(1, { since })
  // A position that is ahead of the log is waited for, and so is a log that is behind what was delivered.
  await clock.advance(5_000)
  await asked
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
  let subject: Subject
  let others: ReturnType<Subject['join']>
  async function seenAs(change: (read: LogRead) => LogRead) {
    subject = recoveryOnTest(10, (inner) => ({
      ...inner,
      read: async (name, query) => {
        const read = await inner.read(name, query)
        return query?.after === undefined ? read : change(read)
      },
    }))
    await subject.append(4)
    others = subject.join('bob')
    await others.sub(1)
    const [first] = subject.log
    return ask(subject, [first!.epoch, 1, first!.tag])
  }
  const tagOf = (offset: number) => subject.log[offset - 1]!.tag
  const epochOf = () => subject.log[0]!.epoch
  /** What someone was told who had followed all of it. */
  const bob = () => others.socket.of('gap')[0]?.slice(2)

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
  ])('nothing is replayed of a log that %s', async (_name, change) => {
    expect(await seenAs(change)).toMatchObject({ recovered: false, reason: 'rollback', replayed: [] })
  })

  test('nor of one that does not begin after the position, as if that were not retained', async () => {
    const from = ({ top, entries }: LogRead) => ({ top, entries: entries.slice(2) })
    expect(await seenAs(from)).toMatchObject({ recovered: false, reason: 'retention', replayed: [] })
  })

  test('of one that has lost its end, what is left is replayed, and who had more is told of the gap', async () => {
    const before = ({ top, entries }: LogRead) => {
      const left = entries.filter(({ offset }) => offset < 3)
      return { top: { ...top, offset: 2, tag: tagOf(2) }, entries: left }
    }
    expect(await seenAs(before)).toMatchObject({
      recovered: true,
      replayed: [2],
      position: [epochOf(), 2, tagOf(2)],
    })
    expect(bob()).toEqual([[epochOf(), 2, tagOf(2)], 'rollback'])
  })

  test('of one that ends in another entry than was delivered, likewise', async () => {
    const other = ({ top, entries }: LogRead) => ({
      top: { ...top, tag: 'fork' },
      entries: entries.map((entry) => (entry.offset === 4 ? { ...entry, tag: 'fork' } : entry)),
    })
    expect(await seenAs(other)).toMatchObject({ recovered: true, replayed: [2, 3, 4] })
    expect(bob()).toEqual([[epochOf(), 4, 'fork'], 'rollback'])
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

test('a look into the log that fails is told, and the next one is made anew', async () => {
  const subject = recoveryOnTest(10)
  await subject.append(2)
  await subject.join('bob').sub(1)
  subject.around.afterLook = () => {
    throw new Error('engine gone')
  }
  const { socket, sub } = subject.join('ann')
  await sub(1, { rewind: 2 })
  expect(socket.brief).toEqual(['err 1 unavailable'])
  subject.around.afterLook = () => {}
  await sub(2, { rewind: 2 })
  expect((socket.of('ev') as EvFrame[]).map(([, , offset]) => offset)).toEqual([1, 2])
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

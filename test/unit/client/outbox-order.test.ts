import { describe, expect, test } from 'vitest'
import { SyncError } from '../../../src/shared/errors.ts'
import { pubs, outboxOnTest as setUp } from '../../support/outbox-on-test.ts'
import { ruledLog } from '../../support/publication-rules.ts'

/** The numbers of frames, with the age where there is one: `3+0` is number 3, sent again at once. */
const short = (frames: Parameters<typeof pubs>[0]) =>
  pubs(frames).map(([, n, base, , , , ageMs]) => `${n}/${base}${ageMs === undefined ? '' : `+${ageMs}`}`)

describe('out_of_order', () => {
  test('sends the lowest again at once, and those above it when nothing lower is under way, in order', async () => {
    const { publish, acknowledge, refuse, sent, clock } = setUp()
    for (const data of ['a', 'b', 'c', 'd']) publish(data)
    await clock.advance(30)
    refuse(1, 'rate_limited')
    expect(sent).toHaveLength(4)
    refuse(2, 'out_of_order')
    refuse(3, 'out_of_order')
    refuse(4, 'out_of_order')
    expect(short(sent.slice(4))).toEqual(['2/2+30'])
    acknowledge(2)
    expect(short(sent.slice(5))).toEqual(['3/3+30', '4/3+30'])
    acknowledge(3)
    acknowledge(4)
    expect(sent).toHaveLength(7)
  })

  test('does not send what lies below it, nor anything as long as that is not settled', () => {
    const { publish, acknowledge, refuse, sent } = setUp()
    for (const data of ['a', 'b', 'c']) publish(data)
    refuse(2, 'out_of_order')
    refuse(3, 'out_of_order')
    expect(sent).toHaveLength(3)
    acknowledge(1)
    expect(short(sent.slice(3))).toEqual(['2/2+0', '3/2+0'])
  })

  test('goes on with the next when the lowest is given up instead', async () => {
    const { publish, refuse, sent, clock } = setUp()
    const abort = new AbortController()
    publish('a', { signal: abort.signal })
    publish('b')
    refuse(2, 'out_of_order')
    abort.abort()
    expect(short(sent.slice(2))).toEqual(['2/2+0'])
    publish('c', { timeoutMs: 5 })
    publish('d')
    refuse(4, 'out_of_order')
    refuse(2, 'forbidden')
    expect(sent).toHaveLength(5)
    await clock.advance(5)
    expect(short(sent.slice(5))).toEqual(['4/4+5'])
  })

  test('while there is no connection waits for the next, which sends everything in order once', async () => {
    const { publish, acknowledge, refuse, cut, online, sent } = setUp()
    for (const data of ['a', 'b', 'c']) publish(data)
    refuse(2, 'out_of_order')
    cut()
    refuse(1, 'internal')
    refuse(3, 'out_of_order')
    expect(sent).toHaveLength(3)
    expect(short(online())).toEqual(['2/2+0', '3/2+0'])
    acknowledge(2)
    acknowledge(3)
    expect(sent).toHaveLength(5)
  })

  test('does not send again what a listener gives up in the middle of it', () => {
    const abort = new AbortController()
    let isMending = false
    const { publish, acknowledge, refuse, sent } = setUp({}, () => ({
      frame: () => {
        if (isMending) abort.abort()
      },
      note: () => {},
    }))
    publish('a')
    publish('b')
    publish('c', { signal: abort.signal })
    refuse(2, 'out_of_order')
    refuse(3, 'out_of_order')
    isMending = true
    acknowledge(1)
    expect(short(sent.slice(3))).toEqual(['2/2+0'])
  })

  test('concerns one channel, and no request', () => {
    const { publish, request, refuse, sent } = setUp()
    publish('a')
    publish('b', { channel: 'room/2' })
    request('c')
    refuse(1, 'out_of_order', 'room/2')
    expect(sent.slice(3)).toEqual([['pub', 1, 1, 'room/2', 'said', 'b', 0]])
  })

  test.each([
    ['the first is', 1],
    ['one in the middle is', 50],
  ])('costs one more frame each when %s refused among a hundred', async (_which, refused) => {
    const { publish, outbox, sent, clock } = setUp()
    const log = ruledLog()
    const sends = Array.from({ length: 100 }, (_, i) => publish(i + 1))
    // The hub answers a round of frames before it reads the next one.
    for (let from = 0; from < sent.length; ) {
      const answers = pubs(sent.slice(from)).map((frame) => {
        if (frame[1] === refused && from === 0) log.refusals.push('rate_limited')
        return log.publish('me', frame)
      })
      from = sent.length
      for (const answer of answers) {
        if (answer[0] === 'ack') outbox.acknowledged(answer[1], answer[2], answer[3])
        else outbox.refused(answer[1], answer[2], new SyncError(answer[3] as 'out_of_order', answer[4]))
      }
    }
    await clock.settle()
    const numbers = Array.from({ length: 100 }, (_, i) => i + 1).filter((n) => n !== refused)
    expect(log.applied.map(({ data }) => data)).toEqual(numbers)
    expect(sends.filter(({ outcome }) => outcome !== 'done')).toHaveLength(1)
    expect(sent).toHaveLength(100 + 100 - refused)
    expect(outbox.pending.count).toBe(0)
  })
})

describe('the rules that these tests hold a hub to', () => {
  test.each([
    ['a first one that is its own base', [[1, 1]], ['ack 1']],
    ['a first one above its base', [[2, 1]], ['out_of_order']],
    [
      'one after the other',
      [
        [1, 1],
        [2, 1],
      ],
      ['ack 1', 'ack 2'],
    ],
    [
      'one that was applied',
      [
        [1, 1],
        [1, 1, 5],
      ],
      ['ack 1', 'ack 1 duplicate'],
    ],
    [
      'one above a hole',
      [
        [1, 1],
        [3, 1],
      ],
      ['ack 1', 'out_of_order'],
    ],
    [
      'one above a hole that nobody will fill',
      [
        [1, 1],
        [3, 3],
      ],
      ['ack 1', 'ack 2'],
    ],
    [
      'one that is too old, whatever its number',
      [
        [1, 1],
        [1, 1, 600_000],
        [2, 2, 600_000],
      ],
      ['ack 1', 'indeterminate', 'indeterminate'],
    ],
  ] as [string, [number, number, number?][], string[]][])('answer %s', (_what, given, expected) => {
    const log = ruledLog()
    const answers = given.map(([n, base, ageMs]) => {
      const answer = log.publish('me', ['pub', n, base, 'room/1', 'said', n, ageMs!])
      return answer[0] === 'ack' ? `ack ${answer[3][1]}${answer[4] ? ' duplicate' : ''}` : answer[3]
    })
    expect(answers).toEqual(expected)
  })
})

import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type {
  EvFrame,
  GapFrame,
  HubFrame,
  SubOptions,
  SubscribedFrame,
  WirePosition,
} from '../../../src/protocol/frames.ts'
import { recoveryOnTest } from '../../support/recovery-on-test.ts'

interface Course {
  readonly retained: number
  /** How many are appended before, while the engine lags, around the look into the log, and after the answer. */
  readonly appends: { readonly before: number; readonly lagged: number; readonly early: number }
  readonly around: { readonly before: number; readonly after: number; readonly later: number }
  /** Whether somebody else follows the channel here already. */
  readonly isHeld: boolean
  readonly lag: 'none' | 'ends before the look' | 'ends after the look' | 'ends after the answer'
  readonly asks:
    | { readonly kind: 'true' | 'forged'; readonly at: number }
    | { readonly kind: 'future' | 'other epoch'; readonly at: number }
    | { readonly kind: 'rewind'; readonly at: number }
}

const few = fc.nat({ max: 5 })
const courses: fc.Arbitrary<Course> = fc.record({
  retained: fc.integer({ min: 1, max: 12 }),
  appends: fc.record({ before: fc.nat({ max: 8 }), lagged: few, early: few }),
  around: fc.record({ before: few, after: few, later: few }),
  isHeld: fc.boolean(),
  lag: fc.constantFrom(
    'none',
    'none',
    'ends before the look',
    'ends after the look',
    'ends after the answer',
  ),
  asks: fc.record({
    kind: fc.constantFrom('true', 'true', 'true', 'forged', 'future', 'other epoch', 'rewind'),
    at: fc.nat({ max: 14 }),
  }) as fc.Arbitrary<Course['asks']>,
})

type Subject = ReturnType<typeof recoveryOnTest>

function optionsOf({ kind, at }: Course['asks'], { log }: Subject, epoch: string): SubOptions {
  if (kind === 'rewind') return { rewind: at }
  const offset = kind === 'future' ? log.length + 1 + at : at % (log.length + 1)
  const tag = kind === 'forged' ? 'forged' : (log[offset - 1]?.tag ?? (offset === 0 ? '' : 'future'))
  return { since: [kind === 'other epoch' ? 'other' : epoch, offset, tag] }
}

/** What a client sees of a course, and what could be proven of its position when the log was looked at. */
interface Seen {
  readonly frames: readonly HubFrame[]
  readonly options: SubOptions
  /** `undefined` where it may be told either way. */
  readonly isProvable: boolean | undefined
  /** Whether more was evicted than was delivered. */
  readonly isOutrun: boolean
  readonly subject: Subject
}

async function run(course: Course): Promise<Seen> {
  const { retained, appends, around, isHeld, lag } = course
  const subject = recoveryOnTest(retained)
  const { append, log, clock } = subject
  await append(appends.before)
  if (isHeld) await subject.join('bob').sub(1)
  subject.lag.isLagging = lag !== 'none'
  await append(appends.lagged)
  const { epoch } = await subject.top()
  const options = optionsOf(course.asks, subject, epoch)
  await append(appends.early)
  let lookedAt: number | undefined
  let looks = 0
  subject.around.beforeLook = async () => {
    if (++looks > 1) return
    if (lag === 'ends before the look') subject.lag.catchUp()
    await append(around.before)
    lookedAt = log.length
  }
  subject.around.afterLook = async () => {
    if (looks > 1) return
    if (lag === 'ends after the look') subject.lag.catchUp()
    await append(around.after)
  }
  const { socket, sub } = subject.join('ann')
  const stood = subject.rooms.get('feed')?.position.offset
  const asked = sub(1, options)
  // A position that is ahead of the log is waited for.
  await clock.advance(5_000)
  await asked
  const length = lookedAt ?? log.length
  subject.lag.catchUp()
  await append(around.later)
  await clock.settle()
  // Where nothing is delivered for so long, and too little is kept to catch up with, the node begins anew, and what is kept then decides.
  const isOutrun = lag === 'ends after the answer' && stood !== undefined && length - retained > stood
  const isProvable = provable(options, { log, length, retained, stood })
  return {
    frames: socket.frames,
    options,
    isProvable: isProvable && isOutrun ? undefined : isProvable,
    isOutrun,
    subject,
  }
}

interface Truth {
  readonly log: Subject['log']
  /** How long the log was when it was looked at, and how much of it is kept. */
  readonly length: number
  readonly retained: number
  /** Where the room stood when it was asked. What comes after that is delivered anyway. */
  readonly stood: number | undefined
}

function provable({ since }: SubOptions, { log, length, retained, stood }: Truth): boolean {
  if (!since) return false
  const [epoch, offset, tag] = since
  if (epoch === 'other' || offset > length || tag !== (log[offset - 1]?.tag ?? '')) return false
  return offset === stood || offset >= length - retained
}

/** Reads what a client is sent as `docs/protocol.md` tells it to, and tells everything that is wrong. */
function complaints({ frames, options, isProvable, isOutrun, subject }: Seen): string[] {
  const found: string[] = []
  const at = frames.findIndex(([type]) => type === 'live')
  const [answer, ...others] = frames.filter(([type]) => type === 'subscribed') as SubscribedFrame[]
  if (!answer || others.length > 0 || frames[0] !== answer || at < 0)
    return ['not one answer, first, and then live']
  const { position, recovered } = answer[3]
  const replayed = frames.slice(1, at) as EvFrame[]
  if (options.since && isProvable !== undefined && recovered !== isProvable)
    found.push(`recovered is ${recovered}`)
  if (!isOutrun && frames.some(([type]) => type === 'gap')) found.push('a gap where nothing was lost')
  if (recovered === false && replayed.length > 0) found.push('a part is replayed')
  if (options.rewind === undefined && !options.since && replayed.length > 0) found.push('replayed unasked')
  const last = follow(
    startOf(answer, { options, replayed }),
    frames.filter(([type]) => type === 'ev' || type === 'gap') as (EvFrame | GapFrame)[],
  )
  if (typeof last === 'string') found.push(last)
  else if (last[1] !== subject.log.length || last[2] !== (subject.log.at(-1)?.tag ?? '')) {
    found.push(`ends at ${last[1]} of ${subject.log.length}`)
  }
  const reached = replayed.at(-1)
  if (reached && reached[2] !== position[1]) found.push(`replays up to ${reached[2]}, says ${position[1]}`)
  return found
}

function startOf(
  answer: SubscribedFrame,
  { options, replayed }: { options: SubOptions; replayed: readonly EvFrame[] },
): WirePosition {
  const { position, recovered } = answer[3]
  if (recovered) return options.since!
  const [first] = replayed
  return first ? [position[0], first[2] - 1, first[4]] : position
}

/** Where a client stands after these entries, or what is wrong with them. */
function follow(start: WirePosition, told: readonly (EvFrame | GapFrame)[]): WirePosition | string {
  let [, at, last] = start
  for (const frame of told) {
    if (frame[0] === 'gap') {
      ;[, at, last] = frame[2]
      continue
    }
    const [, , offset, tag, previous] = frame
    if (offset !== at + 1 || previous !== last) return `${offset} after ${at}`
    else {
      at = offset
      last = tag
    }
  }
  return [start[0], at, last]
}

describe('whatever is appended, kept, forged and delivered late', () => {
  test('nobody is left with a hole, nothing is replayed in part, and what can be proven is, and nothing else', async () => {
    const counts = new Map<string, number>()
    await fc.assert(
      fc.asyncProperty(courses, async (course) => {
        const seen = await run(course)
        const [, , , { recovered, reason }] = seen.frames[0] as SubscribedFrame
        const way = `${recovered} ${reason ?? ''}`.trim()
        counts.set(way, (counts.get(way) ?? 0) + 1)
        expect(complaints(seen)).toEqual([])
      }),
      { numRuns: 1_500 },
    )
    const ways = ['false epoch', 'false retention', 'false rollback', 'null', 'true']
    expect([...counts.keys()].sort(), 'all of them happen').toEqual(ways)
  })
})

describe('the judge of a recovery', () => {
  const course: Course = {
    retained: 10,
    appends: { before: 4, lagged: 0, early: 0 },
    around: { before: 1, after: 1, later: 2 },
    isHeld: true,
    lag: 'none',
    asks: { kind: 'true', at: 2 },
  }
  const without = (offset: number) => (frames: readonly HubFrame[]) =>
    frames.filter((frame) => frame[0] !== 'ev' || frame[2] !== offset)
  const twice = (offset: number) => (frames: readonly HubFrame[]) =>
    frames.flatMap((frame) => (frame[0] === 'ev' && frame[2] === offset ? [frame, frame] : [frame]))
  const told = (change: object) => (frames: readonly HubFrame[]) =>
    frames.map((frame): HubFrame => {
      if (frame[0] !== 'subscribed') return frame
      const [type, ref, cid, options] = frame
      return [type, ref, cid, { ...options, ...change }]
    })

  test('has nothing to say of what is as it should be', async () => {
    expect(complaints(await run(course))).toEqual([])
  })

  test.each<[string, (frames: readonly HubFrame[]) => readonly HubFrame[]]>([
    ['an entry of the replay is missing', without(4)],
    ['the last entry of the replay is missing', without(6)],
    ['a live entry is missing', without(7)],
    ['the last entry is missing', without(8)],
    ['an entry comes twice', twice(5)],
    ['the answer says that nothing can be proven', told({ recovered: false, reason: 'rollback' })],
    ['a gap is told', (frames) => [...frames, ['gap', 1, ['E', 8, 'x'], 'rollback']]],
    ['there is no answer', (frames) => frames.slice(1)],
    ['it never becomes live', (frames) => frames.filter(([type]) => type !== 'live')],
    ['entries come in another order', ([first, ...rest]) => [first!, ...[...rest].reverse()]],
  ])('hears it when %s', async (_name, change) => {
    const seen = await run(course)
    expect(complaints({ ...seen, frames: change(seen.frames) })).not.toEqual([])
  })

  test('hears it when a forged position is taken for a true one', async () => {
    const seen = await run({ ...course, asks: { kind: 'forged', at: 2 } })
    const frames = told({ recovered: true })(seen.frames)
    expect(complaints({ ...seen, frames })).toContain('recovered is true')
  })
})

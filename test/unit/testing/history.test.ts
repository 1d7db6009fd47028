import type { Position } from 'syncline'
import { describe, expect, test } from 'vitest'
import { type Fact, type Invariant, invariants } from '../../../src/testing/facts.ts'
import { checkHistory } from '../../../src/testing/history.ts'

/** Without the time, which all but a few leave at 0. */
type Untimed = Fact extends infer F
  ? F extends Fact
    ? Omit<F, 'at'> & { readonly at?: number }
    : never
  : never

const at = (offset: number, epoch = 'E'): Position => ({
  epoch,
  offset,
  tag: offset === 0 ? '' : `t${offset}`,
})
const appended = (id: number, position = at(id), previous = at(position.offset - 1).tag): Untimed => ({
  kind: 'appended',
  channel: 'a',
  position,
  previous,
  id,
})
const listening: Untimed = { kind: 'listening', listener: 'l', client: 'c', channel: 'a' }
const subscribed = (position: Position, recovered: boolean | null = null): Untimed => ({
  kind: 'subscribed',
  listener: 'l',
  position,
  recovered,
})
const delivered = (id: number, position = at(id), replayed = false): Untimed => ({
  kind: 'delivered',
  listener: 'l',
  position,
  id,
  replayed,
})
const told = (id: number): Untimed => ({ kind: 'told', listener: 'l', id })
const gap = (position: Position, reason = 'retention'): Untimed => ({
  kind: 'gap',
  listener: 'l',
  position,
  reason,
})
const left: Untimed = { kind: 'left', listener: 'l' }
const offline: Untimed = { kind: 'offline', client: 'c' }
const refused: Untimed = { kind: 'refused', client: 'c', channel: 'a', code: 'forbidden' }
const rolledBack = (position: Position): Untimed => ({ kind: 'rolled back', channel: 'a', position })
const lost: Untimed = { kind: 'lost', channel: 'a' }
const trimmed = (first: number): Untimed => ({ kind: 'trimmed', channel: 'a', first })
const quiet: Untimed = { kind: 'quiet' }

const sent = (send: number, what: 'publication' | 'request' = 'publication', more: object = {}): Untimed => ({
  kind: 'sent',
  what,
  send,
  client: 'c',
  channel: 'a',
  endsBy: 10_000,
  ...more,
})
const applied = (send: number, position = at(send)): Untimed => ({
  kind: 'answered',
  send,
  outcome: 'applied',
  position,
})
const answered = (send: number, outcome: 'refused' | 'unknown', code: string): Untimed => ({
  kind: 'answered',
  send,
  outcome,
  code,
})
const ran = (send: number): Untimed => ({ kind: 'ran', send })

const broken = (...history: Untimed[]) =>
  checkHistory(history.map((fact) => ({ at: 0, ...fact }) as Fact)).map(({ invariant }) => invariant)

const start = [listening, subscribed(at(0)), appended(1), appended(2), appended(3)]

describe('a history is good', () => {
  test.each<[string, Untimed[]]>([
    [
      'everything after the subscription is delivered in order',
      [listening, appended(1), subscribed(at(1)), appended(2), delivered(2), quiet],
    ],
    ['what was missed is replayed', [...start, offline, subscribed(at(0), true), delivered(1, at(1), true)]],
    [
      'a gap comes before what cannot be joined to what was before',
      [...start, delivered(1), trimmed(3), gap(at(3)), subscribed(at(3), false), quiet],
    ],
    [
      'a new log is announced by a gap',
      [...start, delivered(1), lost, appended(4, at(1, 'F')), gap(at(1, 'F'), 'epoch'), quiet],
    ],
    [
      'a log that was set back is announced by a gap, and takes again what it has lost',
      [...start, delivered(1), rolledBack(at(0)), gap(at(0), 'rollback'), appended(1), delivered(1), quiet],
    ],
    [
      'there is one gap too many soon after the log was set back',
      [...start, delivered(1), rolledBack(at(1)), gap(at(1), 'rollback'), quiet],
    ],
    [
      'a node that has not noticed a rollback replays what was lost, and a gap follows',
      [
        ...start,
        delivered(1),
        delivered(2),
        rolledBack(at(0)),
        gap(at(0), 'rollback'),
        delivered(1, at(1), true),
        delivered(2, at(2), true),
        gap(at(0), 'rollback'),
        quiet,
      ],
    ],
    ['a listener that has left hears nothing more', [listening, subscribed(at(0)), left, appended(1), quiet]],
    [
      'two listeners of a client get the entry on which one of them disconnects',
      [
        { ...listening, listener: 'k' } as Untimed,
        { ...subscribed(at(0)), listener: 'k' } as Untimed,
        ...start,
        { ...delivered(1), listener: 'k' } as Untimed,
        offline,
        delivered(1),
      ],
    ],
    ['a client that is gone waits for nothing', [...start, sent(9), { kind: 'gone', client: 'c' }, quiet]],
    [
      'what a page that was killed had not written down is sent again by the next',
      [
        sent(1),
        { ...answered(1, 'refused', 'overloaded'), at: 1_000 },
        { kind: 'gone', client: 'c', at: 1_100 },
        appended(1),
      ],
    ],
    ['a publication is acknowledged where it is', [sent(1), appended(1), applied(1), quiet]],
    [
      'one that was sent again is acknowledged with the top',
      [sent(1), appended(1), appended(2), offline, applied(1, at(2)), quiet],
    ],
    ['a handler refuses after it has run', [sent(1, 'request'), ran(1), answered(1, 'refused', 'not_found')]],
    [
      'an idempotent request runs twice',
      [sent(1, 'request', { idempotent: true }), ran(1), ran(1), applied(1)],
    ],
    [
      'a request runs again because its claim was lost',
      [sent(1, 'request'), ran(1), { kind: 'claims lost' }, ran(1), applied(1)],
    ],
    [
      'a request runs twice that was claimed, and had not run yet, when its claim was lost',
      [sent(1, 'request'), { kind: 'claims lost' }, ran(1), ran(1), applied(1)],
    ],
    [
      'a request is refused that ran before its claim was lost',
      [sent(1, 'request'), ran(1), { kind: 'claims lost' }, answered(1, 'refused', 'overloaded')],
    ],
    [
      'what a client sent while it stood still is answered that much later',
      [
        sent(1),
        appended(1),
        { kind: 'froze', client: 'c', at: 1_000 },
        { kind: 'thawed', client: 'c', at: 61_000 },
        { ...applied(1), at: 62_000 },
      ],
    ],
  ])('when %s', (_, history) => {
    expect(broken(...history)).toEqual([])
  })
})

describe('a history is caught', () => {
  const cases: [Invariant, string, Untimed[]][] = [
    [1, 'an entry is left out', [...start, delivered(1), delivered(3)]],
    [
      1,
      'an entry names another one before it',
      [...start.slice(0, 3), appended(2, at(2), 'x'), delivered(1), delivered(2)],
    ],
    [2, 'an entry comes twice', [...start, delivered(1), delivered(1)]],
    [2, 'an entry comes again later', [...start, delivered(1), delivered(2), delivered(1)]],
    [2, 'a message comes twice', [...start, told(1), told(1)]],
    [
      2,
      'what was lost long ago comes once more',
      [
        ...start,
        delivered(1),
        rolledBack(at(0)),
        gap(at(0), 'rollback'),
        { ...delivered(1), at: 100_000 } as Untimed,
      ],
    ],
    [3, 'an earlier entry comes later', [...start, delivered(1), trimmed(3), gap(at(3)), delivered(2)]],
    [4, 'an entry is another one', [...start, delivered(9, at(1))]],
    [4, 'an entry has another tag', [...start, delivered(1, { epoch: 'E', offset: 1, tag: 'other' })]],
    [4, 'a gap leads to nowhere', [...start, delivered(1), trimmed(3), gap(at(7))]],
    [4, 'a subscription begins nowhere', [listening, appended(1), subscribed(at(7))]],
    [
      4,
      'the log was set back, and it goes on in silence',
      [
        ...start,
        delivered(1),
        rolledBack(at(0)),
        appended(4, { ...at(1), tag: 'u' }),
        appended(5, at(2), 'u'),
        delivered(5, at(2)),
      ],
    ],
    [4, 'the log was set back, and nobody is told', [...start, delivered(1), rolledBack(at(0)), quiet]],
    [5, 'the last entry never comes', [...start, delivered(1), delivered(2), quiet]],
    [5, 'a listener never hears anything', [listening, appended(1), quiet]],
    [6, 'the first subscription is told as another', [listening, appended(1), subscribed(at(1), true)]],
    [6, 'another subscription is told as the first', [...start, delivered(1), subscribed(at(1), null)]],
    [
      6,
      'a recovery leaves out an entry',
      [...start, delivered(1), offline, subscribed(at(1), true), delivered(3)],
    ],
    [6, 'a recovery leaps', [...start, delivered(1), offline, subscribed(at(3), true)]],
    [
      6,
      'a failed recovery is told without a gap',
      [...start, delivered(1), offline, subscribed(at(3), false)],
    ],
    [
      6,
      'after a failed recovery something is replayed',
      [...start, delivered(1), trimmed(3), gap(at(2)), subscribed(at(2), false), delivered(3, at(3), true)],
    ],
    [
      7,
      'there is a gap where nothing was missed',
      [...start, delivered(1), delivered(2), delivered(3), gap(at(3))],
    ],
    [7, 'there is a gap where all can be read', [...start, delivered(1), gap(at(3))]],
    [8, 'an acknowledged publication is nowhere', [sent(1), applied(1)]],
    [8, 'an acknowledged publication is elsewhere', [sent(2), appended(1), appended(2), applied(2, at(1))]],
    [8, 'an answered request never ran', [sent(1, 'request'), applied(1)]],
    [9, 'a publication is applied twice', [sent(1), appended(1), appended(1, at(2))]],
    [9, 'a request runs twice', [sent(1, 'request'), ran(1), ran(1)]],
    [
      9,
      'a request runs more often than its claim was lost',
      [sent(1, 'request'), ran(1), { kind: 'claims lost' }, ran(1), ran(1)],
    ],
    [10, 'a send is never answered', [sent(1), appended(1), quiet]],
    [10, 'a send is answered twice', [sent(1), appended(1), applied(1), applied(1)]],
    [10, 'a send is answered late', [sent(1), appended(1), { ...applied(1), at: 12_000 }]],
    [10, 'a refused publication was applied', [sent(1), appended(1), answered(1, 'refused', 'unavailable')]],
    [
      10,
      'a refused publication is applied later',
      [sent(1), answered(1, 'refused', 'unavailable'), appended(1)],
    ],
    [
      10,
      'what was refused long before its page was killed is applied later',
      [
        sent(1),
        { ...answered(1, 'refused', 'overloaded'), at: 1_000 },
        { kind: 'gone', client: 'c', at: 2_000 },
        appended(1),
      ],
    ],
    [10, 'a refused request has run', [sent(1, 'request'), ran(1), answered(1, 'refused', 'overloaded')]],
    [10, 'a refused request runs later', [sent(1, 'request'), answered(1, 'refused', 'timeout'), ran(1)]],
    [11, 'publications change places', [sent(1), sent(2), appended(2, at(1)), appended(1, at(2))]],
    [12, 'something is delivered after leaving', [...start, left, delivered(1)]],
    [12, 'a gap is told after leaving', [...start, left, gap(at(3))]],
    [12, 'something is delivered without a connection', [...start, offline, delivered(1)]],
    [12, 'something is delivered after a refusal', [...start, refused, delivered(1)]],
    [12, 'a message is told without a connection', [...start, offline, told(1)]],
    [15, 'a timer is left', [{ kind: 'left over', what: 'timers', count: 1 }]],
  ]

  test.each(cases)('by invariant %i alone, where %s', (invariant, _, history) => {
    expect(broken(...history)).toEqual([invariant])
  })

  test('whichever of the invariants it breaks', () => {
    expect(new Set(cases.map(([invariant]) => String(invariant)))).toEqual(new Set(Object.keys(invariants)))
  })
})

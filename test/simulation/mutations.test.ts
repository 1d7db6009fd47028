import { expect, test } from 'vitest'
import { type Invariant, invariants } from '../../src/testing/facts.ts'
import { runScenario } from '../../src/testing/scenario.ts'
import { type Edit, mutatedScenario } from '../support/mutated-scenario.ts'

/** How many seeds a mutation may need to be found. */
const most = 150

const edit = (file: string, from: string, to: string): Edit => ({ file, from, to })

/** The client takes whatever entry comes. */
const credulous = edit(
  'src/client/subscription.ts',
  'if (offset !== at + 1 || previous !== last) {',
  'if (offset < 0) {',
)

const mutations: readonly [invariant: Invariant, what: string, edits: readonly Edit[]][] = [
  [
    1,
    'neither node nor client looks whether an entry is the next one',
    [credulous, edit('src/server/room-log.ts', 'if (followsOn(entry, this.position)) {', 'if (entry) {')],
  ],
  [
    2,
    'a client takes an entry that it has',
    [credulous, edit('src/client/subscription.ts', 'if (offset === at && tag === last) return', '')],
  ],
  [
    3,
    'what was missed is replayed backwards',
    [
      credulous,
      edit(
        'src/server/recovery.ts',
        'recovered: true, entries }',
        'recovered: true, entries: [...entries].reverse() }',
      ),
    ],
  ],
  [
    4,
    'a hub goes by epoch and offset, without the tag',
    [
      edit(
        'src/server/recovery.ts',
        'offset === position.offset && tag === position.tag',
        'offset === position.offset',
      ),
    ],
  ],
  [
    5,
    'a session that was brought up to date is not told what comes next',
    [edit('src/server/replay.ts', 'if (of.isCurrent()) of.done()', '')],
  ],
  [
    5,
    'a node never looks whether it has missed the last entries',
    [edit('src/server/rooms.ts', 'if (Number.isFinite(tailCheckMs)) this', 'if (tailCheckMs < 0) this')],
  ],
  [
    6,
    'a hub claims recoveries that it cannot prove',
    [
      credulous,
      edit(
        'src/server/recovery.ts',
        '({ position, recovered: false, reason, entries: [] })',
        '({ position, recovered: true, reason, entries: [] })',
      ),
    ],
  ],
  [
    7,
    'a hub recovers nobody who has missed something',
    [edit('src/server/recovery.ts', 'if (epoch !== position.epoch) return', 'if (epoch) return')],
  ],
  [
    8,
    'a publication is acknowledged although the broker failed',
    [
      edit(
        'src/server/publications.ts',
        '.append(name, body, { sender }).catch(notTold)',
        ".append(name, body, { sender }).catch(() => ({ epoch: 'E', offset: 1, tag: 't' }))",
      ),
    ],
  ],
  [
    9,
    'a broker does not know what it has applied',
    [edit('src/broadcasters/memory-once.ts', 'return mark !== undefined && n <= mark.value', 'return false')],
  ],
  [
    9,
    'a request is run however often it is claimed',
    [
      edit(
        'src/broadcasters/memory-once.ts',
        "if (settled) return { state: 'settled', result: settled.value }",
        'if (settled) return granted',
      ),
    ],
  ],
  [
    10,
    'a publication that may have been applied is refused',
    [
      edit(
        'src/server/publications.ts',
        "new SyncError('indeterminate', 'The broadcaster failed",
        "new SyncError('unavailable', 'The broadcaster failed",
      ),
    ],
  ],
  [
    10,
    'a client forgets to give up',
    [edit('src/client/outbox.ts', "this.giveUp(send, ['timeout', after])", 'undefined')],
  ],
  [
    11,
    'publications do not wait for each other',
    [
      edit(
        'src/server/publications.ts',
        '? before.then(() => this.#answer(session, frame, at))',
        '? this.#answer(session, frame, at)',
      ),
      edit(
        'src/broadcasters/memory-once.ts',
        "throw new SyncError('out_of_order'",
        "if (n < 0) throw new SyncError('out_of_order'",
      ),
      edit('src/broadcasters/memory-once.ts', 'if (n === base || (highest', 'if (n > 0 || (highest'),
      edit(
        'src/broadcasters/memory-once.ts',
        'return mark !== undefined && n <= mark.value',
        'return mark !== undefined && n === mark.value',
      ),
    ],
  ],
  [
    12,
    'a listener that has left is told all the same',
    [edit('src/client/subscriptions.ts', '      undo()\n', '')],
  ],
  [
    15,
    'a hub goes on to follow channels for sessions that have ended',
    [edit('src/server/sessions.ts', 'memberships.releaseAll(session)', '')],
  ],
]

test.each(mutations)(`invariant %i finds, within ${most} seeds, that %s`, async (invariant, _, edits) => {
  const mutated = await mutatedScenario(edits)
  const breaks = async (run: typeof runScenario, seed: number) =>
    (await run(seed)).violations.some((violation) => violation.invariant === invariant)
  let seed = 0
  let isFound = false
  // What the same seed finds without the mutation does not count.
  while (!isFound && seed++ < most)
    isFound = (await breaks(mutated.runScenario, seed)) && !(await breaks(runScenario, seed))
  expect(isFound).toBe(true)
})

test('each invariant has a mutation', () => {
  expect(new Set(mutations.map(([invariant]) => String(invariant)))).toEqual(new Set(Object.keys(invariants)))
})

test('what is not mutated breaks nothing, and what does not fit is no mutation', async () => {
  const same = await mutatedScenario([])
  for (let seed = 1; seed <= 20; seed++) expect((await same.runScenario(seed)).violations).toEqual([])
  await expect(mutatedScenario([edit('src/client/outbox.ts', 'not there', '')])).rejects.toThrow('0 times')
  await expect(mutatedScenario([edit('src/react/index.ts', 'x', '')])).rejects.toThrow('Not part')
})

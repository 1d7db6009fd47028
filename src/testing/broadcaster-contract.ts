import type { LogEntry } from '../broadcasters/broadcaster.ts'
import { isSyncError } from '../shared/errors.ts'
import type { Position } from '../shared/position.ts'
import { type BroadcasterContractOptions, type BroadcasterUnderTest, Trial } from './broadcaster-trial.ts'

/** One rule of the contract. Give `title` and `run` to any test runner. */
export interface ContractCase {
  /** The rule, as a sentence. */
  readonly title: string
  /** Rejects with a plain `Error` that says how the rule was broken. */
  run(): Promise<void>
}

/**
 * The rules of `Broadcaster` as test cases. Each calls `make` for a broadcaster of its own and uses channel names
 * that nobody used before, so engines may be shared and need not be emptied.
 */
export function broadcasterContract(
  make: () => BroadcasterUnderTest | Promise<BroadcasterUnderTest>,
  options: BroadcasterContractOptions = {},
): readonly ContractCase[] {
  return Object.entries(rules).map(([title, rule]) => ({
    title,
    async run() {
      const made = await make()
      try {
        await rule(new Trial(made, options))
      } finally {
        await made.close()
      }
    },
  }))
}

function ensure(holds: boolean, message: string): asserts holds {
  if (!holds) throw new Error(message)
}

function ensureEqual(actual: unknown, expected: unknown, what: string): void {
  const [is, must] = [JSON.stringify(actual), JSON.stringify(expected)]
  ensure(is === must, `${what}: expected ${must}, got ${is}`)
}

/** Counts from `first`, `length` times. */
const counting = (first: number, length: number) => Array.from({ length }, (_, i) => first + i)

const bodiesOf = (length: number) => counting(1, length).map((n) => `body ${n}`)

/** Requires that nothing lies between the entries, by offset and by tag. */
function ensureChain(entries: readonly LogEntry[]): void {
  for (const [i, entry] of entries.entries()) {
    const before = entries[i - 1]
    if (!before) continue
    ensureEqual(entry.offset, before.offset + 1, 'The offset after the one before it')
    ensureEqual(entry.previous, before.tag, `The previous tag of entry ${entry.offset}`)
  }
}

async function ensureUnavailable(promise: Promise<unknown>): Promise<void> {
  const outcome = await promise.then(
    () => 'it resolved',
    (error: unknown) => (isSyncError(error) ? error.code : `it rejected with ${String(error)}`),
  )
  ensureEqual(outcome, 'unavailable', 'The code of the rejection')
}

type Rule = (trial: Trial) => Promise<void>

const logRules: Readonly<Record<string, Rule>> = {
  'a channel that was never written to has an epoch and ends at offset 0 with an empty tag': async (t) => {
    const { top, entries } = await t.broadcaster.read(t.channel, { after: 0 })
    ensure(top.epoch !== '', 'The epoch of a channel that was never written to is empty')
    ensureEqual([top.offset, top.tag, entries.length], [0, '', 0], 'Offset, tag and number of entries')
  },

  'the first append stays in the epoch that a read has told': async (t) => {
    const { top } = await t.broadcaster.read(t.channel)
    const [position] = await t.append('first')
    ensureEqual(position!.epoch, top.epoch, 'The epoch of the first append')
  },

  'offsets count up by one from 1 and stay in one epoch': async (t) => {
    const positions = await t.append(...bodiesOf(5))
    ensureEqual(
      positions.map(({ offset }) => offset),
      counting(1, 5),
      'The offsets of five appends',
    )
    ensureEqual(new Set(positions.map(({ epoch }) => epoch)).size, 1, 'The number of epochs')
  },

  'each entry has a tag of its own, of letters and digits': async (t) => {
    const tags = (await t.append(...bodiesOf(8))).map(({ tag }) => tag)
    for (const tag of tags)
      ensure(/^[\w-]+$/.test(tag), `The tag ${JSON.stringify(tag)} is not of A-Z a-z 0-9 _ -`)
    ensureEqual(new Set(tags).size, 8, 'The number of different tags of eight entries')
  },

  'each entry names the tag of the one before it, and the first an empty one': async (t) => {
    await t.append(...bodiesOf(5))
    const entries = await t.entries()
    ensureEqual(entries[0]?.previous, '', 'The previous tag of the first entry')
    ensureChain(entries)
  },

  'an append resolves only when its entry can be read, at the position that it told': async (t) => {
    for (const body of bodiesOf(10)) {
      const position = await t.broadcaster.append(t.channel, body)
      const { top, entries } = await t.broadcaster.read(t.channel, { after: position.offset - 1 })
      ensureEqual(top, pick(position), 'The top after an append')
      const [entry] = entries
      ensureEqual(
        [entry?.offset, entry?.tag, entry?.body],
        [position.offset, position.tag, body],
        'The entry that was appended',
      )
    }
  },

  'a read gives the entries above an offset, oldest first': async (t) => {
    await t.append(...bodiesOf(6))
    for (const after of [0, 2, 5, 6, 7]) {
      const offsets = (await t.entries(after)).map(({ offset }) => offset)
      ensureEqual(offsets, counting(after + 1, Math.max(0, 6 - after)), `The entries above ${after}`)
    }
  },

  'a read gives no entries unless it is asked for some': async (t) => {
    await t.append('one')
    const { top, entries } = await t.broadcaster.read(t.channel)
    ensureEqual([top.offset, entries.length], [1, 0], 'The top and the number of entries')
  },

  'a read sees the top and the entries at one moment': async (t) => {
    const reads = bodiesOf(25).map(async (body) => {
      const [read] = await Promise.all([
        t.broadcaster.read(t.channel, { after: 0 }),
        t.broadcaster.append(t.channel, body),
      ])
      return read
    })
    for (const { top, entries } of await Promise.all(reads)) {
      ensureEqual(entries.length, top.offset, 'The number of entries up to the top')
      const last = entries.at(-1)
      ensureEqual([last?.offset ?? 0, last?.tag ?? ''], [top.offset, top.tag], 'The last entry and the top')
      ensureChain(entries)
    }
  },

  'concurrent appends get an offset each, without holes, and each its own body': async (t) => {
    const bodies = bodiesOf(50)
    const positions = await t.appendTogether(bodies)
    const entries = await t.entries()
    ensureEqual(
      entries.map(({ offset }) => offset),
      counting(1, 50),
      'The offsets of fifty concurrent appends',
    )
    ensureChain(entries)
    for (const [i, { offset, tag }] of positions.entries()) {
      const entry = entries[offset - 1]
      ensureEqual([entry?.tag, entry?.body], [tag, bodies[i]], `What was appended at ${offset}`)
    }
  },

  'bodies come back as they were given, whatever text they are': async (t) => {
    const bodies = ['', ' ', '"\\"', 'a\r\nb\u0000c\u2028', 'é 漢 👩‍👩‍👧', '[1,null]', 'x'.repeat(100_000)]
    const ear = await t.listen()
    await t.append(...bodies)
    await ear.until(bodies.length)
    const read = (await t.entries()).map(({ body }) => body)
    ensureEqual(read, bodies, 'The bodies that were read')
    ensureEqual(
      ear.heard.map(({ body }) => body),
      bodies,
      'The bodies that were delivered',
    )
  },

  'channels are kept apart, however alike their names': async (t) => {
    const names = ['', '/b', '.b', '*', '/*', '%2F', '%2f', "(b)'!~", '..'].map((end) => t.channel + end)
    const ears = await Promise.all(names.map((name) => t.listen(undefined, name)))
    await Promise.all(names.map((name) => t.broadcaster.append(name, name)))
    await Promise.all(names.map((name) => t.broadcaster.append(name, 'end')))
    for (const [i, name] of names.entries()) {
      await ears[i]!.until(2)
      const heard = ears[i]!.heard.map(({ offset, body }) => [offset, body])
      const { entries } = await t.broadcaster.read(name, { after: 0 })
      const expected = [
        [1, name],
        [2, 'end'],
      ]
      ensureEqual(heard, expected, `What was delivered of "${name}"`)
      ensureEqual(
        entries.map(({ offset, body }) => [offset, body]),
        expected,
        `What was read of "${name}"`,
      )
    }
  },

  'offsets are not used again when entries are evicted': async (t) => {
    const length = t.maxEntries + 5
    const positions = await t.appendTogether(bodiesOf(length))
    const offsets = positions.map(({ offset }) => offset).sort((a, b) => a - b)
    ensureEqual(offsets, counting(1, length), 'The offsets of more entries than are kept')
    const { top, entries } = await t.broadcaster.read(t.channel, { after: 0 })
    ensureEqual([top.offset, entries.at(-1)?.tag], [length, top.tag], 'The top and the last retained entry')
    ensureChain(entries)
  },
}

const deliveryRules: Readonly<Record<string, Rule>> = {
  'what is appended once a subscribe has resolved is delivered once and in log order': async (t) => {
    const ear = await t.listen()
    await t.appendTogether(bodiesOf(40))
    // A last one on its own: whatever came twice before it has come by then.
    await t.append('end')
    await ear.until(41)
    ensureEqual(ear.offsets, counting(1, 41), 'The offsets in the order of delivery')
  },

  'what is delivered is what is read, in the same epoch': async (t) => {
    const ear = await t.listen()
    const positions = await t.append(...bodiesOf(5))
    await ear.until(5)
    ensureEqual(ear.heard.map(pickEntry), (await t.entries()).map(pickEntry), 'What was delivered')
    ensureEqual([...ear.epochs], [positions[0]!.epoch], 'The epochs that were delivered')
  },

  'a subscription of a channel with entries is told of later ones in log order': async (t) => {
    await t.append(...bodiesOf(3))
    const ear = await t.listen()
    await t.append(...bodiesOf(3))
    await ear.until(6)
    const late = ear.offsets.filter((offset) => offset > 3)
    ensureEqual(late, [4, 5, 6], 'The offsets that were appended after the subscribe')
    const sorted = [...new Set(ear.offsets)].sort((a, b) => a - b)
    ensureEqual(ear.offsets, sorted, 'All offsets in the order of delivery')
  },

  'an append from within a delivery is delivered in log order to everyone': async (t) => {
    const appends: Promise<unknown>[] = []
    const eager = await t.listen(({ heard }) => {
      if (heard.length === 1) appends.push(...['a', 'b'].map((body) => t.broadcaster.append(t.channel, body)))
    })
    const other = await t.listen()
    await t.append('first')
    await Promise.all([eager.until(3), other.until(3)])
    await Promise.all(appends)
    ensureEqual([eager.offsets, other.offsets], [counting(1, 3), counting(1, 3)], 'The orders of delivery')
  },

  'subscriptions of one channel are independent, also with the same function': async (t) => {
    const ear = await t.listen()
    const undo = await t.broadcaster.subscribe(t.channel, ear.hear)
    await t.broadcaster.subscribe(t.channel, ear.hear)
    await t.append('to all three')
    await ear.untilCount(3)
    undo()
    await t.append('to two', 'end')
    await ear.untilCount(7)
    ensureEqual(ear.offsets, [1, 1, 1, 2, 2, 3, 3], 'What three subscriptions heard, then two')
  },

  'nothing is delivered after the undo, which may be called twice': async (t) => {
    const [gone, there] = [await t.listen(), await t.listen()]
    await t.append('to both')
    await Promise.all([gone.until(1), there.until(1)])
    gone.undo()
    gone.undo()
    await t.append('to one', 'end')
    await there.until(3)
    ensureEqual([gone.offsets, there.offsets], [[1], [1, 2, 3]], 'What was delivered to each')
  },

  'nothing is delivered after an undo from within a delivery': async (t) => {
    const gone = await t.listen((ear) => ear.undo())
    const there = await t.listen()
    await t.appendTogether(bodiesOf(5))
    await t.append('end')
    await there.until(6)
    ensureEqual([gone.offsets, there.offsets], [[1], counting(1, 6)], 'What was delivered to each')
  },

  'nothing is delivered after a close, which may be called twice': async (t) => {
    const ears = [await t.listen(), await t.listen()]
    const appends = Promise.allSettled(bodiesOf(5).map((body) => t.broadcaster.append(t.channel, body)))
    await t.broadcaster.close()
    const heard = ears.map(({ offsets }) => offsets)
    await t.broadcaster.close()
    await appends
    await Promise.allSettled([t.broadcaster.append(t.channel, 'late')])
    ensureEqual(
      ears.map(({ offsets }) => offsets),
      heard,
      'What was delivered until the close',
    )
  },

  'an append after a close rejects with unavailable': async (t) => {
    await t.broadcaster.close()
    await ensureUnavailable(t.broadcaster.append(t.channel, 'late'))
  },
}

const rules: Readonly<Record<string, Rule>> = { ...logRules, ...deliveryRules }

function pick({ epoch, offset, tag }: Position): Position {
  return { epoch, offset, tag }
}

function pickEntry({ offset, tag, previous, body }: LogEntry): LogEntry {
  return { offset, tag, previous, body }
}

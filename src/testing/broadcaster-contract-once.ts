import type { Appended } from '../broadcasters/broadcaster.ts'
import { isSyncError } from '../shared/errors.ts'
import type { Position } from '../shared/position.ts'
import { counting, ensure, ensureCode, ensureEqual, type Rules } from './broadcaster-contract-checks.ts'
import type { Trial } from './broadcaster-trial.ts'

/** Requires that it was appended now, at an offset. */
function ensureNew(appended: Appended, offset: number, what: string): void {
  ensureEqual(
    [appended.duplicate ?? false, appended.offset],
    [false, offset],
    `Whether ${what} is a duplicate, and its offset`,
  )
}

/** Requires that it had been appended before: at `own`, or the top as an upper bound. */
async function ensureDuplicate(t: Trial, appended: Appended | undefined, own: Position): Promise<void> {
  ensure(
    appended?.duplicate === true,
    `What was appended before is no duplicate: ${JSON.stringify(appended)}`,
  )
  const { top } = await t.broadcaster.read(t.channel)
  const { epoch, offset, tag } = appended
  const may = [own, top].map((position) => JSON.stringify([position.epoch, position.offset, position.tag]))
  ensure(
    may.includes(JSON.stringify([epoch, offset, tag])),
    `A duplicate is at offset ${offset}, which is neither ${own.offset} nor the top`,
  )
}

async function ensureBodies(t: Trial, bodies: readonly (string | number)[]): Promise<void> {
  ensureEqual(await t.bodies(), bodies.map(String), 'The bodies in the log')
}

/** Rules 1 to 5 of "Sending", for numbered publications. */
export const senderRules: Rules = {
  'publications that are numbered one by one are appended, whatever the base': async (t) => {
    for (const n of counting(1, 5))
      ensureNew(await t.publish({ n, base: Math.min(n, 2) }), n, `publication ${n}`)
    await ensureBodies(t, counting(1, 5))
  },

  'a publication that comes again is a duplicate, and leaves the log as it is': async (t) => {
    const own = []
    for (const n of [1, 2, 3]) own.push(await t.publish({ n, base: 1 }))
    for (const n of [1, 2, 3]) {
      await ensureDuplicate(t, await t.publish({ n, base: 1, ageMs: 5 }), own[n - 1]!)
      await ensureDuplicate(t, await t.publish({ n, base: n }), own[n - 1]!)
    }
    await ensureBodies(t, [1, 2, 3])
    ensureNew(await t.publish({ n: 4, base: 4 }), 4, 'the next one')
  },

  'the first publication of a sender may have any number that is its base': async (t) => {
    ensureNew(await t.publish({ n: 7, base: 7 }), 1, 'publication 7')
    ensureNew(await t.publish({ n: 8, base: 7 }), 2, 'publication 8')
  },

  'the first publication of a sender is out_of_order when it is not its base, and leaves nothing': async (
    t,
  ) => {
    await ensureCode(t.publish({ n: 2, base: 1 }), 'out_of_order', 'publication 2 without 1')
    await ensureBodies(t, [])
    for (const n of [1, 2]) ensureNew(await t.publish({ n, base: 1 }), n, `publication ${n}`)
  },

  'a publication beyond the next is out_of_order when it is not its base, and leaves nothing': async (t) => {
    await t.publish({ n: 1, base: 1 })
    await ensureCode(t.publish({ n: 3, base: 2 }), 'out_of_order', 'publication 3 without 2')
    await ensureBodies(t, [1])
    for (const n of [2, 3]) ensureNew(await t.publish({ n, base: 2 }), n, `publication ${n}`)
  },

  'a publication beyond the next is appended when it is its base, and those before it are done with': async (
    t,
  ) => {
    await t.publish({ n: 1, base: 1 })
    const appended = await t.publish({ n: 5, base: 5 })
    ensureNew(appended, 2, 'publication 5')
    await ensureDuplicate(t, await t.publish({ n: 3, base: 3 }), appended)
    await ensureBodies(t, [1, 5])
  },

  'concurrent appends of one publication append it once': async (t) => {
    const all = await Promise.all(counting(1, 20).map(() => t.publish({ n: 1, base: 1 })))
    const [own, ...more] = all.filter(({ duplicate }) => !duplicate)
    ensureEqual(
      [own?.offset, more.length],
      [1, 0],
      'The offset of the one that was appended, and how many more were',
    )
    await ensureBodies(t, [1])
  },

  'concurrent publications of a sender are appended in order or out_of_order, and what is sent again once':
    async (t) => {
      const numbers = counting(1, 12)
      const outcomes = await Promise.all(
        numbers.map((n) => t.publish({ n, base: 1 }).then(() => 'appended', codeOrThrow)),
      )
      ensure(outcomes[0] === 'appended', `Publication 1, the base, came to ${outcomes[0]}`)
      const appended = numbers.filter((_, i) => outcomes[i] === 'appended')
      const refused = numbers.filter((_, i) => outcomes[i] === 'out_of_order')
      ensureEqual(appended.length + refused.length, 12, 'How many were appended or out_of_order')
      await ensureBodies(t, appended)
      for (const n of numbers) await t.publish({ n, base: 1, ageMs: 5 })
      await ensureBodies(t, numbers)
    },

  'the senders of a channel have numbers of their own': async (t) => {
    const other = `${t.session}x`
    await t.publish({ n: 3, base: 3 })
    ensureNew(await t.publish({ n: 1, base: 1, id: other }), 2, 'publication 1 of another sender')
    ensureNew(await t.publish({ n: 4, base: 3 }), 3, 'publication 4')
    await ensureCode(
      t.publish({ n: 4, base: 1, id: other }),
      'out_of_order',
      'publication 4 of another sender',
    )
    await ensureBodies(t, [3, 1, 4])
  },

  'a sender has numbers of its own on each channel': async (t) => {
    const other = `${t.channel}/other`
    await t.publish({ n: 3, base: 3 })
    ensureNew(await t.publish({ n: 1, base: 1, channel: other }), 1, 'publication 1 on another channel')
    ensureNew(await t.publish({ n: 4, base: 3 }), 2, 'publication 4')
    await ensureCode(
      t.publish({ n: 4, base: 1, channel: other }),
      'out_of_order',
      'publication 4 on another channel',
    )
    ensureEqual(await t.bodies(other), ['1'], 'The bodies in the other log')
  },

  'a publication as old as the window is indeterminate, known or not, and leaves nothing': async (t) => {
    for (const ageMs of [t.windowMs, t.windowMs * 10]) {
      await ensureCode(
        t.publish({ n: 1, base: 1, ageMs }),
        'indeterminate',
        `a first publication of ${ageMs} ms`,
      )
    }
    await ensureBodies(t, [])
    const own = await t.publish({ n: 1, base: 1 })
    for (const n of [1, 2]) {
      await ensureCode(
        t.publish({ n, base: n, ageMs: t.windowMs }),
        'indeterminate',
        `publication ${n} as old as the window`,
      )
    }
    await ensureDuplicate(t, await t.publish({ n: 1, base: 1, ageMs: t.windowMs - 1 }), own)
    await ensureBodies(t, [1])
  },

  'a look tells what has been applied, and applies nothing': async (t) => {
    const look = (n: number, base: number) =>
      t.broadcaster.recall(t.channel, { id: t.session, n, base, ageMs: 5 })
    const own = await t.publish({ n: 3, base: 3 })
    await ensureDuplicate(t, await look(3, 3), own)
    await ensureDuplicate(t, await look(2, 2), own)
    for (const n of [4, 9]) ensureEqual(await look(n, 4), undefined, `What a look tells of publication ${n}`)
    ensureEqual(
      await t.broadcaster.recall(`${t.channel}/other`, { id: t.session, n: 3, base: 3 }),
      undefined,
      'What a look tells of another channel',
    )
    await ensureBodies(t, [3])
    ensureNew(await t.publish({ n: 4, base: 4 }), 2, 'publication 4')
  },

  'a look is indeterminate where an append would be': async (t) => {
    await t.publish({ n: 1, base: 1 })
    for (const n of [1, 2]) {
      const mark = { id: t.session, n, base: n, ageMs: t.windowMs }
      await ensureCode(t.broadcaster.recall(t.channel, mark), 'indeterminate', `a look at publication ${n}`)
    }
  },
}

function codeOrThrow(error: unknown): string {
  if (isSyncError(error)) return error.code
  throw error
}

/** Appends that are named by a text. */
export const keyRules: Rules = {
  'what has a key is appended once, and is a duplicate when it comes again': async (t) => {
    const keyed = (key: string) => t.broadcaster.append(t.channel, key, { key })
    // As long as a source and an id of it, and as ids are.
    const keys = [
      '1',
      '',
      'constructor',
      'orders/é 漢\u0000"*>',
      `${'x'.repeat(400)}1`,
      `${'x'.repeat(400)}2`,
    ]
    const own = []
    for (const key of keys) own.push(await keyed(key))
    for (const [i, key] of keys.entries()) {
      ensureNew(own[i]!, i + 1, `the key ${JSON.stringify(key)}`)
      await ensureDuplicate(t, await keyed(key), own[i]!)
    }
    await ensureBodies(t, keys)
  },

  'concurrent appends of one key append it once': async (t) => {
    const all = await Promise.all(
      counting(1, 20).map((n) => t.broadcaster.append(t.channel, String(n), { key: 'one' })),
    )
    ensureEqual(all.filter(({ duplicate }) => !duplicate).length, 1, 'How many of twenty were appended')
    ensureEqual((await t.bodies()).length, 1, 'The number of entries')
  },

  'keys are of one channel, and no names of senders': async (t) => {
    const other = `${t.channel}/other`
    await t.broadcaster.append(t.channel, 'keyed', { key: t.session })
    ensureNew(await t.publish({ n: 1, base: 1 }), 2, 'publication 1 of a sender with the name of a key')
    ensureNew(await t.broadcaster.append(other, 'keyed', { key: t.session }), 1, 'the key on another channel')
  },
}

import type { LogQuery } from '../broadcasters/broadcaster.ts'
import {
  bodiesOf,
  counting,
  ensure,
  ensureChain,
  ensureCode,
  ensureEqual,
  pick,
  type Rules,
} from './broadcaster-contract-checks.ts'

const isMark = (text: string) => /^[\w-]+$/.test(text)

/** What a log holds, and what a read gives of it. */
export const logRules: Rules = {
  'a channel that was never written to has an epoch and ends at offset 0 with an empty tag': async (t) => {
    const { top, entries } = await t.broadcaster.read(t.channel, { after: 0 })
    ensure(isMark(top.epoch), `The epoch ${JSON.stringify(top.epoch)} is not of A-Z a-z 0-9 _ -`)
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
    for (const tag of tags) ensure(isMark(tag), `The tag ${JSON.stringify(tag)} is not of A-Z a-z 0-9 _ -`)
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

  'a read gives the entries between two offsets, and of them the newest up to a number': async (t) => {
    await t.append(...bodiesOf(6))
    const between = (after: number, before: number) =>
      counting(1, 6).filter((offset) => offset > after && offset < before)
    for (const after of [0, 1, 3, 6, 9]) {
      for (const before of [undefined, 0, 1, 2, 5, 6, 7, 9]) {
        for (const limit of [undefined, 1, 2, 6, 9]) {
          const query: LogQuery = {
            after,
            ...(before === undefined ? {} : { before }),
            ...(limit ? { limit } : {}),
          }
          const { top, entries } = await t.broadcaster.read(t.channel, query)
          ensureEqual(
            entries.map(({ offset }) => offset),
            between(after, before ?? 7).slice(-(limit ?? 6)),
            `The entries of ${JSON.stringify(query)}`,
          )
          ensureEqual(top.offset, 6, 'The top, whatever entries are asked for')
          ensureChain(entries)
        }
      }
    }
  },

  'a read of a number of entries gives none, the newest, or all that are retained': async (t) => {
    await t.appendTogether(bodiesOf(t.maxEntries + 5))
    const all = (await t.entries()).map(({ offset }) => offset)
    for (const limit of [0, 1, all.length - 1, all.length, all.length + 1]) {
      const { entries } = await t.broadcaster.read(t.channel, { after: 0, limit })
      const offsets = entries.map(({ offset }) => offset)
      ensureEqual(offsets, limit === 0 ? [] : all.slice(-limit), `The offsets of the newest ${limit}`)
    }
    const [first = 0] = all
    for (const before of [first, first + 1]) {
      const { entries } = await t.broadcaster.read(t.channel, { after: 0, before, limit: 2 })
      ensureEqual(entries.length, before - first, `The number of entries retained before ${before}`)
    }
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

/** Only where a length is known that is never taken. */
export const tooLongRules = (length: number): Rules => ({
  'a body that is never taken is too_large, and leaves nothing': async (t) => {
    await ensureCode(t.broadcaster.append(t.channel, 'x'.repeat(length)), 'too_large', `${length} characters`)
    const publication = t.broadcaster.append(t.channel, 'x'.repeat(length), {
      sender: { id: t.session, n: 1, base: 1 },
    })
    await ensureCode(publication, 'too_large', `a publication of ${length} characters`)
    ensureEqual((await t.publish({ n: 1, base: 1 })).offset, 1, 'The offset of the first that is taken')
    ensureEqual(await t.bodies(), ['1'], 'The bodies in the log')
  },
})

import type { Appended, AppendOnce, Broadcaster, SenderMark } from '../../src/broadcasters/broadcaster.ts'
import { isSyncError, SyncError } from '../../src/shared/errors.ts'
import type { Break, Broken } from './broken-broadcasters.ts'

const later = () => new Promise<void>((resolve) => setImmediate(resolve))

const outOfOrder = () => Promise.reject(new SyncError('out_of_order', 'One before it is missing'))

/** Changes what an append is told of once: `undefined` makes it one that may happen again. */
const once =
  (change: (once: AppendOnce) => AppendOnce | undefined): Break =>
  (inner) => ({ append: (channel, body, of) => inner.append(channel, body, of && change(of)) })

/** Changes what an append is told of a publication. */
const marked = (change: (mark: SenderMark) => SenderMark): Break =>
  once((of) => (of.sender ? { sender: change(of.sender) } : of))

/** Does something else with publications; `highest` is of each sender, on all channels or on each. */
const publishing =
  (publish: (parts: Publishing) => Promise<Appended>, { isShared = false } = {}): Break =>
  (inner) => {
    const highest = new Map<string, number>()
    return {
      async append(channel, body, of) {
        if (!of?.sender) return inner.append(channel, body, of)
        const { sender } = of
        const id = isShared ? sender.id : `${channel} ${sender.id}`
        const plain = () => inner.append(channel, body)
        const ruled = (change: Partial<SenderMark> = {}) =>
          inner.append(channel, body, { sender: { ...sender, ...change } })
        const duplicate = async () => ({ ...(await inner.read(channel)).top, duplicate: true as const })
        const appended = await publish({ ...sender, highest: highest.get(id), plain, ruled, duplicate })
        highest.set(id, Math.max(highest.get(id) ?? 0, sender.n))
        return appended
      },
    }
  }

interface Publishing extends SenderMark {
  /** The highest that came to something, if any. */
  readonly highest: number | undefined
  /** Appends it as if it were none; by the rules; tells that it was appended before. */
  readonly plain: () => Promise<Appended>
  readonly ruled: (change?: Partial<SenderMark>) => Promise<Appended>
  readonly duplicate: () => Promise<Appended>
}

/** Looks whether it was done, and does it later, as two steps. */
const inTwoSteps =
  (nameOf: (once: AppendOnce) => string | undefined): Break =>
  (inner) => {
    const done = new Map<string, Appended>()
    return {
      async append(channel, body, of) {
        const name = of && nameOf(of)
        if (name === undefined) return inner.append(channel, body, of)
        const known = done.get(name)
        await later()
        if (known) return { ...known, duplicate: true }
        const appended = await inner.append(channel, body)
        done.set(name, appended)
        return appended
      },
    }
  }

/** Knows each number that was taken, and no highest. */
const numberByNumber: Break = (inner) => {
  const done = new Map<string, Appended>()
  return {
    async append(channel, body, of) {
      const known = of?.sender && done.get(String(of.sender.n))
      if (known) return { ...known, duplicate: true }
      const appended = await inner.append(channel, body)
      if (of?.sender) done.set(String(of.sender.n), appended)
      return appended
    },
  }
}

const isOutOfOrder = (error: unknown) => isSyncError(error) && error.code === 'out_of_order'

/** Appends what it refuses. */
const appendsRefused: Break = (inner) => ({
  append: (channel, body, of) =>
    inner.append(channel, body, of).catch(async (error) => {
      if (isOutOfOrder(error)) await inner.append(channel, body)
      throw error
    }),
})

/** Keeps the numbers of what it refuses. */
const keepsRefused: Break = (inner) => {
  const refused = new Set<string>()
  return {
    append: async (channel, body, of) => {
      const name = JSON.stringify([channel, of?.sender?.id, of?.sender?.n])
      if (refused.has(name)) return { ...(await inner.read(channel)).top, duplicate: true }
      return inner.append(channel, body, of).catch((error) => {
        if (isOutOfOrder(error)) refused.add(name)
        throw error
      })
    },
  }
}

const looking =
  (
    look: (inner: Broadcaster, channel: string, sender: SenderMark) => ReturnType<Broadcaster['recall']>,
  ): Break =>
  (inner) => ({ recall: (channel, sender) => look(inner, channel, sender) })

const windowMs = 600_000
const again = 'a publication that comes again is a duplicate, and leaves the log as it is'
const old = 'a publication as old as the window is indeterminate, known or not, and leaves nothing'
const look = 'a look tells what has been applied, and applies nothing'
const firstOutOfOrder =
  'the first publication of a sender is out_of_order when it is not its base, and leaves nothing'
const outOfOrderBeyond =
  'a publication beyond the next is out_of_order when it is not its base, and leaves nothing'
const jump =
  'a publication beyond the next is appended when it is its base, and those before it are done with'
const keyed = 'what has a key is appended once, and is a duplicate when it comes again'
const keysApart = 'keys are of one channel, and no names of senders'

export const brokenSenders: Broken = {
  'takes nothing but the base': {
    caughtBy: 'publications that are numbered one by one are appended, whatever the base',
    wrong: publishing(({ n, base, plain }) => (n === base ? plain() : outOfOrder())),
  },
  'appends publications anew': { caughtBy: again, wrong: once(() => undefined) },
  'looks for a duplicate only when it is told of an age': {
    caughtBy: again,
    wrong: publishing(({ ageMs, plain, ruled }) => (ageMs === undefined ? plain() : ruled())),
  },
  'does not say that it is a duplicate': {
    caughtBy: again,
    wrong: (inner) => ({
      append: async (...of) => {
        const { epoch, offset, tag } = await inner.append(...of)
        return { epoch, offset, tag }
      },
    }),
  },
  'places a duplicate before its entry': {
    caughtBy: again,
    wrong: (inner) => ({
      append: async (...of) => {
        const appended = await inner.append(...of)
        return appended.duplicate ? { ...appended, offset: 0, tag: '' } : appended
      },
    }),
  },
  'begins with 1 only': {
    caughtBy: 'the first publication of a sender may have any number that is its base',
    wrong: publishing(({ n, highest, ruled }) => (!highest && n > 1 ? outOfOrder() : ruled())),
  },
  'begins with any number': {
    caughtBy: firstOutOfOrder,
    wrong: publishing(({ n, highest, ruled }) => ruled(highest ? {} : { base: n })),
  },
  'appends what it refuses': { caughtBy: firstOutOfOrder, wrong: appendsRefused },
  'keeps the number of what it refuses': { caughtBy: firstOutOfOrder, wrong: keepsRefused },
  'keeps the number of what it refuses after another': { caughtBy: outOfOrderBeyond, wrong: keepsRefused },
  'takes any number above the highest': {
    caughtBy: outOfOrderBeyond,
    wrong: publishing(({ n, highest, ruled }) => ruled(highest ? { base: n } : {})),
  },
  'never goes on after a hole': {
    caughtBy: jump,
    wrong: publishing(({ n, highest = n, ruled }) => (n > highest + 1 ? outOfOrder() : ruled())),
  },
  'knows each number and not the highest': { caughtBy: jump, wrong: numberByNumber },
  'looks for a duplicate in one step, and appends in the next': {
    caughtBy: 'concurrent appends of one publication append it once',
    wrong: inTwoSteps(({ sender }) => sender && `${sender.id} ${sender.n}`),
  },
  'appends each publication when it likes': {
    caughtBy:
      'concurrent publications of a sender are appended in order or out_of_order, and what is sent again once',
    wrong: publishing(async ({ n, ruled }) => {
      if (n % 2 === 0) await later()
      return ruled({ base: n })
    }),
  },
  'counts for all senders together': {
    caughtBy: 'the senders of a channel have numbers of their own',
    wrong: marked((mark) => ({ ...mark, id: 'all' })),
  },
  'counts a sender on all channels together': {
    caughtBy: 'a sender has numbers of its own on each channel',
    wrong: publishing(({ n, highest = 0, plain, duplicate }) => (n > highest ? plain() : duplicate()), {
      isShared: true,
    }),
  },
  'takes publications of any age': { caughtBy: old, wrong: marked(({ id, n, base }) => ({ id, n, base })) },
  'takes publications that are just as old as the window': {
    caughtBy: old,
    wrong: marked((mark) => (mark.ageMs === windowMs ? { ...mark, ageMs: windowMs - 1 } : mark)),
  },
  'forgets before the window is over': {
    caughtBy: old,
    wrong: marked((mark) => (mark.ageMs === windowMs - 1 ? { ...mark, ageMs: windowMs } : mark)),
  },
  'acknowledges what is too old when it knows the number': {
    caughtBy: old,
    wrong: publishing(({ n, highest, ruled, duplicate }) =>
      highest !== undefined && n <= highest ? duplicate() : ruled(),
    ),
  },
  'remembers nothing at a look': { caughtBy: look, wrong: looking(async () => undefined) },
  'remembers only the highest at a look': {
    caughtBy: look,
    wrong: looking((inner, channel, mark) => inner.recall(channel, { ...mark, n: mark.n + 1 })),
  },
  'applies at a look': {
    caughtBy: look,
    wrong: looking(async (inner, channel, sender) => {
      const known = await inner.recall(channel, sender)
      if (!known) await inner.append(channel, 'looked', { sender: { ...sender, base: sender.n } })
      return known
    }),
  },
  'looks at what is too old': {
    caughtBy: 'a look is indeterminate where an append would be',
    wrong: looking((inner, channel, { id, n, base }) => inner.recall(channel, { id, n, base })),
  },
}

export const brokenKeys: Broken = {
  'appends keys anew': { caughtBy: keyed, wrong: once(() => undefined) },
  'cuts keys short': {
    caughtBy: keyed,
    wrong: once((of) => (of.sender ? of : { key: of.key.slice(0, 255) })),
  },
  'takes an empty key for none': {
    caughtBy: keyed,
    wrong: once((of) => (of.sender || of.key ? of : undefined)),
  },
  'looks for a key in one step, and appends in the next': {
    caughtBy: 'concurrent appends of one key append it once',
    wrong: inTwoSteps(({ key }) => key),
  },
  'takes a key for a sender': {
    caughtBy: keysApart,
    wrong: once((of) => (of.sender ? of : { sender: { id: of.key, n: 1, base: 1 } })),
  },
  'knows a key on all channels': { caughtBy: keysApart, wrong: inTwoSteps(({ key }) => key) },
}

export const brokenLengths: Broken = Object.fromEntries(
  Object.entries<Break>({
    'cuts what is too long': (inner) => ({
      append: (channel, body, of) => inner.append(channel, body.slice(0, 100_000), of),
    }),
    'says of what is too long that it may come again': (inner) => ({
      append: (channel, body, of) =>
        body.length > 200_000
          ? Promise.reject(new SyncError('unavailable', 'Too long'))
          : inner.append(channel, body, of),
    }),
    'keeps the number of what is too long': (inner) => ({
      append: (channel, body, of) =>
        inner.append(channel, body, of).catch(async (error) => {
          if (of?.sender) await inner.append(channel, '', of)
          throw error
        }),
    }),
  }).map(([name, wrong]) => [
    name,
    { caughtBy: 'a body that is never taken is too_large, and leaves nothing', wrong },
  ]),
)

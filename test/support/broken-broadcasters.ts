import type { Broadcaster, Deliver, LogEntry } from '../../src/broadcasters/broadcaster.ts'

/** What it does instead of the broadcaster that it wraps. */
export type Break = (inner: Broadcaster) => Partial<Broadcaster>

/** One rule of the contract broken, by what is wrong, with the case that must say so. */
export type Broken = Readonly<Record<string, { readonly caughtBy: string; readonly wrong: Break }>>

const later = () => new Promise<void>((resolve) => setImmediate(resolve))

/** Passes on what `change` makes of each delivery: none, one or several entries. */
const delivering =
  (change: (entry: LogEntry) => readonly LogEntry[]): Break =>
  (inner) => ({
    subscribe: (channel, deliver) =>
      inner.subscribe(channel, (entry, epoch) => {
        for (const one of change(entry)) deliver(one, epoch)
      }),
  })

/** Changes the entries on every way out: reads, positions and deliveries. */
const storing =
  (change: (entry: LogEntry) => LogEntry): Break =>
  (inner) => ({
    read: async (channel, options) => {
      const { top, entries } = await inner.read(channel, options)
      const { offset, tag } = change({ ...top, previous: '', body: '' })
      return { top: { ...top, offset, tag }, entries: entries.map(change) }
    },
    append: async (channel, body) => {
      const position = await inner.append(channel, body)
      const { offset, tag } = change({ ...position, previous: '', body })
      return { ...position, offset, tag }
    },
    subscribe: (channel, deliver) =>
      inner.subscribe(channel, (entry, epoch) => deliver(change(entry), epoch)),
  })

/** Every subscription of a channel hears through one, so that one undo ends them all. */
const sharedUndo: Break = (inner) => {
  const undos = new Map<string, (() => void)[]>()
  return {
    async subscribe(channel, deliver) {
      const shared = undos.get(channel) ?? []
      undos.set(channel, shared)
      shared.push(await inner.subscribe(channel, deliver))
      return () => {
        for (const undo of shared) undo()
      }
    },
  }
}

/** Hears each function once, as a plain set of functions would. */
const sharedFunction: Break = (inner) => {
  const undos = new Map<Deliver, () => void>()
  return {
    async subscribe(channel, deliver) {
      undos.get(deliver)?.()
      const undo = await inner.subscribe(channel, deliver)
      undos.set(deliver, undo)
      return undo
    },
  }
}

const countedUndo: Break = (inner) => {
  const deaf = { left: 0 }
  return {
    async subscribe(channel, deliver) {
      deaf.left++
      const undo = await inner.subscribe(channel, (entry, epoch) => {
        if (deaf.left > 0) deliver(entry, epoch)
      })
      return () => {
        deaf.left--
        undo()
      }
    },
  }
}

/** Collects entries and delivers them later, without another look at whether anyone still wants them. */
const batching: Break = (inner) => ({
  async subscribe(channel, deliver) {
    const queue: [LogEntry, string][] = []
    return inner.subscribe(channel, (entry, epoch) => {
      queue.push([entry, epoch])
      if (queue.length > 1) return
      setImmediate(() => {
        for (const [one, of] of queue.splice(0)) deliver(one, of)
      })
    })
  },
})

/** Tells each reader in a time of its own, so that later entries overtake the first on the way to the second reader. */
const overtaking: Break = (inner) => {
  let readers = 0
  return {
    subscribe(channel, deliver) {
      const isSecond = readers++ > 0
      return inner.subscribe(channel, async (entry, epoch) => {
        if (isSecond && entry.offset === 1) await later()
        deliver(entry, epoch)
      })
    },
  }
}

const between = 'a read gives the entries between two offsets, and of them the newest up to a number'

export const brokenLogs: Broken = {
  'has no epoch before the first append': {
    caughtBy: 'a channel that was never written to has an epoch and ends at offset 0 with an empty tag',
    wrong: (inner) => ({
      read: async (channel, options) => {
        const read = await inner.read(channel, options)
        return read.top.offset > 0 ? read : { ...read, top: { ...read.top, epoch: '' } }
      },
    }),
  },
  'puts more than letters and digits into epochs': {
    caughtBy: 'a channel that was never written to has an epoch and ends at offset 0 with an empty tag',
    wrong: (inner) => ({
      read: async (channel, options) => {
        const read = await inner.read(channel, options)
        return { ...read, top: { ...read.top, epoch: `"${read.top.epoch}"` } }
      },
    }),
  },
  'begins a new epoch with the first append': {
    caughtBy: 'the first append stays in the epoch that a read has told',
    wrong: (inner) => ({
      append: async (channel, body) => {
        const position = await inner.append(channel, body)
        return { ...position, epoch: `${position.epoch} anew` }
      },
    }),
  },
  'counts from 0': {
    caughtBy: 'offsets count up by one from 1 and stay in one epoch',
    wrong: storing((entry) => ({ ...entry, offset: entry.offset - 1 })),
  },
  'leaves holes between offsets': {
    caughtBy: 'concurrent appends get an offset each, without holes, and each its own body',
    wrong: storing((entry) => ({ ...entry, offset: entry.offset * 2 })),
  },
  'gives all entries one tag': {
    caughtBy: 'each entry has a tag of its own, of letters and digits',
    wrong: storing((entry) => (entry.offset > 0 ? { ...entry, tag: 'same' } : entry)),
  },
  'puts more than letters and digits into tags': {
    caughtBy: 'each entry has a tag of its own, of letters and digits',
    wrong: storing((entry) => (entry.offset > 0 ? { ...entry, tag: `W/"${entry.tag}"` } : entry)),
  },
  'names its own tag as the previous one': {
    caughtBy: 'each entry names the tag of the one before it, and the first an empty one',
    wrong: storing((entry) => ({ ...entry, previous: entry.tag })),
  },
  'resolves an append before it can be read': {
    caughtBy: 'an append resolves only when its entry can be read, at the position that it told',
    wrong: (inner) => {
      let told = 0
      return {
        append: async (channel, body) => {
          void later()
            .then(() => inner.append(channel, body))
            .catch(() => {})
          return { epoch: (await inner.read(channel)).top.epoch, offset: ++told, tag: `tag ${told}` }
        },
      }
    },
  },
  'reads from an offset on and not above it': {
    caughtBy: 'a read gives the entries above an offset, oldest first',
    wrong: (inner) => ({
      read: (channel, { after } = {}) => inner.read(channel, after ? { after: after - 1 } : {}),
    }),
  },
  'reads newest first': {
    caughtBy: 'a read gives the entries above an offset, oldest first',
    wrong: (inner) => ({
      read: async (channel, options) => {
        const read = await inner.read(channel, options)
        return { ...read, entries: [...read.entries].reverse() }
      },
    }),
  },
  'reads everything unless it is told from where': {
    caughtBy: 'a read gives no entries unless it is asked for some',
    wrong: (inner) => ({ read: (channel, options) => inner.read(channel, { after: 0, ...options }) }),
  },
  'reads up to an offset and not below it': {
    caughtBy: between,
    wrong: (inner) => ({
      read: (channel, { before, ...query } = {}) =>
        inner.read(channel, before === undefined ? query : { ...query, before: before + 1 }),
    }),
  },
  'reads the oldest up to a number': {
    caughtBy: between,
    wrong: (inner) => ({
      read: async (channel, { limit, ...query } = {}) => {
        const { top, entries } = await inner.read(channel, query)
        return { top, entries: entries.slice(0, limit) }
      },
    }),
  },
  'tells the last entry that it reads as the top': {
    caughtBy: between,
    wrong: (inner) => ({
      read: async (channel, query) => {
        const { top, entries } = await inner.read(channel, query)
        return { top: { ...top, ...entries.at(-1) }, entries }
      },
    }),
  },
  'reads all when it is asked for none': {
    caughtBy: 'a read of a number of entries gives none, the newest, or all that are retained',
    wrong: (inner) => ({
      read: (channel, { limit, ...query } = {}) => inner.read(channel, limit ? { ...query, limit } : query),
    }),
  },
  'reads the top before the entries': {
    caughtBy: 'a read sees the top and the entries at one moment',
    wrong: (inner) => ({
      read: async (channel, options) => {
        const { top } = await inner.read(channel)
        await later()
        return { top, entries: (await inner.read(channel, options)).entries }
      },
    }),
  },
  'mixes up concurrent bodies': {
    caughtBy: 'concurrent appends get an offset each, without holes, and each its own body',
    wrong: (inner) => {
      let last = ''
      return {
        append: async (channel, body) => {
          last = body
          await later()
          return inner.append(channel, last)
        },
      }
    },
  },
  'trims bodies': {
    caughtBy: 'bodies come back as they were given, whatever text they are',
    wrong: (inner) => ({ append: (channel, body) => inner.append(channel, body.trim()) }),
  },
  'takes names that differ in case for one': {
    caughtBy: 'channels are kept apart, however alike their names',
    wrong: (inner) => ({
      append: (channel, body) => inner.append(channel.toLowerCase(), body),
      read: (channel, options) => inner.read(channel.toLowerCase(), options),
      subscribe: (channel, deliver) => inner.subscribe(channel.toLowerCase(), deliver),
    }),
  },
  'uses offsets again after eviction': {
    caughtBy: 'offsets are not used again when entries are evicted',
    wrong: storing((entry) => (entry.offset > 64 ? { ...entry, offset: entry.offset - 64 } : entry)),
  },
  'delivers an entry twice': {
    caughtBy: 'what is appended once a subscribe has resolved is delivered once and in log order',
    wrong: delivering((entry) => (entry.offset === 7 ? [entry, entry] : [entry])),
  },
  'loses an entry': {
    caughtBy: 'what is appended once a subscribe has resolved is delivered once and in log order',
    wrong: delivering((entry) => (entry.offset === 3 ? [] : [entry])),
  },
  'loses every delivery': {
    caughtBy: 'what is appended once a subscribe has resolved is delivered once and in log order',
    wrong: delivering(() => []),
  },
  'resolves a subscribe before it is in force': {
    caughtBy: 'a subscription of a channel with entries is told of later ones in log order',
    wrong: (inner) => ({
      subscribe: async (channel, deliver) => {
        const undo = later().then(() => inner.subscribe(channel, deliver))
        return () => void undo.then((call) => call())
      },
    }),
  },
  'delivers out of order': {
    caughtBy: 'what is appended once a subscribe has resolved is delivered once and in log order',
    wrong: (inner) => ({
      subscribe: (channel, deliver) => {
        const held: [LogEntry, string][] = []
        return inner.subscribe(channel, (entry, epoch) => {
          held.push([entry, epoch])
          if (entry.offset % 2 === 1 && entry.body !== 'end') return
          for (const [one, of] of held.splice(0).reverse()) deliver(one, of)
        })
      },
    }),
  },
  'delivers another previous tag than it reads': {
    caughtBy: 'what is delivered is what is read, in the same epoch',
    wrong: delivering((entry) => [{ ...entry, previous: '' }]),
  },
  'delivers another epoch than it reads': {
    caughtBy: 'what is delivered is what is read, in the same epoch',
    wrong: (inner) => ({
      subscribe: (channel, deliver) => inner.subscribe(channel, (entry) => deliver(entry, 'other')),
    }),
  },
  'replays old entries after new ones': {
    caughtBy: 'a subscription of a channel with entries is told of later ones in log order',
    wrong: (inner) => ({
      subscribe: async (channel, deliver) => {
        const { top, entries } = await inner.read(channel, { after: 0 })
        const old = [...entries]
        return inner.subscribe(channel, (entry, epoch) => {
          deliver(entry, epoch)
          for (const one of old.splice(0)) deliver(one, top.epoch)
        })
      },
    }),
  },
  'delivers in the middle of a delivery': {
    caughtBy: 'an append from within a delivery is delivered in log order to everyone',
    wrong: overtaking,
  },
  'ends all subscriptions of a channel with one undo': {
    caughtBy: 'nothing is delivered after the undo, which may be called twice',
    wrong: sharedUndo,
  },
  'knows a function only once': {
    caughtBy: 'subscriptions of one channel are independent, also with the same function',
    wrong: sharedFunction,
  },
  'counts an undo that is called twice as two': {
    caughtBy: 'nothing is delivered after the undo, which may be called twice',
    wrong: countedUndo,
  },
  'delivers after the undo': {
    caughtBy: 'nothing is delivered after the undo, which may be called twice',
    wrong: (inner) => ({
      subscribe: async (channel, deliver) => {
        await inner.subscribe(channel, deliver)
        return () => {}
      },
    }),
  },
  'finishes a batch after an undo': {
    caughtBy: 'nothing is delivered after an undo from within a delivery',
    wrong: batching,
  },
  'goes on delivering after a close': {
    caughtBy: 'nothing is delivered after a close, which may be called twice',
    wrong: () => ({ close: async () => {} }),
  },
  'cannot be closed twice': {
    caughtBy: 'nothing is delivered after a close, which may be called twice',
    wrong: (inner) => {
      let isClosed = false
      return {
        close: async () => {
          if (isClosed) throw new Error('closed already')
          isClosed = true
          await inner.close()
        },
      }
    },
  },
}

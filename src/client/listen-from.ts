import type { GapReason } from '../protocol/frames.ts'
import { Disposer, type Undo } from '../shared/disposer.ts'
import { type SyncError, toSyncError } from '../shared/errors.ts'
import { guard } from '../shared/guard.ts'
import type { Position } from '../shared/position.ts'
import type { Beginning, ListenFrom, UntypedChannel } from './channel.ts'
import { eventOf, type Past, type PastEntry, readPast, requireCount } from './past.ts'
import { anyEvent, type Gap, type MessageMeta, type Subscribed } from './subscription.ts'

/**
 * Lets a listener begin in the past: of the newest `count` retained entries of the channel's log it hears those that it listens to, marked as `replayed`,
 * and then what comes, without a hole and without a duplicate. They are fetched for this listener alone. It hears fewer where fewer are retained,
 * and none where they cannot be had, which goes to `onError` with the stage `subscribe`. Throws `bad_options`.
 */
export function rewind(count: number): Beginning {
  requireCount('rewind', count, 1)
  return beginningAt({
    since: undefined,
    find: async (channel, at) => {
      const past = await read(channel, count, at)
      return endsAt(past, at) ? past.entries : []
    },
  })
}

/**
 * Lets a listener begin after a position that a server has read (`hub.channel(…).position()`) before the rows that the app has from it: what was published
 * since is heard first, marked as `replayed`. Where it cannot be proven that this is all, everyone who listens for `gap` on the channel hears of it.
 * Throws `bad_options`.
 */
export function since(position: Position): Beginning {
  requireCount('since', (position as Position | undefined)?.offset, 0)
  return beginningAt({ since: position, find: (channel, at) => between(position, at, channel) })
}

interface Start {
  /** What is not after this is not heard, until a gap. */
  readonly since: Position | undefined
  /** The entries to be heard before those after `at`, or why they cannot be known. */
  find(channel: UntypedChannel, at: Position): Promise<readonly PastEntry[] | GapReason>
}

function beginningAt(start: Start): Beginning {
  const listen: ListenFrom = (channel, event, listener) =>
    new PastListener(channel, event, listener).follow(start)
  return listen as unknown as Beginning
}

/** One listener that begins in the past: what comes while that is on its way waits for it. */
class PastListener {
  readonly #channel: UntypedChannel
  readonly #event: string
  readonly #call: (data: unknown, meta: unknown) => void
  readonly #undos = new Disposer()
  /** What waits; `undefined` once the past was told. */
  #held: (() => void)[] | undefined = []
  /** Counts the beginnings: what was found for an earlier one is void. */
  #turn = 0

  constructor(channel: UntypedChannel, event: string, listener: (...args: never[]) => unknown) {
    this.#channel = channel
    this.#event = event
    const { link, name } = channel
    this.#call = guard(listener as (data: unknown, meta: unknown) => unknown, (error) =>
      link.report(toSyncError(error, 'listener_failed'), { stage: 'listener', channel: name, event }),
    )
  }

  follow(start: Start): Undo {
    const { on } = this.#channel
    let skipTo = start.since?.offset ?? 0
    const hear = (data: { readonly meta: MessageMeta }, meta: MessageMeta | undefined) => {
      const { position } = (meta ?? data.meta) as { position?: Position }
      const tell = () => this.#call(data, meta)
      // A message has no place in the log.
      if (!position) tell()
      else if (position.offset > skipTo) this.#held ? this.#held.push(tell) : tell()
    }
    this.#undos.own(on(this.#event, hear))
    this.#undos.own(
      on('gap', ({ position }: Gap) => {
        // The app hears of it as well, and of what comes after it from here.
        if (start.since) {
          skipTo = 0
          this.#turn++
          this.#held = undefined
        } else if (this.#held) void this.#begin(start, position)
      }),
    )
    this.#undos.own(
      on('subscribed', ({ position }: Subscribed) => {
        if (!this.#turn) void this.#begin(start, position)
      }),
    )
    return () => {
      this.#turn++
      this.#undos.dispose()
    }
  }

  async #begin(start: Start, at: Position): Promise<void> {
    const turn = ++this.#turn
    const held: (() => void)[] = []
    this.#held = held
    let found: readonly PastEntry[] | GapReason
    try {
      found = await start.find(this.#channel, at)
    } catch (error) {
      found = start.since ? 'retention' : []
      if (turn === this.#turn) this.#failed(toSyncError(error, 'internal'))
    }
    if (turn !== this.#turn) return
    if (typeof found === 'string') {
      this.#channel.link.lost(this.#channel.name, found)
      return
    }
    held.unshift(...found.map((entry) => () => this.#tell(entry, at.epoch)))
    // What comes from within a listener has its turn after what came before it.
    for (let next = held.shift(); next; next = held.shift()) {
      next()
      if (turn !== this.#turn) return
    }
    this.#held = undefined
  }

  #failed(error: SyncError): void {
    const { link, name } = this.#channel
    // Of those who wait for ever, only who closed the client is told so.
    const isClosed = error.code === 'closed' || error.code === 'indeterminate'
    if (!isClosed) link.report(error, { stage: 'subscribe', channel: name, event: this.#event })
  }

  #tell(entry: PastEntry, epoch: string): void {
    const isAny = this.#event === anyEvent
    if (!isAny && entry[5] !== this.#event) return
    const heard = eventOf(this.#channel, entry, epoch)
    if (!heard) return
    if (isAny) this.#call(heard, undefined)
    else this.#call(heard.data, heard.meta)
  }
}

/** What lies between `since` and `at`, or that it cannot be known; nothing, if the log holds `since` and that is the later one. */
async function between(
  since: Position,
  at: Position,
  channel: UntypedChannel,
): Promise<readonly PastEntry[] | GapReason> {
  const missed = at.offset - since.offset
  if (since.epoch !== at.epoch) return 'epoch'
  if (missed === 0) return since.tag === at.tag ? [] : 'rollback'
  const end = missed > 0 ? at : since
  const past = await read(channel, Math.max(1, missed), end)
  const [first] = past.entries
  if (missed > 0 && first?.[0] !== since.offset + 1) return past.more ? 'overflow' : 'retention'
  if (!endsAt(past, end) || (missed > 0 && first![2] !== since.tag)) return 'rollback'
  return missed > 0 ? past.entries : []
}

/** The newest entries up to `end`. Waits for a connection as long as it takes. */
function read(channel: UntypedChannel, limit: number, end: Position): Promise<Past> {
  return readPast(channel, { limit, before: end.offset + 1 }, { timeoutMs: Number.POSITIVE_INFINITY })
}

function endsAt({ epoch, entries }: Past, end: Position): boolean {
  const last = entries.at(-1)
  return epoch === end.epoch && last?.[0] === end.offset && last[1] === end.tag
}

import type { HubFrame } from '../protocol/frames.ts'
import type { AnyRegistry } from '../registry/registry.ts'
import { Disposer, type Undo } from '../shared/disposer.ts'
import { SyncError, toSyncError } from '../shared/errors.ts'
import { randomMark } from '../shared/random.ts'
import { type Client, createClient } from './create-client.ts'
import type { SendName } from './diagnostics.ts'
import type { Answer, Draft, KeptDraft, SendOptions } from './outbox.ts'
import { besideOf, type PendingSend, pendingSends } from './pending-sends.ts'
import type { Claim } from './persist-claim.ts'
import { misfit } from './persist-misfit.ts'
import { PersistPositions } from './persist-positions.ts'
import {
  isSession,
  type KeptRow,
  type Left,
  parsed,
  type Records,
  readLeft,
  recordsById,
  usefulMs,
} from './persist-records.ts'
import type { PersistStorage } from './persist-storage.ts'
import { PersistWriter } from './persist-writer.ts'
import type { Wires } from './wires.ts'

export interface KeeperSettings {
  readonly storage: PersistStorage
  /** What the keys of this user begin with. */
  readonly root: string
  readonly claim: Claim
  readonly keep: (send: SendName) => boolean
  readonly storageTimeoutMs: number
  readonly tab?: Pick<Storage, 'getItem' | 'setItem'> | undefined
  /** The session of a page that is gone, to be sent for it and then forgotten. Default: one of this page. */
  readonly left?: Claimed
}

/** A session that is this page's alone. */
interface Claimed {
  readonly id: string
  readonly release: Undo
}

/** A send that is followed until it is settled. */
interface Kept {
  /** Where it is written; none before the session is known. */
  key?: string
  readonly row: KeptRow
  /** Whether the hub may have had it before it was last sent. */
  isResent?: boolean
}

/** How often to look for what pages that are gone have left, in milliseconds. */
const watchMs = 30_000

/** How long the page before a reload may take to be gone, in milliseconds. */
const reloadMs = 250

/** More than can have been sent without being written. */
const jump = 2 ** 20

/** Stands between the parts of one client: what is to be sent is written first, and what an earlier page has left is taken up. */
export class Keeper {
  readonly #wires: Wires
  readonly #settings: KeeperSettings
  readonly #writer: PersistWriter
  readonly #positions = new PersistPositions((channel, position) => {
    this.#writer.put(this.#key(`p${channel}`), position && [this.#now, position])
  })
  /** What is not settled. */
  readonly #kept = new Set<Kept>()
  readonly #failed = new Set<PendingSend>()
  /** Clients that send for pages that are gone, by the session. */
  readonly #couriers = new Map<string, Client<AnyRegistry>>()
  #session: Claimed | undefined
  #secret: string
  #lastKey: number
  #isClosed = false
  /** Of the one timer: first for a reload, then for looking around. */
  #stopTimer: Undo | undefined
  #isWatching = false

  constructor(wires: Wires, settings: KeeperSettings) {
    this.#wires = wires
    this.#settings = settings
    const { settings: given, link, client } = wires
    this.#writer = new PersistWriter({
      ...settings,
      clock: given.clock,
      forward: link.send,
      failed: (error) => this.#report(error),
    })
    this.#secret = given.hello(undefined)[1].session
    this.#lastKey = this.#now * 1_000
    this.#join(this.#writer.limited(this.#open()).catch((cause) => this.#writer.fail(cause)))
    besideOf.set(client.outbox, () => [
      ...this.#failed,
      ...[...this.#couriers.values()].flatMap(pendingSends),
    ])
  }

  get #now(): number {
    return this.#wires.settings.clock.now()
  }

  /** Puts its own functions between the parts. */
  #join(ready: Promise<void>): void {
    const { client, settings, facts, link, handles } = this.#wires
    const { auth, hello } = settings
    const { received } = facts
    const { send } = handles
    const close = client.close.bind(client)
    // The session goes on, and may use no reference twice.
    let lastRef = Math.floor(settings.random() * 2 ** 32) * 2 ** 20
    link.nextRef = () => ++lastRef
    link.send = (frame) => this.#writer.send(this.#positions.sent(frame))
    facts.received = (frame) => this.#positions.received(this.#checked(frame), received)
    settings.auth = async (request) => {
      this.#writer.reset()
      this.#positions.reset()
      await ready
      if (!this.#isWatching && !this.#settings.left) this.#watch()
      return (await auth?.(request)) as string
    }
    settings.hello = (token) => {
      const [type, options] = hello(token)
      return [type, { ...options, session: this.#secret }]
    }
    handles.send = (draft, options) => send(this.#made(draft, options), options)
    const page: Partial<EventTarget> = globalThis
    page.addEventListener?.('pagehide', this.#writer.flush)
    client.close = () => {
      page.removeEventListener?.('pagehide', this.#writer.flush)
      this.#close()
      close()
    }
  }

  #close(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#stopTimer?.()
    for (const courier of this.#couriers.values()) courier.close()
    this.#writer.close()
    this.#session?.release()
    if (!this.#settings.left) this.#settings.storage.close?.()
  }

  /** Finds a session, and takes up what is left of it. */
  async #open(): Promise<void> {
    const { storage, root, tab, left } = this.#settings
    const isOver = () => this.#isClosed || !this.#writer.isOn
    const hint = tab?.getItem(root) ?? ''
    const found = left ? new Map<string, Records>() : recordsById(await storage.read(root), root)
    const claimed = left ?? (await this.#claim(found, hint))
    if (isOver()) {
      claimed.release()
      return
    }
    this.#session = claimed
    const { id } = claimed
    // Its page may have written until it was gone.
    const records = recordsById(await storage.read(`${root}${id}/`), root).get(id) ?? new Map()
    const own = readLeft(records, this.#now)
    this.#secret = own.secret ?? this.#secret
    await storage.write(new Map([[this.#key('s'), this.#sessionText()]]))
    if (isOver()) return
    tab?.setItem(root, id)
    this.#writer.know([...records.keys(), 's'].map((end) => this.#key(end)))
    // Where another page sends for the one before a reload, this one still goes on from where that stood.
    const before = id === hint ? undefined : found.get(hint)
    this.#take(own, before ? readLeft(before, this.#now) : own)
  }

  /** The session of the page before a reload, else the last one that is free, else a new one. */
  async #claim(found: ReadonlyMap<string, Records>, hint: string): Promise<Claimed> {
    const at = (id: string) => parsed(found.get(id)!.get('s'), isSession)?.[1] ?? 0
    const others = [...found.keys()].filter((id) => id !== hint).sort((a, b) => at(b) - at(a))
    const first = found.has(hint) ? [hint, hint] : []
    for (const id of [...first, ...others, randomMark(this.#wires.settings.random, 12)]) {
      const release = await this.#settings.claim(this.#settings.root + id)
      if (release) return { id, release }
      if (id === first.shift()) await new Promise<void>((resolve) => this.#after(reloadMs, resolve))
    }
    throw new Error('Nothing can be claimed')
  }

  #take({ secret, numbers, sends, useless }: Left, { positions }: Left): void {
    const { client } = this.#wires
    const early = [...this.#kept]
    const drafts: [KeptRow, KeptDraft<unknown>][] = []
    for (const [channel, position] of positions) this.#positions.left.set(channel, position)
    for (const [channel, last] of numbers) client.outbox.numbered(channel, last)
    for (const [end, row] of sends) {
      this.#lastKey = Math.max(this.#lastKey, Number(end.slice(1)) || 0)
      const kept = { key: this.#key(end), row }
      const isNew = row.number === undefined
      const isLost = !isNew && !secret
      const why = isLost
        ? new SyncError('indeterminate', 'Sent, and the session that it was sent in cannot be read')
        : isNew && misfit(client.registry, row)
      if (why) {
        this.#fail(row, why)
        this.#writer.put(kept.key, undefined)
      } else drafts.push([row, this.#draft(kept)])
    }
    for (const end of useless) this.#writer.put(this.#key(end), undefined)
    const lost = useless.filter((end) => end[0] === 'e').length
    if (lost) this.#report(new SyncError('storage_failed', `${lost} sends cannot be read, and are lost`))
    // What was made while all this was read comes after it.
    for (const kept of early) this.#write(kept)
    const outcomes = client.outbox.restore(drafts.map(([, draft]) => draft))
    outcomes.forEach((outcome, i) => {
      outcome.catch((error) => this.#fail(drafts[i]![0], error))
    })
    if (drafts.length > 0 && !client.isOff) client.connect()
    this.#finish()
  }

  /** What is left of a send, with the time that it still has. */
  #draft(kept: Kept): KeptDraft<unknown> {
    const { createdAt, timeoutMs, sentAt, ...row } = kept.row
    const { ttlMs, giveUpMs } = this.#wires.settings.outbox
    const begin = timeoutMs === undefined ? (sentAt ?? createdAt) : createdAt
    const leftMs = begin + (timeoutMs ?? (sentAt === undefined ? ttlMs : giveUpMs)) - this.#now
    const read = ({ position }: Answer) => position
    return { ...row, createdAt, sentAt, leftMs, read, ...this.#follow(kept) }
  }

  /** The draft, to be followed if it is to be kept. */
  #made<Result>(draft: Draft<Result>, options: SendOptions = {}): Draft<Result> {
    const { kind, channel, name, data, frame } = draft
    if (frame || !this.#writer.isOn || !this.#settings.keep({ kind, channel, name })) return draft
    const standard = kind === 'request' ? this.#wires.settings.requestTimeoutMs : undefined
    const timeoutMs = options.timeoutMs ?? standard
    const row: KeptRow = { kind, channel, name, data, createdAt: this.#now }
    // There is no endless number in JSON.
    const kept: Kept = {
      row: timeoutMs === undefined ? row : { ...row, timeoutMs: Math.min(timeoutMs, 1e15) },
    }
    this.#write(kept)
    return { ...draft, ...this.#follow(kept) }
  }

  #follow(kept: Kept): Pick<KeptDraft<unknown>, 'undos' | 'sent'> {
    const { row } = kept
    const undos = new Disposer()
    this.#kept.add(kept)
    undos.own(() => {
      // What is settled with the client is left to the next one.
      if (this.#isClosed) return
      this.#kept.delete(kept)
      if (kept.key) this.#writer.put(kept.key, undefined)
      this.#finish()
    })
    const sent = (number: number, isResend: boolean) => {
      kept.isResent = isResend
      if (row.number !== undefined) return
      row.number = number
      row.sentAt = this.#now
      if (row.kind === 'publication') this.#writer.putAhead(this.#key(`n${row.channel}`), [this.#now, number])
      this.#write(kept)
    }
    return { undos, sent }
  }

  #write(kept: Kept): void {
    if (!this.#session) return
    kept.key ??= this.#key(`e${String(++this.#lastKey).padStart(16, '0')}`)
    this.#writer.putAhead(kept.key, kept.row)
  }

  /** What was never sent cannot be a duplicate: its number was used by what is not written, as after a loss of power. */
  #checked(frame: HubFrame): HubFrame {
    if (frame[0] !== 'ack' || !frame[4]) return frame
    const [, channel, number] = frame
    const isIt = ({ row }: Kept) => row.channel === channel && row.number === number && row.kind !== 'request'
    const kept = [...this.#kept].find(isIt)
    if (!kept || kept.isResent) return frame
    this.#wires.client.outbox.numbered(channel, number + jump)
    return [
      'nak',
      channel,
      number,
      'indeterminate',
      'Its number was taken by what is not known here any more',
    ]
  }

  /** Tells of a send whose sender is gone. */
  #fail({ createdAt, ...row }: KeptRow, thrown: unknown): void {
    if (this.#isClosed) return
    const error = toSyncError(thrown, 'internal')
    const { kind, channel, name, data } = row
    const drop = () => this.#failed.delete(failed)
    const failed: PendingSend = { kind, channel, name, data, since: createdAt, state: 'failed', error, drop }
    this.#failed.add(failed)
    this.#report(error, channel, name)
  }

  #report(error: SyncError, channel?: string, event?: string): void {
    this.#wires.link.report(error, { stage: 'persist', channel, event })
  }

  /** Sends for pages that are gone, now and from time to time. */
  #watch(): void {
    this.#isWatching = true
    const again = () => {
      if (this.#isClosed || !this.#writer.isOn) return
      this.#after(watchMs, () => this.#watch())
    }
    if (this.#wires.client.isOff) again()
    else this.#lookAround().then(again, (cause) => this.#writer.fail(cause))
  }

  async #lookAround(): Promise<void> {
    const { storage, root, claim } = this.#settings
    this.#writer.put(this.#key('s'), [this.#secret, this.#now])
    for (const [id, records] of recordsById(await storage.read(root), root)) {
      const { sends } = readLeft(records, this.#now)
      const isUseful = this.#now - (parsed(records.get('s'), isSession)?.[1] ?? 0) < usefulMs
      // One without sends is kept for the reload that its page may be in.
      if (id === this.#session?.id || this.#couriers.has(id) || (sends.size === 0 && isUseful)) continue
      const release = await claim(root + id)
      if (this.#isClosed) release?.()
      else if (release) this.#sendFor({ id, release })
    }
  }

  #sendFor(left: Claimed): void {
    const { client, options } = this.#wires
    const persist = (wires: Wires) => {
      new Keeper(wires, { ...this.#settings, left })
      const close = wires.client.close.bind(wires.client)
      wires.client.close = () => {
        this.#couriers.delete(left.id)
        close()
      }
    }
    this.#couriers.set(left.id, createClient(client.registry, { ...options, enabled: true, persist }))
  }

  /** Ends what sends for another page, once that is done. */
  #finish(): void {
    if (!this.#settings.left || this.#kept.size > 0) return
    this.#writer.purge()
    this.#wires.client.close()
  }

  #sessionText(): string {
    return JSON.stringify([this.#secret, this.#now])
  }

  #key(end: string): string {
    return `${this.#settings.root}${this.#session?.id}/${end}`
  }

  #after(ms: number, run: () => void): void {
    this.#stopTimer = this.#wires.settings.clock.after(ms, run)
  }
}

import type { Clock } from '../shared/clock.ts'

/** What waits on a wheel; each waits for one thing at a time. */
export interface WheelItem {
  /** Where it waits; `undefined` when it does not. Written by the wheel alone. */
  slot: number | undefined
}

export interface WheelParts<Item> {
  readonly clock: Clock
  /** How long one tick is, in milliseconds: an item expires up to one tick late, never early. */
  readonly tickMs: number
  readonly expired: (item: Item) => void
}

/** After a long pause the wheel catches up by so many ticks at once: a wall clock that was set forward must not end everything. */
const mostTicks = 8

/**
 * One timer for all that wait: ten thousand sessions need no ten thousand timers. Runs only while anything waits.
 */
export class TimerWheel<Item extends WheelItem> {
  readonly #parts: WheelParts<Item>
  readonly #slots = new Map<number, Set<Item>>()
  #tick = 0
  #tickedAt = 0
  #waiting = 0
  #cancel: (() => void) | undefined

  constructor(parts: WheelParts<Item>) {
    this.#parts = parts
  }

  /** Lets an item expire in `ms` milliseconds, instead of what it waits for. */
  schedule(item: Item, ms: number): void {
    this.cancel(item)
    const { clock, tickMs } = this.#parts
    if (!this.#cancel) this.#start()
    // As far as the next turn will count it.
    const sinceTick = Math.min(Math.max(0, clock.now() - this.#tickedAt), mostTicks * tickMs)
    const slot = this.#tick + Math.max(1, Math.ceil((ms + sinceTick) / tickMs))
    let items = this.#slots.get(slot)
    if (!items) {
      items = new Set()
      this.#slots.set(slot, items)
    }
    items.add(item)
    item.slot = slot
    this.#waiting++
  }

  /** Lets an item wait no longer. */
  cancel(item: Item): void {
    if (item.slot === undefined) return
    this.#slots.get(item.slot)?.delete(item)
    item.slot = undefined
    this.#waiting--
    if (this.#waiting === 0) this.#stop()
  }

  #start(): void {
    this.#tickedAt = this.#parts.clock.now()
    this.#wait()
  }

  #wait(): void {
    const { clock, tickMs } = this.#parts
    this.#cancel = clock.after(Math.max(1, this.#tickedAt + tickMs - clock.now()), () => this.#turn())
  }

  #stop(): void {
    this.#cancel?.()
    this.#cancel = undefined
    this.#slots.clear()
  }

  #turn(): void {
    const { clock, tickMs } = this.#parts
    const now = clock.now()
    const passed = Math.max(1, Math.floor((now - this.#tickedAt) / tickMs))
    const ticks = Math.min(passed, mostTicks)
    // What is left of a tick counts for the next one, or the lateness of timers would add up; after a clock was set, it means nothing.
    this.#tickedAt = now > this.#tickedAt && passed === ticks ? this.#tickedAt + ticks * tickMs : now
    // Counted before anything expires: what is scheduled then waits from now on, not from the first of these ticks.
    const from = this.#tick + 1
    this.#tick += ticks
    const until = this.#tick
    this.#wait()
    for (let slot = from; slot <= until; slot++) this.#expire(slot)
  }

  #expire(slot: number): void {
    const items = this.#slots.get(slot)
    if (!items) return
    // An item that is cancelled by the end of another one is skipped; one that is scheduled again waits elsewhere.
    for (const item of items) {
      this.cancel(item)
      this.#parts.expired(item)
    }
    this.#slots.delete(slot)
  }
}

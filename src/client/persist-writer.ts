import type { ClientFrame } from '../protocol/frames.ts'
import type { Clock } from '../shared/clock.ts'
import type { Undo } from '../shared/disposer.ts'
import { SyncError } from '../shared/errors.ts'
import type { PersistStorage } from './persist-storage.ts'

export interface WriterLink {
  readonly storage: PersistStorage
  readonly clock: Clock
  /** How long the storage may take, in milliseconds. */
  readonly storageTimeoutMs: number
  /** Sends what was held back. */
  forward(frame: ClientFrame): void
  /** Hears once that nothing is kept any more. */
  failed(error: SyncError): void
}

/** How long positions may wait to be written, in milliseconds. */
const lingerMs = 250

/** Writes records, batch after batch, and holds frames back until what must be known of them is written. */
export class PersistWriter {
  /** Whether records are still written. */
  isOn = true
  readonly #link: WriterLink
  readonly #written = new Set<string>()
  /** What is not written yet; made into text when it is, as it may change until then. */
  #changes = new Map<string, unknown>()
  #held: ClientFrame[] = []
  /** Whether a frame must wait for a change. */
  #isAhead = false
  #isBusy = false
  #stopLinger: Undo | undefined
  #stopLimit: Undo | undefined

  constructor(link: WriterLink) {
    this.#link = link
  }

  /** Takes records as written. */
  know(keys: Iterable<string>): void {
    for (const key of keys) this.#written.add(key)
  }

  /** Writes a record, or removes it, soon. */
  put(key: string, value: unknown): void {
    if (!this.isOn) return
    this.#changes.set(key, value)
    this.#stopLinger ??= this.#link.clock.after(lingerMs, this.flush)
  }

  /** Writes a record before any frame is sent that comes after this. */
  putAhead(key: string, value: unknown): void {
    if (!this.isOn) return
    this.#changes.set(key, value)
    this.#isAhead = true
    this.flush()
  }

  send(frame: ClientFrame): void {
    if (!this.#isAhead && this.#held.length === 0) this.#link.forward(frame)
    else this.#held.push(frame)
  }

  /** The connection is gone, and what was to be sent on it. */
  reset(): void {
    this.#held = []
  }

  /** Writes what has changed; of a storage that has failed, removes what it holds, as it may have come back. */
  readonly flush = (): void => {
    if (!this.isOn) this.purge()
    this.#stopLinger?.()
    this.#stopLinger = undefined
    if (this.#isBusy) return
    this.#isBusy = true
    // What changes in one go is written in one go.
    void Promise.resolve().then(() => this.#writeAll())
  }

  /** The same promise, which rejects when it takes too long. One at a time. */
  limited<T>(work: Promise<T>): Promise<T> {
    const { clock, storageTimeoutMs } = this.#link
    return new Promise<T>((resolve, reject) => {
      const late = () => reject(new Error(`No answer in ${storageTimeoutMs} ms`))
      const stop = clock.after(storageTimeoutMs, late)
      this.#stopLimit = stop
      work.then(resolve, reject).finally(stop)
    })
  }

  /** Goes on without the storage, of which nothing may come back: what is sent from now on is not known there. */
  fail(cause: unknown): void {
    if (!this.isOn) return
    this.isOn = false
    this.purge()
    this.#link.failed(
      new SyncError('storage_failed', 'What is to be sent is not kept over a reload', { cause }),
    )
  }

  /** Removes all records. */
  purge(): void {
    for (const key of this.#changes.keys()) this.#written.add(key)
    this.#changes = new Map()
    this.#last(new Map([...this.#written].map((key) => [key, undefined])))
  }

  close(): void {
    this.#stopLinger?.()
    this.#stopLimit?.()
    if (!this.isOn) this.purge()
    else if (this.#changes.size > 0) this.#last(this.#batch())
    this.isOn = false
    this.#held = []
  }

  /** Nobody waits for this, nor could do anything about it. */
  #last(batch: ReadonlyMap<string, string | undefined>): void {
    const { storage } = this.#link
    if (batch.size > 0) new Promise((resolve) => resolve(storage.write(batch))).catch(() => {})
  }

  #batch(): Map<string, string | undefined> {
    const batch = new Map<string, string | undefined>()
    for (const [key, value] of this.#changes) {
      if (value === undefined) this.#written.delete(key)
      else this.#written.add(key)
      batch.set(key, value === undefined ? value : JSON.stringify(value))
    }
    this.#changes = new Map()
    this.#isAhead = false
    return batch
  }

  async #writeAll(): Promise<void> {
    while ((this.isOn && this.#changes.size > 0) || this.#held.length > 0) {
      const held = this.#held
      const count = held.length
      const batch = this.#batch()
      if (this.isOn && batch.size > 0) {
        try {
          await this.limited(new Promise<void>((resolve) => resolve(this.#link.storage.write(batch))))
        } catch (cause) {
          this.fail(cause)
        }
      }
      if (held === this.#held) for (const frame of held.splice(0, count)) this.#link.forward(frame)
    }
    this.#isBusy = false
  }
}

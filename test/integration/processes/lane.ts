import type { Socket } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import { UnitCutter, type WireUnit } from './wire-units.ts'

/** How slow a link is. */
export interface Pace {
  readonly latencyMs: number
  readonly bytesPerSecond: number
}

/** How much of a slow link's bytes travel at a time. */
const pieceBytes = 256

/** One direction of a connection through a proxy. */
export class Lane {
  /** Nothing passes any more, not even the end. */
  isDead = false
  /** What waits to be released, while it is held. */
  held: Buffer[] | undefined
  pace: Pace | undefined
  /** How many bytes came to nothing. */
  swallowed = 0
  readonly #into: Socket
  #before = Promise.resolve()
  #waiting = 0
  #freeAt = 0

  /** `see` looks at each unit before it passes, and takes it where it returns `true`. */
  constructor(from: Socket, into: Socket, see: (unit: WireUnit) => boolean) {
    this.#into = into
    const cutter = new UnitCutter()
    from.on('data', (bytes: Buffer) => {
      if (this.isDead) this.swallowed += bytes.length
      else for (const unit of cutter.feed(bytes)) if (this.isDead || !see(unit)) this.pass(unit.bytes)
    })
    from.on('end', () => this.#finish(() => into.end()))
    from.on('close', () => this.#finish(() => into.destroy()))
    from.on('error', () => {})
  }

  pass(bytes: Buffer): void {
    if (this.isDead) this.swallowed += bytes.length
    else if (this.held) this.held.push(bytes)
    else if (!this.pace && this.#waiting === 0) this.#into.write(bytes)
    else
      for (let at = 0; at < bytes.length; at += pieceBytes) this.#later(bytes.subarray(at, at + pieceBytes))
  }

  /** Lets what was held go on, and then the end of a connection whose other side has gone. */
  release(isLast: boolean): void {
    const held = this.held ?? []
    this.held = undefined
    for (const bytes of held) this.pass(bytes)
    if (isLast) this.#finish(() => this.#into.end())
  }

  #later(piece: Buffer): void {
    const { latencyMs, bytesPerSecond } = this.pace ?? {
      latencyMs: 0,
      bytesPerSecond: Number.POSITIVE_INFINITY,
    }
    const now = performance.now()
    this.#freeAt = Math.max(this.#freeAt, now) + (piece.length / bytesPerSecond) * 1_000
    const at = this.#freeAt + latencyMs
    this.#waiting++
    this.#before = this.#before.then(async () => {
      await wait(Math.max(0, at - performance.now()), undefined, { ref: false })
      this.#waiting--
      if (this.isDead) this.swallowed += piece.length
      else this.#into.write(piece)
    })
  }

  #finish(end: () => void): void {
    this.#before = this.#before.then(() => {
      if (!this.isDead && !this.held) end()
    })
  }
}

import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import { Lane, type Pace } from './lane.ts'
import { closeFrame, type WireUnit } from './wire-units.ts'

/** `up`: from the client to the hub. */
export type Way = 'up' | 'down'

/** How a connection ends: reset, without a close frame, only on the client's side, or with a close code for both sides. */
export type CutKind = 'reset' | 'end' | 'near' | number

/**
 * What happens to the next unit of a type. `middle`: half of it passes, and then there is no connection. `hold`: it and all after it wait for
 * `release`; upwards only.
 */
export type TrapAct = 'cut before' | 'cut after' | 'middle' | 'twice' | 'hold'

/** Waits for a frame of a type on any connection, for one time. */
export interface Trap {
  readonly way: Way
  readonly type: string
  readonly act: TrapAct
}

/** A connection of a client through a proxy. */
interface Line {
  readonly near: Socket
  readonly far: Socket
  readonly up: Lane
  readonly down: Lane
}

/** A way to a port of this machine on which everything can happen that networks and other proxies do. It knows the frames. */
export class FaultProxy {
  /** How many connections it has taken. */
  accepted = 0
  readonly #to: number
  readonly #tell: (fault: string) => void
  readonly #server: Server
  readonly #lines = new Set<Line>()
  #traps: Trap[] = []
  #pace: Pace | undefined

  /** `tell` hears of each fault when it happens. */
  constructor(to: number, tell: (fault: string) => void) {
    this.#to = to
    this.#tell = tell
    this.#server = createServer({ allowHalfOpen: true, noDelay: true }, (near) => this.#accept(near))
  }

  /** Listens on a port of its own. */
  async open(): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject)
      this.#server.listen(0, '127.0.0.1', resolve)
    })
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  /** How many bytes came to nothing. */
  get swallowed(): number {
    return [...this.#lines].reduce((sum, { up, down }) => sum + up.swallowed + down.swallowed, 0)
  }

  /** How many units wait for `release`. */
  get held(): number {
    return [...this.#lines].reduce((sum, { up }) => sum + (up.held?.length ?? 0), 0)
  }

  /** The traps that have not been sprung. */
  get armed(): readonly Trap[] {
    return this.#traps
  }

  /** How many connections have not ended on both sides. */
  get lines(): number {
    return this.#lines.size
  }

  cut(how: CutKind): void {
    for (const line of this.#lines) this.#cut(line, how)
  }

  /** From now on nothing passes that way on the connections that there are, not even their end; later ones are whole. */
  swallow(way: Way): void {
    for (const line of this.#lines) {
      if (line[way].isDead) continue
      line[way].isDead = true
      this.#tell(`half-open ${way}`)
    }
  }

  /** Keeps what clients send on the connections that there are until `release`, also when their side is gone. */
  hold(): void {
    for (const { near, up } of this.#lines) if (!near.destroyed) up.held ??= []
  }

  release(): void {
    for (const { near, up } of this.#lines) {
      if (!up.held) continue
      if (near.destroyed && up.held.length > 0) this.#tell('late frames of an older socket')
      up.release(near.destroyed)
    }
  }

  /** Makes all connections slow, the next ones too; `undefined`: no longer. */
  slow(pace: Pace | undefined): void {
    this.#pace = pace
    if (pace) this.#tell('slow')
    for (const { up, down } of this.#lines) up.pace = down.pace = pace
  }

  arm(trap: Trap): void {
    this.#traps.push(trap)
  }

  /** Ends all faults that are still to come; what was swallowed stays lost. */
  heal(): void {
    this.#traps = []
    this.release()
    this.slow(undefined)
  }

  /** Ends the connections that are half-open, as the system of either side does after a long time. */
  bury(): void {
    for (const { near, far, up, down } of this.#lines) {
      if (!up.isDead && !down.isDead) continue
      near.destroy()
      far.destroy()
    }
  }

  async close(): Promise<void> {
    for (const { near, far } of this.#lines) {
      near.destroy()
      far.destroy()
    }
    await new Promise((resolve) => this.#server.close(resolve))
  }

  #accept(near: Socket): void {
    this.accepted++
    const far = connect({ port: this.#to, host: '127.0.0.1', allowHalfOpen: true, noDelay: true })
    const line: Line = {
      near,
      far,
      up: new Lane(near, far, (unit) => this.#see(line, 'up', unit)),
      down: new Lane(far, near, (unit) => this.#see(line, 'down', unit)),
    }
    line.up.pace = line.down.pace = this.#pace
    this.#lines.add(line)
    const look = () => {
      if (near.destroyed && far.destroyed) this.#lines.delete(line)
    }
    near.on('close', look)
    far.on('close', look)
  }

  #cut(line: Line, how: CutKind): void {
    const { near, far, up, down } = line
    if (near.destroyed) return
    this.#tell(`cut: ${how}`)
    if (how === 'near') {
      near.resetAndDestroy()
      return
    }
    up.isDead = down.isDead = true
    if (how === 'reset') {
      near.resetAndDestroy()
      far.resetAndDestroy()
    } else {
      const isCode = typeof how === 'number'
      hangUp(near, isCode && closeFrame(how, false))
      hangUp(far, isCode && closeFrame(how, true))
    }
  }

  /** Springs a trap on a unit; `true` where the unit has been dealt with. */
  #see(line: Line, way: Way, unit: WireUnit): boolean {
    const at = this.#traps.findIndex((trap) => trap.way === way && unit.types.includes(trap.type))
    const [trap] = at < 0 ? [] : this.#traps.splice(at, 1)
    if (!trap) return false
    const { act, type } = trap
    this.#tell(`${act} ${way} ${type}`)
    const lane = line[way]
    if (act === 'hold') {
      lane.held ??= []
      lane.pass(unit.bytes)
      return true
    }
    if (act === 'twice') {
      lane.pass(unit.bytes)
      lane.pass(Buffer.from(unit.bytes))
      return true
    }
    const passes = {
      'cut before': 0,
      middle: Math.ceil(unit.bytes.length / 2),
      'cut after': unit.bytes.length,
    }[act]
    if (passes > 0) lane.pass(unit.bytes.subarray(0, passes))
    // Written before the end, it arrives before the end.
    this.#cut(line, 'end')
    return true
  }
}

/** Ends a connection after what was written to it, and after `last`. */
function hangUp(socket: Socket, last: Buffer | false): void {
  if (last) socket.write(last)
  socket.end()
  socket.resume()
  socket.once('end', () => socket.destroy())
  // Who does not end its side, such as a process that is stopped, is not waited for.
  if (!last) socket.once('finish', () => socket.destroy())
}

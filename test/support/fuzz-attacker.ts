import { connect, type Socket } from 'node:net'
import { type Attack, bytesOf, codesOf } from './fuzz-grammar.ts'
import { answerKey, answersDue, type JudgedFrame, type Verdict, verdictOf } from './fuzz-judge.ts'
import { closePayload, frameReader, opcodes, wireFrame } from './fuzz-wire.ts'

/** The number in the ping after which all that was written is known to have been read. */
const lastPing = 4_242

export interface Target {
  readonly port: number
  readonly maxMessageBytes: number
  /** How long a condition may take, in milliseconds. */
  readonly patienceMs: number
}

/** A connection of which every byte is written by hand. */
class Attacker {
  readonly frames: JudgedFrame[] = []
  /** The close code that the hub sent, if it did. */
  code: number | undefined
  isGone = false
  /** The hub was gone while there was still something to write: what it said last may be lost. */
  isBroken = false
  readonly #socket: Socket
  readonly #read = frameReader()
  #head: Buffer | undefined = Buffer.alloc(0)
  #texts: Buffer[] = []
  readonly #patienceMs: number
  #waiting: (() => void)[] = []

  constructor({ port, patienceMs }: Target) {
    this.#patienceMs = patienceMs
    this.#socket = connect({ port, host: '127.0.0.1', noDelay: true, allowHalfOpen: true })
    this.#socket.on('data', (chunk: Buffer) => this.#received(chunk))
    this.#socket.on('end', () => this.#socket.end())
    this.#socket.on('error', () => {
      this.isBroken = true
    })
    this.#socket.on('close', () => {
      this.isGone = true
      this.#changed()
    })
  }

  write(bytes: Buffer): void {
    if (!this.isGone && this.code === undefined) this.#socket.write(bytes)
  }

  /** Writes with the ends of the writes at these fractions of the whole. */
  async writeSplit(bytes: Buffer, splits: readonly number[]): Promise<void> {
    const ends = [...splits.map((at) => Math.floor(at * bytes.length)), bytes.length].sort((a, b) => a - b)
    let begin = 0
    for (const end of ends) {
      this.write(bytes.subarray(begin, end))
      begin = end
      // Another turn, so that it is another packet.
      await new Promise((resolve) => setImmediate(resolve))
    }
  }

  leave(how: Attack['leaves']): void {
    if (how === 'destroy') this.#socket.destroy()
    else if (how === 'end') this.#socket.end()
    else this.write(wireFrame({ opcode: opcodes.close, payload: closePayload(1000) }))
  }

  /** Waits for what the hub says or does; says what did not come. */
  until(what: string, test: () => boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      const late = setTimeout(() => {
        const last = this.frames.slice(-3).map((frame) => JSON.stringify(frame).slice(0, 200))
        reject(new Error(`${what} did not come; closed: ${this.isGone} ${this.code}; last: ${last}`))
      }, this.#patienceMs)
      const look = () => {
        if (!test()) return
        clearTimeout(late)
        this.#waiting = this.#waiting.filter((one) => one !== look)
        resolve()
      }
      this.#waiting.push(look)
      look()
    })
  }

  #changed(): void {
    for (const look of [...this.#waiting]) look()
  }

  #received(chunk: Buffer): void {
    if (this.#head) {
      this.#head = Buffer.concat([this.#head, chunk])
      const end = this.#head.indexOf('\r\n\r\n')
      if (end < 0) return
      chunk = this.#head.subarray(end + 4)
      const isUpgraded = this.#head.subarray(0, 12).toString() === 'HTTP/1.1 101'
      this.#head = undefined
      if (!isUpgraded) return
    }
    for (const { opcode, fin, payload } of this.#read(chunk)) {
      if (opcode === opcodes.close) this.#closed(payload)
      else if (opcode === opcodes.text || opcode === opcodes.continuation) this.#said(payload, fin)
    }
    this.#changed()
  }

  #closed(payload: Buffer): void {
    this.code = payload.length >= 2 ? payload.readUInt16BE(0) : 1005
    if (!this.#socket.writable) return
    this.#socket.end(wireFrame({ opcode: opcodes.close, payload: payload.subarray(0, 2) }))
  }

  #said(payload: Buffer, fin: boolean): void {
    this.#texts.push(Buffer.from(payload))
    if (!fin) return
    const message = JSON.parse(Buffer.concat(this.#texts).toString()) as JudgedFrame | JudgedFrame[]
    this.#texts = []
    if (Array.isArray(message[0])) for (const frame of message as JudgedFrame[]) this.frames.push(frame)
    else this.frames.push(message as JudgedFrame)
  }
}

const upgrade = Buffer.from(
  [
    'GET /sync HTTP/1.1',
    'Host: hub',
    'Connection: Upgrade',
    'Upgrade: websocket',
    'Sec-WebSocket-Version: 13',
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
    'Sec-WebSocket-Protocol: syncline.1',
    '\r\n',
  ].join('\r\n'),
)
/** What begins a connection: the upgrade, and a hello. */
export const opening = (session: string) => Buffer.concat([upgrade, hello(session)])

const text = (payload: string) => wireFrame({ opcode: opcodes.text, payload })
const hello = (session: string) => text(JSON.stringify(['hello', { registry: [1, ''], session }]))

/** What must come of an attack: of its messages up to the first thing that is none. */
export function verdictOfAttack({ acts, greets, isShared }: Attack, maxBytes: number): Verdict {
  const end = acts.findIndex(({ kind }) => kind !== 'text')
  const before = end < 0 ? acts : acts.slice(0, end)
  const messages = before.map((act) => (act.kind === 'text' ? act.text : ''))
  const { codes, taken } = verdictOf(messages, greets, maxBytes)
  const stop = acts[end]
  const isOver = codes === undefined || codes.length > 0
  const found = isOver || !stop ? codes : stop.kind === 'fault' ? codesOf(stop.name) : undefined
  // Another attacker may take the session over at any time.
  return { codes: found && isShared && greets ? undefined : found, taken }
}

/** Carries an attack out to its end. Rejects when the hub does anything but what it must. Resolves to the close code, if there was one. */
export async function carryOut(attack: Attack, target: Target): Promise<number | undefined> {
  const attacker = new Attacker(target)
  const { codes, taken } = verdictOfAttack(attack, target.maxMessageBytes)
  const mayStay = codes?.length === 0
  const acts = attack.acts.map(bytesOf)
  const bytes = Buffer.concat([...acts, ...(mayStay && attack.greets ? [text(`["ping",${lastPing}]`)] : [])])
  if (attack.greets) {
    attacker.write(opening(attack.session))
    await attacker.until('the welcome', () => attacker.frames[0]?.[0] === 'welcome' || attacker.isGone)
  }
  const all = attack.greets ? bytes : Buffer.concat([upgrade, bytes])
  if (attack.cut !== undefined) {
    await attacker.writeSplit(all.subarray(0, Math.floor(attack.cut * all.length)), attack.splits)
    attacker.leave('destroy')
  } else {
    await attacker.writeSplit(all, attack.splits)
    if (!mayStay) await expectEnd(attacker, codes)
    else if (attack.greets) await expectAnswers(attacker, taken)
    attacker.leave(mayStay ? attack.leaves : 'end')
  }
  await attacker.until('the end', () => attacker.isGone)
  return attacker.code
}

async function expectEnd(attacker: Attacker, codes: readonly number[] | undefined): Promise<void> {
  if (!codes) return attacker.leave('end')
  await attacker.until(`a close with ${codes}`, () => attacker.code !== undefined || attacker.isGone)
  if (attacker.code === undefined && attacker.isBroken) return
  if (!codes.includes(attacker.code!)) throw new Error(`closed with ${attacker.code} instead of ${codes}`)
}

/** Every frame that has an answer gets it, and nothing is answered that was not asked. */
async function expectAnswers(attacker: Attacker, taken: readonly JudgedFrame[]): Promise<void> {
  const due = answersDue([...taken, ['ping', lastPing]])
  const counted = () => {
    const counts = new Map<string, number>()
    for (const frame of attacker.frames) {
      const key = answerKey(frame)
      if (key !== undefined) counts.set(key, (counts.get(key) ?? 0) + 1)
    }
    return counts
  }
  const missing = (counts = counted()) =>
    [...due].filter(([key, { least }]) => (counts.get(key) ?? 0) < least).map(([key]) => key)
  await attacker
    .until('every answer', () => attacker.isGone || missing().length === 0)
    .catch((error: Error) => {
      throw new Error(`${error.message}; not answered: ${missing().slice(0, 5)}`)
    })
  if (attacker.isGone) throw new Error(`closed with ${attacker.code}, and all that it said was right`)
  for (const [key, count] of counted()) {
    if (count > (due.get(key)?.most ?? 0)) throw new Error(`"${key}" was answered ${count} times`)
  }
}

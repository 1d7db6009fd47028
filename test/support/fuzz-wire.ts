/** The opcodes of RFC 6455. */
export const opcodes = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 }

export interface WireFrame {
  readonly opcode: number
  readonly payload?: Uint8Array | string
  /** Default: true. */
  readonly fin?: boolean
  /** The three reserved bits, from 0 to 7. Default 0. */
  readonly reserved?: number
  /** Default: true, as every client must. */
  readonly isMasked?: boolean
  /** What the header says of the length instead of the truth. */
  readonly length?: bigint
}

/** A key that is not zero, so that a peer that forgets to unmask is noticed. */
const maskKey = Buffer.from([0x37, 0xfa, 0x21, 0x3d])

/** One frame of the WebSocket protocol as a client sends it, or as no client should. */
export function wireFrame({ opcode, payload = '', length, ...rest }: WireFrame): Buffer {
  const { fin = true, reserved = 0, isMasked = true } = rest
  const body = Buffer.from(payload as Uint8Array)
  const first = (fin ? 0x80 : 0) | (reserved << 4) | opcode
  const header = [Buffer.from([first]), lengthField(length ?? BigInt(body.length), isMasked)]
  if (!isMasked) return Buffer.concat([...header, body])
  for (const [i, byte] of body.entries()) body[i] = byte ^ maskKey[i % 4]!
  return Buffer.concat([...header, maskKey, body])
}

function lengthField(length: bigint, isMasked: boolean): Buffer {
  const mask = isMasked ? 0x80 : 0
  if (length < 126n) return Buffer.from([mask | Number(length)])
  const field = Buffer.alloc(length < 65_536n ? 3 : 9)
  field[0] = mask | (field.length === 3 ? 126 : 127)
  if (field.length === 3) field.writeUInt16BE(Number(length), 1)
  else field.writeBigUInt64BE(length, 1)
  return field
}

/** A text in as many frames as there are cuts (fractions of its bytes) and one, with pings between them if asked for. */
export function textFrames(text: string, cuts: readonly number[], hasPings: boolean): Buffer {
  const bytes = Buffer.from(text)
  const ends = [...cuts.map((cut) => Math.floor(cut * bytes.length)).sort((a, b) => a - b), bytes.length]
  const frames = ends.flatMap((end, i) => {
    const payload = bytes.subarray(ends[i - 1] ?? 0, end)
    const opcode = i === 0 ? opcodes.text : opcodes.continuation
    const frame = wireFrame({ opcode, payload, fin: i === ends.length - 1 })
    return hasPings ? [frame, wireFrame({ opcode: opcodes.ping, payload: 'between' })] : [frame]
  })
  return Buffer.concat(frames)
}

/** The payload of a close frame. */
export function closePayload(code: number, reason: string | Uint8Array = ''): Buffer {
  const payload = Buffer.alloc(2)
  payload.writeUInt16BE(code)
  return Buffer.concat([payload, Buffer.from(reason as Uint8Array)])
}

/** A frame that came from a server. */
export interface ReadFrame {
  readonly opcode: number
  readonly fin: boolean
  readonly payload: Buffer
}

/** Takes whole frames of a server out of a stream of bytes; throws for what no server sends. */
export function frameReader(): (chunk: Buffer) => ReadFrame[] {
  let waiting: Buffer = Buffer.alloc(0)
  return (chunk) => {
    waiting = Buffer.concat([waiting, chunk])
    const frames: ReadFrame[] = []
    for (let frame = firstFrame(waiting); frame; frame = firstFrame(waiting)) {
      frames.push(frame)
      waiting = waiting.subarray(frame.end)
    }
    return frames
  }
}

function firstFrame(bytes: Buffer): (ReadFrame & { readonly end: number }) | undefined {
  if (bytes.length < 2) return undefined
  const [first, second] = [bytes[0]!, bytes[1]!]
  if (first & 0x70 || second & 0x80) throw new Error('the server sent reserved bits, or a masked frame')
  const start = second === 127 ? 10 : second === 126 ? 4 : 2
  if (bytes.length < start) return undefined
  const long = second === 127 ? Number(bytes.readBigUInt64BE(2)) : second
  const length = second === 126 ? bytes.readUInt16BE(2) : long
  const end = start + length
  if (bytes.length < end) return undefined
  return { opcode: first & 0x0f, fin: first >= 0x80, payload: bytes.subarray(start, end), end }
}

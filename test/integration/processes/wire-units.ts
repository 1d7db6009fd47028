/** What a proxy hands on as one: the head of the upgrade, or one frame of the WebSocket. */
export interface WireUnit {
  readonly bytes: Buffer
  /** The types of the protocol's frames in it; `head` for the upgrade's. */
  readonly types: readonly string[]
}

const textOpcode = 1

/** Cuts one direction of a connection into units. */
export class UnitCutter {
  #rest: Buffer = Buffer.alloc(0)
  #isUpgraded = false

  feed(bytes: Buffer): WireUnit[] {
    this.#rest = Buffer.concat([this.#rest, bytes])
    const units: WireUnit[] = []
    for (let unit = this.#next(); unit; unit = this.#next()) units.push(unit)
    return units
  }

  #next(): WireUnit | undefined {
    return this.#isUpgraded ? this.#frame() : this.#head()
  }

  #head(): WireUnit | undefined {
    const end = this.#rest.indexOf('\r\n\r\n')
    if (end < 0) return undefined
    this.#isUpgraded = true
    const head = this.#take(end + 4).toString('latin1')
    // Without it nothing is compressed, and the frames can be read.
    const plain = head.replace(/\r\nsec-websocket-extensions:[^\r]*/gi, '')
    return { bytes: Buffer.from(plain, 'latin1'), types: ['head'] }
  }

  #frame(): WireUnit | undefined {
    const rest = this.#rest
    if (rest.length < 2) return undefined
    const short = rest[1]! & 0x7f
    const lengthBytes = short === 126 ? 2 : short === 127 ? 8 : 0
    const isMasked = (rest[1]! & 0x80) !== 0
    const start = 2 + lengthBytes + (isMasked ? 4 : 0)
    if (rest.length < start) return undefined
    const length =
      short === 126 ? rest.readUInt16BE(2) : short === 127 ? Number(rest.readBigUInt64BE(2)) : short
    if (rest.length < start + length) return undefined
    const bytes = this.#take(start + length)
    const isText = bytes[0] === (0x80 | textOpcode)
    const payload = bytes.subarray(start)
    return {
      bytes,
      types: isText ? typesOf(isMasked ? masked(payload, bytes.subarray(start - 4)) : payload) : [],
    }
  }

  #take(length: number): Buffer {
    const taken = this.#rest.subarray(0, length)
    this.#rest = this.#rest.subarray(length)
    return taken
  }
}

/** A close frame, as servers send it, or masked, as clients do. */
export function closeFrame(code: number, isMasked: boolean): Buffer {
  const payload = Buffer.alloc(2)
  payload.writeUInt16BE(code)
  const key = Buffer.from([1, 2, 3, 4])
  return isMasked
    ? Buffer.concat([Buffer.from([0x88, 0x82]), key, masked(payload, key)])
    : Buffer.concat([Buffer.from([0x88, 0x02]), payload])
}

function masked(payload: Buffer, key: Buffer): Buffer {
  return Buffer.from(payload.map((byte, at) => byte ^ key[at & 3]!))
}

function typesOf(payload: Buffer): string[] {
  const message: unknown = JSON.parse(payload.toString())
  if (!Array.isArray(message)) return []
  const frames: unknown[] = Array.isArray(message[0]) ? message : [message]
  return frames.map((frame) => String((frame as unknown[])[0]))
}

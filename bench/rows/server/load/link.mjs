import { randomBytes } from 'node:crypto'
import { connect } from 'node:net'
import { mark } from '../payload.mjs'

const markByte = mark.charCodeAt(0)
const opcodes = { text: 1, close: 8, ping: 9, pong: 10 }

/** One buffer for all links: what is read is looked at before anything else is read. The last byte is for {@link Link}'s sentinel. */
const buffer = Buffer.alloc(256 * 1024)
const readable = buffer.subarray(0, buffer.length - 1)

/** A masked frame, as clients must send it. The mask need not be random for a server to take it off. */
export function frameOf(text, opcode = opcodes.text) {
  const payload = Buffer.from(text)
  const { length } = payload
  if (length > 65_535) throw new Error('The load sends no frame of this size')
  const head =
    length < 126 ? [0x80 | opcode, 0x80 | length] : [0x80 | opcode, 0xfe, length >> 8, length & 255]
  const key = [0x5a, 0x17, 0xc3, 0x88]
  for (let i = 0; i < length; i++) payload[i] ^= key[i & 3]
  return Buffer.concat([Buffer.from([...head, ...key]), payload])
}

/**
 * As much of a WebSocket client as a load needs, on a bare socket: it reads frames without unpacking what they hold.
 * Long messages are not gathered but searched for marks, unless `gathers` is set; short ones, which hold no event, always are.
 */
export class Link {
  gathers = true
  /** How many marks have been counted on this link. */
  count = 0
  #isOpen = false
  #opening = ''
  #head = []
  #headLength = 2
  #left = 0
  #opcode = 0
  #isGathered = false
  #parts = []
  #handlers
  #socket

  /** `handlers`: `opened`, `text`, `marks`, each with the link as the first argument; `closed` with a reason. */
  constructor({ port, path, protocol }, handlers) {
    this.#handlers = handlers
    const read = (length) => {
      this.#read(length)
      return true
    }
    this.#socket = connect({
      port,
      host: '127.0.0.1',
      noDelay: true,
      onread: { buffer: readable, callback: read },
    })
    this.#socket.on('error', (error) => handlers.closed(error.message))
    this.#socket.on('close', () => handlers.closed('the server closed the connection'))
    this.#socket.write(
      `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
        `Sec-WebSocket-Key: ${randomBytes(16).toString('base64')}\r\nSec-WebSocket-Version: 13\r\n` +
        `${protocol ? `Sec-WebSocket-Protocol: ${protocol}\r\n` : ''}\r\n`,
    )
  }

  send(text) {
    this.#socket.write(frameOf(text))
  }

  /** Frames that were made already, in one write. */
  write(frames) {
    this.#socket.write(frames)
  }

  end() {
    this.#socket.removeAllListeners('close').destroy()
  }

  #read(length) {
    let at = this.#isOpen ? 0 : this.#open(length)
    while (at < length) {
      if (this.#left === 0) {
        this.#head.push(buffer[at++])
        if (this.#head.length === this.#headLength) this.#begin()
        continue
      }
      const end = Math.min(length, at + this.#left)
      this.#left -= end - at
      if (this.#isGathered) this.#parts.push(buffer.toString('latin1', at, end))
      else this.#search(at, end)
      at = end
      if (this.#left === 0) this.#finish()
    }
  }

  /** Reads the answer to the upgrade; returns where what comes after it begins. */
  #open(length) {
    const before = this.#opening.length
    this.#opening += buffer.toString('latin1', 0, length)
    const end = this.#opening.indexOf('\r\n\r\n')
    if (end === -1) return length
    if (!this.#opening.startsWith('HTTP/1.1 101'))
      throw new Error(`The upgrade was refused: ${this.#opening}`)
    this.#isOpen = true
    this.#opening = ''
    this.#handlers.opened(this)
    return end + 4 - before
  }

  /** A head is as long as it says, or is complete. */
  #begin() {
    const head = this.#head
    const short = head[1] & 0x7f
    if (head.length === 2 && short > 125) {
      this.#headLength = short === 126 ? 4 : 10
      return
    }
    if ((head[0] & 0xf0) !== 0x80) throw new Error('The server sent a fragment or a compressed message')
    let size = head.length === 2 ? short : 0
    for (let i = 2; i < head.length; i++) size = size * 256 + head[i]
    this.#opcode = head[0] & 0x0f
    this.#isGathered = this.gathers || head.length === 2
    this.#left = size
    this.#head = []
    this.#headLength = 2
    if (size === 0) this.#finish()
  }

  /** A sentinel behind the end spares each search from looking at what was read before. */
  #search(from, end) {
    const behind = buffer[end]
    buffer[end] = markByte
    let marks = 0
    for (let at = buffer.indexOf(markByte, from); at < end; at = buffer.indexOf(markByte, at + 1)) {
      marks++
      this.#handlers.seen?.(buffer, at)
    }
    buffer[end] = behind
    this.#add(marks)
  }

  #add(marks) {
    this.count += marks
    if (marks > 0) this.#handlers.marks(this, marks)
  }

  #finish() {
    if (!this.#isGathered) return
    const text = this.#parts.join('')
    this.#parts = []
    if (this.#opcode === opcodes.ping) this.#socket.write(frameOf(text, opcodes.pong))
    else if (this.#opcode === opcodes.close) this.#handlers.closed(`the server closed: ${text.slice(2)}`)
    else if (this.#opcode === opcodes.text) {
      this.#handlers.text(this, text)
      this.#add(text.split(mark).length - 1)
    }
  }
}

import type { Duplex } from 'node:stream'
import { WebSocket } from 'ws'
import type { SharedMessage } from '../shared-message.ts'

/** How many frames, and how many characters, are joined into one message. */
const mostFrames = 64
const mostCharacters = 65_536

/**
 * What a socket is to be sent in this tick, as the last link of a chain. Sockets that are given the same messages in the same order share the
 * links, so that a burst to a thousand sockets is joined, and framed, once.
 */
interface Link {
  readonly before: Link | undefined
  readonly message: SharedMessage
  /** How many characters there are, from the first link to this one. */
  readonly length: number
  /** The last shared link that was made after this one. */
  next: Link | undefined
  texts: readonly string[] | undefined
  bytes: Buffer | undefined
}

/** Gathers what sockets are sent within one turn of the event loop; each is written to once, at its end. */
export class Outgoing {
  #first = firstLink()
  #waiting: Outlet[] = []
  #isScheduled = false

  /** Adds a message for a socket; `isShared` where others are given the same one. */
  add(outlet: Outlet, message: SharedMessage, isShared: boolean): void {
    if (!outlet.last) {
      this.#waiting.push(outlet)
      this.#schedule()
    }
    const before = outlet.last ?? this.#first
    let link = before.next
    if (link?.message !== message) {
      link = linkAfter(before, message)
      if (isShared) before.next = link
    }
    outlet.last = link
    // So much is not held back: how much the other side takes is seen in time.
    if (link.length >= mostCharacters) outlet.flush()
  }

  /** One for all sockets, after whatever else this turn of the loop has to do. */
  #schedule(): void {
    if (this.#isScheduled) return
    this.#isScheduled = true
    setImmediate(() => this.#flush())
  }

  #flush(): void {
    const waiting = this.#waiting
    this.#isScheduled = false
    this.#waiting = []
    this.#first = firstLink()
    for (const outlet of waiting) outlet.flush()
  }
}

/** One socket's way out. */
export class Outlet {
  /** What waits for the end of the tick. */
  last: Link | undefined
  readonly #outgoing: Outgoing
  readonly #socket: WebSocket
  /** What the upgrade handed over; `undefined` where the messages are compressed, which only the library can do. */
  readonly #stream: Duplex | undefined
  /** Whether the other side has not taken all of the last write. To ask the stream of each of thousands costs more than all else here. */
  #isBehind = false

  constructor(outgoing: Outgoing, socket: WebSocket, stream: Duplex | undefined) {
    this.#outgoing = outgoing
    this.#socket = socket
    this.#stream = stream
  }

  get bufferedBytes(): number {
    const waiting = this.last ? this.last.length : 0
    if (!this.#isBehind) return waiting
    const sent = this.#stream ? this.#stream.writableLength : this.#socket.bufferedAmount
    this.#isBehind = sent > 0
    return sent + waiting
  }

  send(text: string): void {
    this.#outgoing.add(this, { text }, false)
  }

  sendShared(message: SharedMessage): void {
    this.#outgoing.add(this, message, true)
  }

  close(code: number, reason: string): void {
    this.flush()
    this.#socket.close(code, reason)
  }

  terminate(): void {
    this.last = undefined
    this.#socket.terminate()
  }

  /** Writes what waits. */
  flush(): void {
    const { last } = this
    if (!last) return
    this.last = undefined
    if (this.#socket.readyState !== WebSocket.OPEN) return
    if (this.#stream) {
      this.#stream.write(bytesOf(last))
      this.#isBehind = this.#stream.writableLength > 0
    } else {
      for (const text of textsOf(last)) this.#socket.send(text)
      this.#isBehind = true
    }
  }
}

function firstLink(): Link {
  const message = { text: '' }
  return { before: undefined, message, length: 0, next: undefined, texts: undefined, bytes: undefined }
}

function linkAfter(before: Link, message: SharedMessage): Link {
  const length = before.length + message.text.length
  return { before, message, length, next: undefined, texts: undefined, bytes: undefined }
}

/** The messages up to a link, in order. */
function messagesOf(last: Link): SharedMessage[] {
  const messages: SharedMessage[] = []
  for (let link: Link = last; link.before; link = link.before) messages.push(link.message)
  return messages.reverse()
}

/** The same, as they travel: several as a batch, which is an array of frames. */
function textsOf(last: Link): readonly string[] {
  last.texts ??= groupsOf(last).map(textOf)
  return last.texts
}

/** The same, as WebSocket frames. */
function bytesOf(last: Link): Buffer {
  if (!last.bytes) {
    const frames = groupsOf(last).map(frameOf)
    last.bytes = frames.length === 1 ? frames[0]! : Buffer.concat(frames)
  }
  return last.bytes
}

function groupsOf(last: Link): SharedMessage[][] {
  const groups: SharedMessage[][] = []
  let characters = 0
  for (const message of messagesOf(last)) {
    const group = groups.at(-1)
    characters += message.text.length
    if (group && group.length < mostFrames && characters <= mostCharacters) group.push(message)
    else {
      groups.push([message])
      characters = message.text.length
    }
  }
  return groups
}

function textOf(group: readonly SharedMessage[]): string {
  return group.length === 1 ? group[0]!.text : `[${group.map(({ text }) => text).join(',')}]`
}

/** The frame of a lone message is kept with it: others may be sent it beside other things. */
function frameOf(group: readonly SharedMessage[]): Buffer {
  const [message] = group
  if (group.length > 1 || !message) return toFrame(textOf(group))
  message.encoded ??= toFrame(message.text)
  return message.encoded as Buffer
}

/** The first byte of a frame: the whole of a text message. */
const wholeText = 0x81
/** The lengths that take two and eight bytes more; a shorter one is in the second byte itself. */
const inTwoBytes = 126
const inEightBytes = 127

/** As a server sends it: unmasked. In one buffer, as bursts are large and a copy of each would cost as much as making it. */
function toFrame(text: string): Buffer {
  const length = Buffer.byteLength(text)
  const head = length < inTwoBytes ? 2 : length < 65_536 ? 4 : 10
  const frame = Buffer.allocUnsafe(head + length)
  frame[0] = wholeText
  frame[1] = head === 2 ? length : head === 4 ? inTwoBytes : inEightBytes
  if (head === 4) frame.writeUInt16BE(length, 2)
  if (head === 10) frame.writeBigUInt64BE(BigInt(length), 2)
  frame.write(text, head)
  return frame
}

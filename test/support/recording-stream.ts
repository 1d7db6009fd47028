import type { IncomingMessage } from 'node:http'
import { Duplex } from 'node:stream'
import { type WebSocket, WebSocketServer } from 'ws'

/** A stream that takes down every write, and has no other side. */
export class RecordingStream extends Duplex {
  readonly writes: Buffer[] = []

  override _read(): void {}

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.writes.push(chunk)
    done()
  }
}

/** The library's own server half of a WebSocket over `stream`, whose record begins after the upgrade. */
export function openOver(stream: RecordingStream): WebSocket {
  const headers = {
    upgrade: 'websocket',
    'sec-websocket-version': '13',
    'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
  }
  const request = { method: 'GET', url: '/', headers } as unknown as IncomingMessage
  const server = new WebSocketServer({ noServer: true, clientTracking: false })
  let opened: WebSocket | undefined
  server.handleUpgrade(request, stream, Buffer.alloc(0), (socket) => {
    opened = socket
  })
  if (!opened) throw new Error('the library did not upgrade')
  stream.writes.length = 0
  return opened
}

/** The text messages in what was written, by RFC 6455; other frames are passed over. Throws for what a server may not send. */
export function textsIn(writes: readonly Buffer[]): string[] {
  const bytes = Buffer.concat(writes)
  const texts: string[] = []
  for (let at = 0; at < bytes.length; ) {
    const [first = 0, second = 0] = bytes.subarray(at)
    if ((first & 0xf0) !== 0x80 || second > 127) throw new Error(`frame at ${at} is split, marked or masked`)
    const head = second === 127 ? 10 : second === 126 ? 4 : 2
    const length =
      head === 10 ? Number(bytes.readBigUInt64BE(at + 2)) : head === 4 ? bytes.readUInt16BE(at + 2) : second
    const isShortest = head === 2 || length > (head === 4 ? 125 : 65_535)
    if (!isShortest) throw new Error(`frame at ${at} has a longer head than it needs`)
    if (at + head + length > bytes.length) throw new Error(`frame at ${at} is cut off`)
    if ((first & 0x0f) === 1) texts.push(bytes.toString('utf8', at + head, at + head + length))
    at += head + length
  }
  return texts
}

import { webSocket } from 'syncline/client'
import { describe, expect, onTestFinished, test, vi } from 'vitest'

/** The platform's class, which does only what the test says. */
class FakeWebSocket {
  static last: FakeWebSocket
  onopen: (() => void) | null = null
  onmessage: ((event: { data: unknown }) => void) | null = null
  onerror: ((event: object) => void) | null = null
  onclose: ((event: { code: number; reason: string }) => void) | null = null
  readonly sent: string[] = []
  isClosed = false
  readonly protocol = 'syncline.1'
  readonly url: string
  readonly offered: string

  constructor(url: string, offered: string) {
    this.url = url
    this.offered = offered
    FakeWebSocket.last = this
  }

  send(message: string) {
    this.sent.push(message)
  }

  close() {
    this.isClosed = true
  }
}

function open() {
  vi.stubGlobal('WebSocket', FakeWebSocket)
  onTestFinished(() => void vi.unstubAllGlobals())
  const told: unknown[] = []
  const socket = webSocket(
    { url: 'ws://hub/sync', protocol: 'syncline.1' },
    {
      opened: (protocol) => told.push(['opened', protocol]),
      received: (message) => told.push(['received', message]),
      closed: (code, reason) => told.push(['closed', code, reason]),
    },
  )
  return { socket, told, platform: FakeWebSocket.last }
}

describe('the platform socket', () => {
  test('is made with the address and the subprotocol, and tells what the server chose', () => {
    const { told, platform } = open()
    expect([platform.url, platform.offered]).toEqual(['ws://hub/sync', 'syncline.1'])
    platform.onopen?.()
    expect(told).toEqual([['opened', 'syncline.1']])
  })

  test('carries text both ways', () => {
    const { socket, told, platform } = open()
    platform.onopen?.()
    socket.send('["ping"]')
    platform.onmessage?.({ data: '["pong"]' })
    expect(platform.sent).toEqual(['["ping"]'])
    expect(told.slice(1)).toEqual([['received', '["pong"]']])
  })

  test('gives binary data on as a text that is no frame, whatever the platform makes of it', () => {
    const { told, platform } = open()
    platform.onopen?.()
    platform.onmessage?.({ data: new ArrayBuffer(3) })
    platform.onmessage?.({ data: new Blob(['x']) })
    expect(told.slice(1)).toEqual([
      ['received', ''],
      ['received', ''],
    ])
  })

  test('tells of its close once, with code and reason, and of nothing after it', () => {
    const { told, platform } = open()
    platform.onopen?.()
    platform.onclose?.({ code: 4503, reason: 'forbidden: not you' })
    platform.onclose?.({ code: 1006, reason: '' })
    platform.onmessage?.({ data: 'late' })
    expect(told.slice(1)).toEqual([['closed', 4503, 'forbidden: not you']])
  })
})

describe('a connection that could not be made', () => {
  test('is closed with 1006 on its error alone, as some platforms send no close then', () => {
    const { told, platform } = open()
    platform.onerror?.({})
    platform.onclose?.({ code: 1006, reason: '' })
    expect(told).toEqual([['closed', 1006, '']])
  })

  test('tells what the platform says of the reason', () => {
    const { told, platform } = open()
    platform.onerror?.({ message: 'connect ECONNREFUSED' })
    expect(told).toEqual([['closed', 1006, 'connect ECONNREFUSED']])
  })

  test('leaves an error after the opening to the close, which bears its message', () => {
    const { told, platform } = open()
    platform.onopen?.()
    platform.onerror?.({ message: 'read ECONNRESET' })
    expect(told).toHaveLength(1)
    platform.onclose?.({ code: 1006, reason: '' })
    expect(told.slice(1)).toEqual([['closed', 1006, 'read ECONNRESET']])
  })
})

describe('letting go', () => {
  test('tells nothing more, and takes the error of a socket that was still connecting', () => {
    const { socket, told, platform } = open()
    socket.close()
    expect(platform.isClosed).toBe(true)
    expect(platform.onerror).toBeTypeOf('function')
    platform.onerror?.({ message: 'closed before it was established' })
    platform.onopen?.()
    platform.onmessage?.({ data: 'late' })
    platform.onclose?.({ code: 1006, reason: '' })
    expect(told).toEqual([])
  })
})

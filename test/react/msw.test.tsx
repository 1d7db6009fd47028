import { act, cleanup, render, screen, waitFor } from '@testing-library/react'
import { ws } from 'msw'
import { setupServer } from 'msw/node'
import { useState } from 'react'
import { type ClientOptions, createClient } from 'syncline/client'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import type { ClientFrame, HubFrame } from '../../src/protocol/frames.ts'
import { registry, SyncProvider, useChannel, useConnection, useEvent } from './support.tsx'

/** Nothing listens there: what answers is the handler. */
const url = 'ws://hub.example/sync'
const link = ws.link(url)
const server = setupServer()
beforeAll(() => server.listen({ onUnhandledRequest: 'error' }))
afterAll(() => server.close())

interface Connection {
  readonly protocols: unknown
  readonly close: (code: number, reason: string) => void
  isClosed: boolean
}

/** Lets a script answer each frame of the client, as an app's author does who has only the protocol's document. */
function answer(script: (frame: ClientFrame) => readonly HubFrame[]) {
  const connections: Connection[] = []
  server.use(
    link.addEventListener('connection', ({ client, info: { protocols } }) => {
      const close = (code: number, reason: string) => client.close(code, reason)
      const connection: Connection = { protocols, close, isClosed: false }
      connections.push(connection)
      client.addEventListener('close', () => {
        connection.isClosed = true
      })
      client.addEventListener('message', ({ data }) => {
        for (const frame of script(JSON.parse(String(data)))) client.send(JSON.stringify(frame))
      })
    }),
  )
  onTestFinished(() => server.resetHandlers())
  return connections
}

/** A client with the default socket. */
function startClient(options: Partial<ClientOptions> = {}) {
  const codes: string[] = []
  const client = createClient(registry, { url, onError: ({ code }) => void codes.push(code), ...options })
  onTestFinished(() => client.close())
  return { client, codes }
}

function Lobby() {
  const { state } = useConnection()
  const [texts, setTexts] = useState<readonly string[]>([])
  useEvent(useChannel('lobby'), 'said', ({ text }, { own }) =>
    setTexts((before) => [...before, own ? `me: ${text}` : text]),
  )
  return <p>{[state, ...texts].join(', ')}</p>
}

function show(client: ReturnType<typeof startClient>['client']) {
  onTestFinished(cleanup)
  render(
    <SyncProvider client={client}>
      <Lobby />
    </SyncProvider>,
  )
}

const welcome: HubFrame = [
  'welcome',
  {
    client: 'me',
    resumed: false,
    pingMs: 25_000,
    pongMs: 10_000,
    maxBytes: 262_144,
    time: 1_700_000_000_000,
    registry: [registry.version, registry.hash],
  },
]

const lobbyWith = (ref: number): HubFrame[] => [
  ['subscribed', ref, 1, { position: ['epoch', 4, 'a'], recovered: null }],
  ['live', 1],
  ['ev', 1, 5, 'b', 'a', 1_700_000_000_001, null, 'said', { text: 'hello' }],
  ['ev', 1, 6, 'c', 'b', 1_700_000_000_002, 'me', 'said', { text: 'hi' }],
]

describe('msw', () => {
  test('stands in for the hub of an app without a socket of its own', async () => {
    const asked: ClientFrame[] = []
    const connections = answer((frame) => {
      asked.push(frame)
      if (frame[0] === 'hello') return [welcome]
      return frame[0] === 'sub' ? lobbyWith(frame[1]) : []
    })
    const { client, codes } = startClient({ auth: () => 'secret' })
    show(client)
    await screen.findByText('connected, hello, me: hi')
    expect(connections.map(({ protocols }) => protocols)).toEqual(['syncline.1'])
    expect(asked).toEqual([
      ['hello', expect.objectContaining({ token: 'secret' })],
      ['sub', expect.any(Number), 'lobby'],
    ])
    expect(codes).toEqual([])
  })

  test('can refuse a client as a hub does', async () => {
    const connections = answer((frame) => {
      if (frame[0] === 'hello') connections[0]!.close(4500, 'unauthorized: the token has been withdrawn')
      return []
    })
    const { client, codes } = startClient()
    show(client)
    await screen.findByText('error')
    expect(client.status.cause?.code).toBe('unauthorized')
    expect(codes).toEqual(['unauthorized'])
  })

  test('sees the client let go of the connection when it is closed', async () => {
    const connections = answer((frame) => (frame[0] === 'hello' ? [welcome] : []))
    const { client } = startClient()
    show(client)
    await screen.findByText('connected')
    expect(connections.map(({ isClosed }) => isClosed)).toEqual([false])
    act(() => client.close())
    await waitFor(() => expect(connections.map(({ isClosed }) => isClosed)).toEqual([true]))
  })
})

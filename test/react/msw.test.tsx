import { act, cleanup, fireEvent, render, screen, waitFor } from '@testing-library/react'
import { ws } from 'msw'
import { setupServer } from 'msw/node'
import { type ReactNode, useState } from 'react'
import { type ClientOptions, createClient } from 'syncline/client'
import { usePresence } from 'syncline/react'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import type { ClientFrame, HubFrame } from '../../src/protocol/frames.ts'
import { hooks, registry, SyncProvider, useChannel, useConnection, useEvent } from './support.tsx'

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

function show(client: ReturnType<typeof startClient>['client'], page: ReactNode = <Lobby />) {
  onTestFinished(cleanup)
  return render(<SyncProvider client={client}>{page}</SyncProvider>)
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

/** Answers a `sub` of the table, where Grace is. */
const tableWith = (ref: number): HubFrame[] => [
  ['subscribed', ref, 1, { position: ['epoch', 0, ''], recovered: null }],
  ['live', 1],
  ['members', 1, 3, [['mark 1', 'a client', 'grace', { name: 'Grace' }]]],
]

describe('useRequest against msw', () => {
  function Doubler() {
    const { send, pending, data, error } = hooks.useRequest(useChannel('table', { id: 1 }), 'double')
    const shown = error ? error.code : pending ? 'pending' : data ? `is ${data.is}` : 'idle'
    return (
      <button type="button" onClick={() => void send({ of: 21 })}>
        {shown}
      </button>
    )
  }

  test.each<[string, (ref: number) => HubFrame, string]>([
    ['an answer', (ref) => ['res', ref, { is: 42 }, ['epoch', 4, 'a']], 'is 42'],
    ['a refusal', (ref) => ['err', ref, 'forbidden', 'Not you'], 'forbidden'],
    ['an answer that does not fit its schema', (ref) => ['res', ref, { is: 'much' }], 'bad_payload'],
  ])('shows %s', async (_, answerTo, shown) => {
    const asked: ClientFrame[] = []
    answer((frame) => {
      asked.push(frame)
      if (frame[0] === 'hello') return [welcome]
      return frame[0] === 'req' ? [answerTo(frame[1])] : []
    })
    const { client, codes } = startClient()
    show(client, <Doubler />)
    fireEvent.click(screen.getByText('idle'))
    expect(screen.getByRole('button').textContent).toBe('pending')
    await screen.findByText(shown)
    expect(asked.filter(([type]) => type === 'req')).toEqual([
      ['req', expect.any(Number), 'table/1', 'double', { of: 21 }, expect.anything()],
    ])
    expect(codes).toEqual([])
  })
})

describe('usePresence against msw', () => {
  function Seat() {
    const { members, count, error } = usePresence(useChannel('table', { id: 1 }), { state: { name: 'Ada' } })
    const names = members.map(({ state, own }) => (own ? `${state.name} (me)` : state.name))
    return <p>{error ? error.code : `${count.users}: ${names.join(', ')}`}</p>
  }

  test('shows who is there, enters, and leaves when it is unmounted', async () => {
    const asked: ClientFrame[] = []
    answer((frame) => {
      asked.push(frame)
      const [type, ref] = frame
      if (type === 'hello') return [welcome]
      if (type === 'sub') return tableWith(ref as number)
      if (type === 'enter')
        return [
          ['res', ref as number, null],
          ['diff', 1, 4, [['mark 2', 'me', 'ada', frame[3]]], []],
        ]
      return type === 'leave' ? [['res', ref as number, null]] : []
    })
    const { client, codes } = startClient()
    const { rerender } = show(client, <Seat />)
    await screen.findByText('2: Grace, Ada (me)')
    rerender(<SyncProvider client={client} />)
    await waitFor(() => expect(asked.at(-1)).toEqual(['leave', expect.any(Number), 'table/1']))
    expect(asked.filter(([type]) => type === 'enter')).toEqual([
      ['enter', expect.any(Number), 'table/1', { name: 'Ada' }],
    ])
    expect(codes).toEqual([])
  })

  test('says why it may not enter', async () => {
    answer((frame) => {
      if (frame[0] === 'hello') return [welcome]
      if (frame[0] === 'sub') return tableWith(frame[1])
      return frame[0] === 'enter' ? [['err', frame[1], 'forbidden', 'Not you']] : []
    })
    const { client, codes } = startClient()
    show(client, <Seat />)
    await screen.findByText('forbidden')
    expect(codes).toEqual([])
  })
})

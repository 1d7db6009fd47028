import { attachWebSocket, createHub } from 'syncline/server'
import { manualClock } from 'syncline/testing'
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import { registry } from '../support/challenge-registry.ts'
import {
  aSecond,
  freePort,
  greet,
  type Peer,
  platforms,
  requestsPerRefusal,
  said,
  startBabbling,
  startByHand,
  startMute,
  startRefusing,
  startSilent,
} from '../support/faulty-servers.ts'
import {
  comeBack,
  patience,
  publishUntilHeard,
  startClient,
  startHub,
  startListener,
  untilWaiting,
} from '../support/hub-server.ts'

type Watched = ReturnType<typeof startClient>['client']

const untilConnected = (client: Watched) =>
  vi.waitFor(() => expect(client.status.state).toBe('connected'), patience)

/** Moves on to the next attempt of a waiting client, and waits until that one has failed, too. */
async function failAgain(client: Watched, clock: ReturnType<typeof manualClock>): Promise<void> {
  await comeBack(client, clock)
  await untilWaiting(client)
}

const refusals = [401, 403, 404, 500, 503]

/** What a server may send in place of a frame. */
const garbage: readonly { readonly name: string; readonly say: (peer: Peer) => void }[] = [
  { name: 'text that is not JSON', say: ({ socket }) => socket.send('<html>502 Bad Gateway</html>') },
  { name: 'JSON that is no frame', say: ({ socket }) => socket.send('{"type":"welcome"}') },
  { name: 'a frame of a wrong shape', say: ({ socket }) => socket.send('["live","one"]') },
  { name: 'an empty message', say: ({ socket }) => socket.send('') },
  { name: 'an empty binary message', say: ({ socket }) => socket.send(Buffer.alloc(0)) },
  { name: 'a frame in a binary message', say: ({ socket }) => socket.send(Buffer.from('["ping",1]')) },
  { name: 'arrays nested 10,000 deep', say: ({ socket }) => socket.send('['.repeat(1e4) + ']'.repeat(1e4)) },
  { name: '8 MiB that are no frame', say: ({ socket }) => socket.send(`"${'x'.repeat(8 * 2 ** 20)}"`) },
]

/** Bytes after the upgrade that are no WebSocket. */
const broken: readonly { readonly name: string; readonly bytes: Buffer }[] = [
  { name: 'a reserved opcode', bytes: Buffer.from([0x83, 0x00]) },
  { name: 'text that is not UTF-8', bytes: Buffer.from([0x81, 0x02, 0xc3, 0x28]) },
  {
    name: 'the head of a message of 2^62 bytes',
    bytes: Buffer.from([0x81, 0x7f, 0x40, 0, 0, 0, 0, 0, 0, 0]),
  },
  { name: 'a page of HTML', bytes: Buffer.from('<html><body>Service restarting</body></html>') },
]

describe.each(platforms)('over $platform, a client', ({ use, tellsStatus }) => {
  beforeEach(use)
  afterEach(() => void vi.unstubAllGlobals())

  it('tries again while nobody listens, and comes up when a hub does', async () => {
    const clock = manualClock()
    const port = await freePort()
    const { client, errors, heard } = startListener(`ws://127.0.0.1:${port}/sync`, {
      clock,
      backoff: aSecond,
    })
    await untilWaiting(client)
    await failAgain(client, clock)
    expect(client.status).toMatchObject({
      state: 'connecting',
      attempt: 2,
      cause: { code: 'connect_failed', retryable: true },
    })
    const { hub } = await startHub({ port })
    await comeBack(client, clock)
    await publishUntilHeard(hub, 'up', heard)
    expect(client.status).toMatchObject({ state: 'connected', cause: undefined })
    expect(errors, 'a server that is away is no error of the app').toEqual([])
  })

  it.each(refusals)('tries again after a refusal with %i, and comes up once it is let in', async (status) => {
    const clock = manualClock()
    const server = await startRefusing(status)
    const { client, heard } = startListener(server.url, { clock, backoff: aSecond })
    await untilWaiting(client)
    await failAgain(client, clock)
    await failAgain(client, clock)
    expect(server.refused).toBe(3 * (await requestsPerRefusal(status)))
    const { state, attempt, cause } = client.status
    expect([state, attempt, cause?.code]).toEqual(['connecting', 3, 'connect_failed'])
    if (tellsStatus) expect(cause?.message).toContain(String(status))
    server.relent()
    const hub = createHub(registry)
    onTestFinished(() => hub.close())
    hub.serve('lobby', {})
    attachWebSocket(hub, server.server, { path: '/sync' })
    await comeBack(client, clock)
    await publishUntilHeard(hub, 'let in', heard)
  })

  it('gives up after 10 s on a server that accepts and stays silent', async () => {
    const clock = manualClock()
    const server = await startSilent()
    const { client } = startClient(server.url, { clock, backoff: aSecond })
    client.connect()
    await vi.waitFor(() => expect(server.open).toBe(1), patience)
    await clock.advance(9_999)
    expect(client.status).toMatchObject({ state: 'connecting', attempt: 0, nextAttemptAt: undefined })
    expect(server.open).toBe(1)
    await clock.advance(1)
    expect(client.status).toMatchObject({ attempt: 1, cause: { code: 'connect_timeout' } })
    await vi.waitFor(() => expect(server.open).toBe(0), patience)
    await comeBack(client, clock)
    await vi.waitFor(() => expect(server.accepted).toBe(2), patience)
  })

  it('gives up after 10 s on a server that never says welcome, and closes the connection', async () => {
    const clock = manualClock()
    const server = await startByHand({ answer: () => {} })
    const { client } = startClient(server.url, { clock, backoff: aSecond })
    client.connect()
    const peer = await server.peer(0)
    await clock.advance(9_999)
    expect(client.status).toMatchObject({ state: 'connecting', attempt: 0, nextAttemptAt: undefined })
    expect(peer.closed).toBeUndefined()
    await clock.advance(1)
    expect(client.status).toMatchObject({ attempt: 1, cause: { code: 'connect_timeout' } })
    await vi.waitFor(() => expect([peer.closed, server.open]).toEqual([1005, 0]), patience)
    await comeBack(client, clock)
    await server.peer(1)
  })

  it('does not wait for a server that does not even answer its close', async () => {
    const clock = manualClock()
    const heard: Buffer[] = []
    const server = await startMute(heard)
    const { client } = startClient(server.url, { clock, backoff: aSecond })
    client.connect()
    // Hello has come: more than the head of a frame.
    await vi.waitFor(() => expect(Buffer.concat(heard).length).toBeGreaterThan(6), patience)
    await clock.advance(10_000)
    expect(client.status).toMatchObject({ attempt: 1, cause: { code: 'connect_timeout' } })
    // A close frame: the last message, of opcode 8.
    await vi.waitFor(() => expect(heard.at(-1)?.[0]).toBe(0x88), patience)
    await comeBack(client, clock)
    await vi.waitFor(() => expect(server.accepted).toBe(2), patience)
  })

  it.each([
    ['chooses no subprotocol', false],
    ['chooses another subprotocol', 'syncline.9'],
  ] as const)('does not go on with a server that %s, and leaves nothing open', async (_name, protocol) => {
    const clock = manualClock()
    const server = await startByHand({ protocol })
    const { client } = startClient(server.url, { clock, backoff: aSecond })
    client.connect()
    await untilWaiting(client)
    // Both classes fail such a connection themselves; one that opens it all the same is for the unit tests.
    expect(client.status.cause?.code).toBe('connect_failed')
    await vi.waitFor(() => expect(server.open).toBe(0), patience)
    expect(server.peers.map(({ frames }) => frames)).toEqual([[]])
  })

  it.each(garbage)('drops a connection on $name, says so, and comes back', async ({ say }) => {
    const clock = manualClock()
    const server = await startByHand()
    const { client, errors, heard, gaps } = startListener(server.url, { clock, backoff: aSecond })
    const peer = await server.peer(0, 'sub')
    await untilConnected(client)
    say(peer)
    peer.send(said('after the garbage'))
    await untilWaiting(client)
    expect(client.status).toMatchObject({ state: 'connecting', cause: { code: 'bad_frame' } })
    expect(errors).toMatchObject([{ stage: 'frame', code: 'bad_frame' }])
    await vi.waitFor(() => expect(server.open).toBe(0), patience)
    await comeBack(client, clock)
    const next = await server.peer(1, 'sub')
    next.send(said('back'))
    await vi.waitFor(() => expect(heard).toEqual(['back']), patience)
    expect([gaps.length, errors.length]).toEqual([0, 1])
  })

  it.each(garbage)('drops a connection on $name in place of the welcome', async ({ say }) => {
    const clock = manualClock()
    let isSane = false
    const answer = (frame: readonly unknown[], peer: Peer) => (isSane ? greet(frame, peer) : say(peer))
    const server = await startByHand({ answer })
    const { client } = startClient(server.url, { clock, backoff: aSecond })
    client.connect()
    await untilWaiting(client)
    expect(client.status).toMatchObject({ state: 'connecting', attempt: 1, cause: { code: 'bad_frame' } })
    isSane = true
    await comeBack(client, clock)
    await untilConnected(client)
  })

  it.each(broken)('comes back after $name where a message should begin', async ({ bytes }) => {
    const clock = manualClock()
    const server = await startByHand()
    const { client } = startClient(server.url, { clock, backoff: aSecond })
    client.connect()
    await untilConnected(client)
    const peer = await server.peer(0)
    // The raw connection below the WebSocket, which no message goes through.
    ;(peer.socket as unknown as { _socket: NodeJS.WritableStream })._socket.write(bytes)
    await untilWaiting(client)
    expect(client.status).toMatchObject({ state: 'connecting', cause: { code: 'connection_lost' } })
    await vi.waitFor(() => expect(server.open).toBe(0), patience)
    await comeBack(client, clock)
    await untilConnected(client)
  })

  it.each([
    ['what is no HTTP', 'SSH-2.0-OpenSSH_9.6\r\n'],
    ['random bytes', Buffer.from([0, 255, 1, 254, 13, 10, 13, 10])],
    ['nothing, and goes', ''],
    ['a page instead of the upgrade', 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi'],
    [
      'an upgrade for somebody else',
      'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: bm8=\r\n\r\n',
    ],
  ])('takes a server that answers %s for a failed connect, and tries again', async (_name, bytes) => {
    const clock = manualClock()
    const server = await startBabbling(bytes)
    const { client } = startClient(server.url, { clock, backoff: aSecond })
    client.connect()
    await untilWaiting(client)
    await failAgain(client, clock)
    expect(client.status).toMatchObject({
      state: 'connecting',
      attempt: 2,
      cause: { code: 'connect_failed' },
    })
    expect(server.accepted).toBe(2)
    await vi.waitFor(() => expect(server.open).toBe(0), patience)
  })

  it('hears a message of 8 MiB whole', async () => {
    const server = await startByHand()
    const { client, heard } = startListener(server.url, { clock: manualClock() })
    const peer = await server.peer(0, 'sub')
    const text = 'ä€💡'.repeat(2 ** 20)
    peer.send(said(text))
    await vi.waitFor(() => expect(heard.length).toBe(1), patience)
    expect(heard[0] === text, 'not compared by the matcher, which would print it').toBe(true)
    expect(client.status.state).toBe('connected')
  })

  it('comes back each time that its server restarts, and its listeners still hear', async () => {
    const clock = manualClock()
    let server = await startHub()
    const { client, heard, gaps, errors } = startListener(server.url, { clock, backoff: aSecond })
    await publishUntilHeard(server.hub, 'start 0', heard)
    for (const start of ['start 1', 'start 2', 'start 3']) {
      await server.stop()
      await untilWaiting(client)
      expect(client.status.cause?.code).toBe('connection_lost')
      await failAgain(client, clock)
      expect(client.status.cause?.code).toBe('connect_failed')
      server = await startHub({ port: server.port })
      await comeBack(client, clock)
      await publishUntilHeard(server.hub, start, heard)
      await clock.advance(10_000)
      expect(client.status, 'it is stable, and starts over').toMatchObject({ state: 'connected', attempt: 0 })
    }
    expect([...new Set(heard)]).toEqual(['start 0', 'start 1', 'start 2', 'start 3'])
    expect([gaps, errors]).toEqual([['epoch', 'epoch', 'epoch'], []])
  })
})

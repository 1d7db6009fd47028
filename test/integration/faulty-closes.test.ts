import { readFileSync } from 'node:fs'
import { manualClock } from 'syncline/testing'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { aSecond, type Peer, platforms, startByHand } from '../support/faulty-servers.ts'
import { comeBack, patience, startClient, untilWaiting } from '../support/hub-server.ts'

interface Close {
  readonly code: number
  /** The error code that the protocol gives it. */
  readonly name: string
  readonly isRetried: boolean
}

const document = readFileSync(new URL('../../docs/protocol.md', import.meta.url), 'utf8')

/** The table of close codes of the protocol's document. */
const table: readonly Close[] = [...document.matchAll(/^\| (\d{4}) \| `(\w+)` \| (yes|no) \|/gm)].map(
  ([, code, name, retry]) => ({ code: Number(code), name: name!, isRetried: retry === 'yes' }),
)

/** Those that the text below that table speaks of: retried up to 4499, fatal from 4500; of a later version from 4000. */
const others: readonly Close[] = [
  ...[1000, 1001, 1005, 1006, 1011, 1012, 1013].map((code) => ({
    code,
    name: 'connection_lost',
    isRetried: true,
  })),
  { code: 4100, name: 'of_a_later_version', isRetried: true },
  { code: 4499, name: 'of_a_later_version', isRetried: true },
  { code: 4507, name: 'of_a_later_version', isRetried: false },
  { code: 4999, name: 'of_a_later_version', isRetried: false },
]

/** Closes as `code` says: 1005 is none at all, 1006 a connection that breaks. */
function closeWith({ socket }: Peer, code: number, reason: string): void {
  if (code === 1005) socket.close()
  else if (code === 1006) socket.terminate()
  else socket.close(code, reason)
}

const longMs = 24 * 3_600_000

it('the table of the protocol is read whole', () => {
  const codes = [1009, 4000, 4001, 4002, 4003, 4004, 4005, 4006, 4500, 4501, 4502, 4503, 4504, 4505, 4506]
  expect(table.map(({ code }) => code)).toEqual(codes)
})

describe.each(platforms)('over $platform, a client', ({ use }) => {
  beforeEach(use)
  afterEach(() => void vi.unstubAllGlobals())

  /** A client that a server by hand has welcomed. */
  async function startWelcomed(options: Partial<Parameters<typeof startClient>[1]> = {}) {
    const clock = manualClock()
    const server = await startByHand()
    const { client, errors } = startClient(server.url, { clock, backoff: aSecond, ...options })
    client.connect()
    const untilConnected = () => vi.waitFor(() => expect(client.status.state).toBe('connected'), patience)
    await untilConnected()
    return { clock, server, client, errors, untilConnected, peer: await server.peer(0) }
  }

  type Welcomed = Awaited<ReturnType<typeof startWelcomed>>

  async function expectReturn({ clock, server, client, errors, untilConnected }: Welcomed): Promise<void> {
    await untilWaiting(client)
    expect(client.status).toMatchObject({ state: 'connecting', attempt: 1 })
    expect(server.peers.length, 'it waits before it comes back').toBe(1)
    await comeBack(client, clock)
    await untilConnected()
    expect(server.peers.length).toBe(2)
    expect(errors).toEqual([])
  }

  async function expectAbsence({ clock, server, client, errors, untilConnected }: Welcomed): Promise<void> {
    await vi.waitFor(() => expect(client.status.state).toBe('error'), patience)
    expect(errors).toMatchObject([{ stage: 'connect', code: client.status.cause?.code }])
    expect([client.status.nextAttemptAt, clock.pending]).toEqual([undefined, 0])
    await clock.advance(longMs)
    await vi.waitFor(() => expect(server.open).toBe(0), patience)
    expect([client.status.state, server.peers.length]).toEqual(['error', 1])
    client.connect()
    await untilConnected()
    expect(server.peers.length, 'only the app starts it again').toBe(2)
  }

  it.each([...table, ...others])(
    'after a close with $code, $name, does what the protocol says: retry is $isRetried',
    async ({ code, name, isRetried }) => {
      const all = await startWelcomed()
      closeWith(all.peer, code, `${name}: told by the test`)
      await vi.waitFor(() => expect(all.client.status.state).not.toBe('connected'), patience)
      expect(all.client.status.cause?.code).toBe(name)
      // 1005 and 1006 carry no reason, whatever was meant.
      if (code !== 1005 && code !== 1006) {
        expect(all.client.status.cause?.message).toContain(`${code} ${name}: told by the test`)
      }
      await (isRetried ? expectReturn(all) : expectAbsence(all))
    },
  )

  it.each([
    [4100, 'retried'],
    [4999, 'fatal'],
    [1013, 'retried'],
  ])('calls a close with %i and no reason a lost connection, and it is %s', async (code, outcome) => {
    const all = await startWelcomed()
    closeWith(all.peer, code, '')
    await vi.waitFor(() => expect(all.client.status.state).not.toBe('connected'), patience)
    expect(all.client.status.cause?.code).toBe('connection_lost')
    await (outcome === 'retried' ? expectReturn(all) : expectAbsence(all))
  })

  it.each([
    { code: 4006, name: 'handshake_timeout', state: 'connecting' },
    { code: 4502, name: 'upgrade_required', state: 'error' },
    { code: 1013, name: 'connection_lost', state: 'connecting' },
    { code: 1006, name: 'connection_lost', state: 'connecting' },
  ])('keeps to the table when $code comes in place of the welcome', async ({ code, name, state }) => {
    const clock = manualClock()
    const server = await startByHand({
      answer: (_frame, peer) => closeWith(peer, code, `${name}: not you`),
    })
    const { client } = startClient(server.url, { clock, backoff: aSecond })
    client.connect()
    await vi.waitFor(() => expect(client.status.cause?.code).toBe(name), patience)
    expect(client.status.state).toBe(state)
    expect(client.status.nextAttemptAt === undefined).toBe(state === 'error')
  })

  it('asks for another token once after 4500, and stays away when that one is refused, too', async () => {
    const clock = manualClock()
    const asked: boolean[] = []
    const auth = ({ refused }: { refused: boolean }) => {
      asked.push(refused)
      return `token ${asked.length}`
    }
    const server = await startByHand({
      answer: (_frame, peer) => closeWith(peer, 4500, 'unauthorized: who are you?'),
    })
    const { client, errors } = startClient(server.url, { clock, backoff: aSecond, auth })
    client.connect()
    await untilWaiting(client)
    expect([client.status.cause?.code, asked]).toEqual(['unauthorized', [false]])
    await comeBack(client, clock)
    await vi.waitFor(() => expect(client.status.state).toBe('error'), patience)
    expect(asked).toEqual([false, true])
    const hellos = server.peers.map(({ frames }) => frames[0]?.[1])
    expect(hellos).toMatchObject([{ token: 'token 1' }, { token: 'token 2' }])
    expect(errors).toMatchObject([{ stage: 'connect', code: 'unauthorized' }])
    expect(clock.pending).toBe(0)
  })
})

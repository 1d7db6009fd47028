import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { channel, defineRegistry } from 'syncline'
import { type Client, type ClientOptions, createClient } from 'syncline/client'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import * as z from 'zod'
import {
  freePort,
  nextTurn,
  platforms,
  startByHand,
  startMute,
  startRefusing,
  startSilent,
} from '../support/faulty-servers.ts'
import { patience, startHubFor, untilWaiting } from '../support/hub-server.ts'

// The flag holds for this worker from here on; a new context is where it shows.
setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

const text = z.object({ text: z.string() })
const registry = defineRegistry({
  lobby: channel('lobby', {
    events: { said: text },
    clientEvents: { wrote: text },
    requests: { ask: { input: text, output: text } },
  }),
  game: channel('game/:code', { events: { moved: z.object({}) } }),
})

type TestClient = Client<typeof registry>

/** Nobody listens there, and a client that is not asked to connect does not look. */
const nowhere = 'ws://127.0.0.1:9/sync'

/** Longer than this file runs: what waits for it still waits when the test looks. */
const anHour = { delaysMs: [3_600_000] }

/**
 * Makes a client, does something with it, and forgets it: in a function of its own, on whose stack nothing stays. No
 * helper that closes clients after the test may know of it.
 */
async function made(
  options: ClientOptions,
  live: (client: TestClient) => unknown = () => {},
): Promise<WeakRef<TestClient>> {
  const client = createClient(registry, { onError: () => {}, ...options })
  await live(client)
  return new WeakRef(client)
}

/** Whether it is gone after at most 10 collections; a turn between two lets go of what the last look held. */
async function isCollected(ref: WeakRef<object>): Promise<boolean> {
  for (let round = 0; round < 10; round++) {
    await nextTurn()
    collectGarbage()
    if (ref.deref() === undefined) return true
  }
  return false
}

const untilConnected = (client: TestClient) =>
  vi.waitFor(() => {
    if (client.status.state !== 'connected') throw new Error('the client is not connected')
  }, patience)

/** Listens and sends in every way, and keeps nothing. */
function use(client: TestClient): void {
  client.onStatus(() => {})
  client.onDiagnostic(() => {})
  const lobby = client.channel('lobby')
  lobby.on('said', () => {})
  lobby.on('gap', () => {})
  lobby.on('subscribed', () => {})
  lobby.onAny(() => {})
  // What lingers has a timer, and so has what waits to be sent or answered.
  client.channel('game', { code: 'ABC' }).once('moved', () => {})()
  for (const sent of [
    lobby.publish('wrote', { text: 'one' }),
    lobby.request('ask', { text: 'two' }, { signal: AbortSignal.abort() }),
    lobby.request('ask', { text: 'three' }),
  ]) {
    sent.catch(() => {})
  }
}

describe('the look for what is collected', () => {
  it('finds an object that nobody holds, and misses one that is held', async () => {
    const held = {}
    expect(await isCollected(new WeakRef({}))).toBe(true)
    expect(await isCollected(new WeakRef(held))).toBe(false)
    expect(held).toEqual({})
  })

  it('finds a client held by whoever holds it, its channel or an undo', async () => {
    const holders: unknown[] = []
    const hold: readonly ((client: TestClient) => unknown)[] = [
      (client) => client,
      (client) => client.channel('lobby'),
      (client) => client.channel('lobby').on('said', () => {}),
    ]
    for (const holder of hold) {
      const ref = await made({ url: nowhere, enabled: false }, (client) => {
        holders.push(holder(client))
        client.close()
      })
      expect(await isCollected(ref), String(holder)).toBe(false)
      holders.length = 0
      expect(await isCollected(ref), `${holder}, let go`).toBe(true)
    }
  })

  it('finds a client that waits and was not closed held by its timer', async () => {
    const stop: (() => void)[] = []
    const url = `ws://127.0.0.1:${await freePort()}/sync`
    const clock = {
      now: () => Date.now(),
      after(ms: number, run: () => void) {
        const timer = setTimeout(run, ms)
        stop.push(() => clearTimeout(timer))
        return () => clearTimeout(timer)
      },
    }
    const ref = await made({ url, clock, backoff: anHour }, (client) => {
      client.connect()
      return untilWaiting(client)
    })
    expect(await isCollected(ref)).toBe(false)
    for (const cancel of stop) cancel()
    stop.length = 0
    expect(await isCollected(ref)).toBe(true)
  })
})

describe('a closed client is collected', () => {
  it('when it was never used, even without a close', async () => {
    expect(await isCollected(await made({ url: nowhere }, (client) => client.close()))).toBe(true)
    expect(await isCollected(await made({ url: nowhere }))).toBe(true)
  })

  it('when it had listeners and sends, and nobody keeps an undo or a promise', async () => {
    const ref = await made({ url: nowhere, enabled: false }, (client) => {
      use(client)
      client.close()
    })
    expect(await isCollected(ref)).toBe(true)
  })

  it('when the signals that it followed are still there', async () => {
    const followers = new Set<(isOn: boolean) => void>()
    let followed = 0
    const signal = (tell: (isOn: boolean) => void) => {
      followed++
      followers.add(tell)
      return () => void followers.delete(tell)
    }
    const signals = { online: signal, visible: signal, frozen: signal }
    const server = await startByHand()
    const ref = await made({ url: server.url, signals }, async (client) => {
      client.connect()
      await untilConnected(client)
      client.close()
    })
    expect(followed).toBe(3)
    expect(await isCollected(ref)).toBe(true)
    expect(followers.size).toBe(0)
  })
})

describe.each(platforms)('over $platform, a closed client is collected', (platform) => {
  beforeEach(platform.use)
  afterEach(() => void vi.unstubAllGlobals())

  it('when it was connected, with listeners and sends, and its connection is gone', async () => {
    const server = await startHubFor(registry)
    const ref = await made({ url: server.url }, async (client) => {
      use(client)
      await untilConnected(client)
      client.close()
    })
    await vi.waitFor(() => expect(server.hub.connections).toBe(0), patience)
    expect(await isCollected(ref)).toBe(true)
  })

  it('once it is closed, and not while it is connected', async () => {
    const server = await startHubFor(registry)
    const ref = await made({ url: server.url }, (client) => {
      use(client)
      return untilConnected(client)
    })
    expect(await isCollected(ref)).toBe(false)
    ref.deref()?.close()
    expect(await isCollected(ref)).toBe(true)
  })

  it('when it waited for its next attempt', async () => {
    const url = `ws://127.0.0.1:${await freePort()}/sync`
    const ref = await made({ url, backoff: anHour }, async (client) => {
      use(client)
      await untilWaiting(client)
      client.close()
    })
    expect(await isCollected(ref)).toBe(true)
  })

  it('when it waited after a refused upgrade', async () => {
    const server = await startRefusing(503)
    const ref = await made({ url: server.url, backoff: anHour }, async (client) => {
      use(client)
      await untilWaiting(client)
      client.close()
    })
    expect(await isCollected(ref)).toBe(true)
  })

  it('when it was connecting to a server that stays silent', async () => {
    const server = await startSilent()
    const ref = await made({ url: server.url }, async (client) => {
      use(client)
      await vi.waitFor(() => expect(server.accepted).toBe(1), patience)
      client.close()
    })
    await vi.waitFor(() => expect(server.open).toBe(0), patience)
    expect(await isCollected(ref)).toBe(true)
  })

  it('when its server has sent it away for good', async () => {
    const server = await startByHand({ answer: (_frame, { socket }) => socket.close(4503, 'forbidden: you') })
    const ref = await made({ url: server.url }, async (client) => {
      use(client)
      await vi.waitFor(() => expect(client.status.state).toBe('error'), patience)
      client.close()
    })
    expect(await isCollected(ref)).toBe(true)
  })

  it('when it came back once, and had let go of a connection before', async () => {
    const server = await startByHand()
    const ref = await made({ url: server.url, backoff: { delaysMs: [0] } }, async (client) => {
      use(client)
      const peer = await server.peer(0, 'sub')
      peer.socket.terminate()
      await server.peer(1, 'sub')
      client.close()
    })
    await vi.waitFor(() => expect(server.open).toBe(0), patience)
    expect(await isCollected(ref)).toBe(true)
  })

  it('while its server does not answer the close of its connection', async () => {
    const heard: Buffer[] = []
    const server = await startMute(heard)
    const ref = await made({ url: server.url }, async (client) => {
      use(client)
      await vi.waitFor(() => expect(Buffer.concat(heard).length).toBeGreaterThan(6), patience)
      client.close()
    })
    await vi.waitFor(() => expect(heard.at(-1)?.[0]).toBe(0x88), patience)
    expect(await isCollected(ref)).toBe(true)
    expect(server.open, 'its connection is still there').toBe(1)
  })
})

import { fileURLToPath } from 'node:url'
import type { ClientOptions, ConnectionStatus } from 'syncline/client'
import { manualClock } from 'syncline/testing'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { runInNode } from '../../support/bundled-client.ts'
import { comeBack, patience, startClient } from '../../support/hub-server.ts'
import { startPython } from '../../support/python.ts'

interface Told {
  readonly event: 'listening' | 'asked' | 'received' | 'left'
  readonly port?: number
  readonly path?: string
  readonly offered?: readonly string[]
  readonly message?: string
}

/** A FastAPI server; `told` is what has happened there. */
async function startFastApi() {
  const { lines, stop } = startPython(fileURLToPath(new URL('fastapi-server.py', import.meta.url)))
  const told: Told[] = []
  const reading = (async () => {
    for await (const line of lines) told.push(JSON.parse(line) as Told)
  })()
  reading.catch(() => {})
  const port = await vi.waitFor(() => {
    const listening = told.find(({ event }) => event === 'listening')
    if (!listening) throw new Error('FastAPI does not listen yet')
    return listening.port
  }, patience)
  return { told, stop, urlOf: (path: string) => `http://127.0.0.1:${port}${path}` }
}

/** A client of `url` that somebody listens with, and every status that it showed. */
function watch(url: string, options: Partial<ClientOptions> = {}) {
  const { client, errors } = startClient(url, options)
  const shown: ConnectionStatus[] = []
  client.onStatus((status) => shown.push(status))
  const heard: unknown[] = []
  client.channel('lobby').on('said', (data) => heard.push(data))
  return { client, errors, shown, heard }
}

/** Waits until the client has made several attempts and is waiting for the next one, then ends it. */
async function expectNoFallback({ client, shown, heard }: ReturnType<typeof watch>, codes: string[]) {
  const waits = () => shown.filter(({ nextAttemptAt }) => nextAttemptAt !== undefined)
  await vi.waitFor(() => expect(waits().length).toBeGreaterThanOrEqual(3), patience)
  expect(
    waits()
      .map(({ attempt }) => attempt)
      .slice(0, 3),
  ).toEqual([1, 2, 3])
  for (const { cause } of waits()) expect(codes).toContain(cause?.code)
  expect(new Set(shown.map(({ state }) => state))).toEqual(new Set(['connecting']))
  client.close()
  expect(client.status).toEqual({ state: 'disconnected', attempt: 0 })
  expect(heard).toEqual([])
}

describe.each([
  ['the platform’s WebSocket', () => {}],
  ['the ws package, where the platform has none', () => vi.stubGlobal('WebSocket', undefined)],
])('over %s, a client of a server that has never heard of Syncline', (_name, choose) => {
  let server: Awaited<ReturnType<typeof startFastApi>>
  beforeAll(async () => {
    server = await startFastApi()
  })
  afterAll(() => server.stop())
  beforeEach(choose)
  afterEach(() => {
    vi.unstubAllGlobals()
  })

  it.each(['/echo', '/json', '/other'])(
    'does not fall back in silence where the subprotocol is not chosen (%s)',
    async (path) => {
      const { told, urlOf } = server
      const watched = watch(urlOf(path))
      await expectNoFallback(watched, ['connect_failed', 'unsupported'])
      expect(told.filter(({ event }) => event === 'asked').map(({ offered }) => offered)[0]).toEqual([
        'syncline.1',
      ])
      expect(told.filter(({ event }) => event === 'received')).toEqual([])
    },
  )

  it.each(['/page', '/nowhere'])('keeps trying where there is no WebSocket at all (%s)', async (path) => {
    const { urlOf } = server
    await expectNoFallback(watch(urlOf(path)), ['connect_failed'])
  })

  it.each(['/impostor', '/almost', '/binary'])(
    'reports what it cannot read and tries again where another JSON is spoken under the name (%s)',
    async (path) => {
      const { urlOf } = server
      const watched = watch(urlOf(path))
      await expectNoFallback(watched, ['bad_frame'])
      expect(watched.errors.length).toBeGreaterThanOrEqual(3)
      for (const { stage, code } of watched.errors) expect([stage, code]).toEqual(['frame', 'bad_frame'])
    },
  )

  it.each(['/mute', '/parrot'])('gives an attempt up in time where no welcome comes (%s)', async (path) => {
    const { told, urlOf } = server
    const clock = manualClock()
    const watched = watch(urlOf(path), { clock })
    const received = () => told.filter(({ event, path: at }) => event === 'received' && at === path)
    for (let attempt = 1; attempt <= 3; attempt++) {
      await vi.waitFor(() => expect(received().length).toBe(attempt), patience)
      await clock.advance(10_000)
      if (attempt < 3) await comeBack(watched.client, clock)
    }
    await expectNoFallback(watched, ['connect_timeout'])
    const types = received().map(({ message }) => JSON.parse(message ?? '')[0])
    expect(types, 'nothing but hello goes to a stranger').toEqual(['hello', 'hello', 'hello'])
    expect(watched.errors).toEqual([])
  })

  it.each(['/echo', '/impostor', '/mute', '/nowhere'])(
    'leaves the process free to end once it is closed (%s)',
    async (path) => {
      const { urlOf } = server
      const { exited } = await runInNode(
        `${globalThis.WebSocket ? '' : "Reflect.deleteProperty(globalThis, 'WebSocket')"}
        import { defineRegistry, channel } from 'syncline'
        import { createClient } from 'syncline/client'
        const client = createClient(defineRegistry({ lobby: channel('lobby', {}) }), {
          url: process.argv[2]!,
          backoff: { firstMaxMs: 10, baseMs: 10, maxMs: 10 },
          connectTimeoutMs: 200,
          onError: () => {},
        })
        client.onStatus(({ attempt }) => {
          if (attempt < 2) return
          client.close()
          process.stdout.write(client.status.state)
        })
        client.connect()`,
        urlOf(path),
      )
      expect(await exited).toEqual({ code: 0, output: 'disconnected' })
    },
  )
})

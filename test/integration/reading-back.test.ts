import { type EventMeta, history, rewind, since } from 'syncline/client'
import { type Broadcaster, memory } from 'syncline/server'
import { expect, test, vi } from 'vitest'
import type { registry } from '../support/challenge-registry.ts'
import { type HubServer, patience, quick, startClient, startHttp, startHub } from '../support/hub-server.ts'

/** Calls `at` before and after every step that a hub takes with its log to let a client in. */
function stepping(at: (step: string) => Promise<unknown>): Broadcaster {
  const inner = memory()
  const around = async <T>(step: string, work: () => Promise<T>): Promise<T> => {
    await at(`before ${step}`)
    const result = await work()
    await at(`after ${step}`)
    return result
  }
  return {
    ...inner,
    subscribe: (channel, deliver) => around('subscribe', () => inner.subscribe(channel, deliver)),
    read: (channel, query) => around('read', () => inner.read(channel, query)),
  }
}

/** A hub, and beside it a database of texts with a route; `write` commits a text and publishes it. */
async function setUp() {
  const rows: string[] = []
  const steps: string[] = []
  let server: HubServer<typeof registry> | undefined
  /** Which of the steps to write at; the first of each name only, as a write takes steps itself. */
  let isWriting = false
  const write = async (text = `row ${rows.length + 1}`) => {
    rows.push(text)
    await server!.hub.channel('lobby').publish('said', { text })
  }
  const step = async (name: string) => {
    if (!isWriting) return
    isWriting = false
    steps.push(name)
    await write()
    isWriting = true
  }
  server = await startHub({ broadcaster: stepping(step) })
  const http = await startHttp(async (_request, response) => {
    await step('before the position')
    const position = await server!.hub.channel('lobby').position()
    await step('after the position')
    const copy = [...rows]
    await step('after the rows')
    response.end(JSON.stringify({ rows: copy, position }))
  })
  const fetchRows = async () => (await fetch(`http://127.0.0.1:${http.port}/`)).json()
  return {
    ...server,
    rows,
    steps,
    write,
    step,
    fetchRows,
    startWriting: () => {
      isWriting = true
    },
    stopWriting: () => {
      isWriting = false
    },
  }
}

type Rows = { rows: string[]; position: Parameters<typeof since>[0] }

test.each([
  ['is connected for it', false],
  ['holds it already for something else', true],
])(
  'rows over HTTP and the events since their position miss no write and tell none twice, whenever it comes, where the channel %s',
  async (_name, isHeld) => {
    const all = await setUp()
    await all.write()
    const { client } = startClient(all.url)
    const lobby = client.channel('lobby')
    const gaps: string[] = []
    if (isHeld) {
      const others: string[] = []
      lobby.on('said', ({ text }) => others.push(text))
      await vi.waitFor(async () => {
        await all.write()
        expect(others).not.toEqual([])
      }, patience)
    }
    all.startWriting()
    const { rows, position } = (await all.fetchRows()) as Rows
    await all.step('after the answer')
    lobby.on('gap', ({ reason }) => gaps.push(reason))
    await all.step('before listening')
    const heard: string[] = []
    const offsets: number[] = []
    const hear = ({ text }: { text: string }, meta: EventMeta) => {
      heard.push(text)
      offsets.push(meta.position.offset)
    }
    lobby.on('said', hear, since(position))
    await all.step('after listening')
    await vi.waitFor(() => expect(heard.length).toBeGreaterThan(5), patience)
    all.stopWriting()
    await all.write('the last')
    await vi.waitFor(() => expect(heard.at(-1)).toBe('the last'), patience)
    // Each entry after the position once, in order; what was written between the position and the rows is in both, as an upsert may be.
    expect(offsets).toEqual(offsets.map((_offset, i) => position.offset + 1 + i))
    expect([...new Set([...rows, ...heard])]).toEqual(all.rows)
    expect(rows.filter((text) => heard.includes(text)).length).toBeLessThanOrEqual(2)
    expect(gaps).toEqual([])
    // A run without writes between would show nothing.
    expect(all.steps).toEqual(
      expect.arrayContaining(['after the position', 'after the rows', 'after the answer', 'after read']),
    )
    if (!isHeld) expect(all.steps).toEqual(expect.arrayContaining(['before subscribe', 'after subscribe']))
  },
)

test('a rewind and what comes after it hold each write once, whenever it comes, for each listener its own', async () => {
  const all = await setUp()
  for (let i = 0; i < 10; i++) await all.write()
  const { client } = startClient(all.url)
  const lobby = client.channel('lobby')
  const heard = new Map<number, string[]>()
  const listen = (count: number) => {
    const texts: string[] = []
    heard.set(count, texts)
    lobby.on('said', ({ text }, { replayed }) => texts.push(replayed ? `past ${text}` : text), rewind(count))
  }
  all.startWriting()
  listen(3)
  listen(100)
  await vi.waitFor(() => expect(heard.get(3)!.length).toBeGreaterThan(3), patience)
  listen(5)
  await vi.waitFor(() => expect(heard.get(5)!.length).toBeGreaterThan(5), patience)
  all.stopWriting()
  await all.write('the last')
  for (const [count, texts] of heard) {
    await vi.waitFor(() => expect(texts.at(-1)).toBe('the last'), patience)
    const plain = texts.map((text) => text.replace('past ', ''))
    expect(plain).toEqual(all.rows.slice(-plain.length))
    const past = texts.filter((text) => text.startsWith('past '))
    expect(texts.slice(0, past.length)).toEqual(past)
    expect(count === 100 ? plain.length === all.rows.length : past.length === count).toBe(true)
  }
})

test('a history is read page by page, without the channel being held, and again after the connection broke', async () => {
  const all = await setUp()
  for (let i = 0; i < 10; i++) await all.write()
  const { client } = startClient(all.url, { backoff: quick })
  const lobby = client.channel('lobby')
  const texts: unknown[] = []
  let before: number | undefined
  do {
    const page = await history(lobby, { limit: 4, before })
    texts.unshift(...page.entries.map(({ data }) => data.text))
    before = page.before
    all.cut()
  } while (before !== undefined)
  expect(texts).toEqual(all.rows)
  expect(all.hub.connections).toBeLessThanOrEqual(1)
})

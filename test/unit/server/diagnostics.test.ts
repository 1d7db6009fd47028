import { channel, defineRegistry } from 'syncline'
import { createClient } from 'syncline/client'
import { createHub, type HubDiagnostic, type HubUser, logTo } from 'syncline/server'
import { createNetwork, manualClock, seededRandom } from 'syncline/testing'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import * as z from 'zod'
import { Diagnostics } from '../../../src/server/diagnostics.ts'
import { SyncError } from '../../../src/shared/errors.ts'

const text = z.object({ text: z.string() })
const registry = defineRegistry({
  room: channel('room/:id', {
    events: { closed: text },
    clientEvents: { said: text },
    messages: { typing: text },
    requests: { ask: { input: text, output: text }, fail: { input: text, output: text } },
    presence: text,
  }),
})

/** What is in tokens and payloads here, and nowhere else. */
const secret = 'hunter2'
const payload = { text: `a ${secret}` }

function setUp() {
  const clock = manualClock()
  const random = seededRandom(1)
  const hub = createHub<typeof registry, HubUser & { password: string }>(registry, {
    clock,
    random,
    authenticate: ({ token }) => {
      if (token === `bad ${secret}`) throw new Error(`no such token: ${token}`)
      return token === `token ${secret}` ? { id: 'ann', password: secret } : undefined
    },
    onError: () => {},
  })
  hub.serve('room', {
    authorize: ({ action, params }) => action === 'subscribe' || params.id !== 'closed',
    onPublish: ({ data }) => {
      if (data.text === 'refuse') throw new SyncError('rate_limited', `Slowly, ${secret}`)
      return undefined
    },
    requests: {
      ask: () => payload,
      fail: () => {
        throw new Error(`cannot do ${secret}`)
      },
    },
  })
  const network = createNetwork(hub, { clock })
  const connect = (token: string) =>
    createClient(registry, {
      url: `ws://hub/sync?token=${secret}`,
      clock,
      random,
      socket: network.socket,
      auth: () => token,
      onError: () => {},
    })
  return { clock, hub, network, connect }
}

/** Something of everything: what succeeds, is refused, fails, and ends. */
async function everything({ clock, hub, connect, network }: ReturnType<typeof setUp>) {
  const client = connect(`token ${secret}`)
  const [open, closed] = [client.channel('room', { id: '1' }), client.channel('room', { id: 'closed' })]
  // What becomes of them is the business of other tests.
  const send = (sent: Promise<unknown>) => void sent.catch(() => {})
  for (const room of [open, closed]) room.on('said', () => {})
  await clock.advance(100)
  for (const room of [open, closed]) {
    send(room.publish('said', payload))
    send(room.request('ask', payload))
    send(room.request('fail', payload))
    room.tell('typing', payload)
  }
  send(open.publish('said', { text: 'refuse' }))
  await hub.channel('room', { id: '1' }).publish('closed', payload)
  hub.channel('room', { id: '1' }).tell('typing', payload)
  for (const token of [`wrong ${secret}`, `bad ${secret}`]) connect(token).connect()
  await clock.advance(100)
  const raw = hub.accept(
    { bufferedBytes: 0, send: () => {}, close: () => {} },
    { url: `/?${secret}`, headers: {} },
  )
  raw.received(`["hello",{"registry":[1,""],"session":"abcdefghijklmnopqrstuvwx","token":"token ${secret}"}]`)
  await clock.settle()
  raw.received(`["enter",1,"room/1",{"text":"a ${secret}"}]`)
  raw.received(`["mystery","${secret}"]`)
  raw.received(`${secret} is no frame`)
  hub.refused(
    { url: `/sync?token=${secret}`, headers: { origin: 'https://a.example', cookie: secret } },
    { status: 403, message: 'no' },
  )
  network.links[0]?.cut()
  void hub.drain({ overMs: 100 })
  await clock.advance(60_000)
  client.close()
  await hub.close()
}

describe('what a hub tells of itself', () => {
  test('has something of every type, each with the time, and holds no payload, no token and no word of the app', async () => {
    const subject = setUp()
    const noted: HubDiagnostic[] = []
    subject.hub.onDiagnostic((diagnostic) => noted.push(diagnostic))
    await everything(subject)
    const types =
      'close connect deliver drain error presence publish refuse refuseUpgrade request subscribe unsubscribe'
    expect([...new Set(noted.map(({ type }) => type))].sort().join(' ')).toBe(types)
    expect(JSON.stringify(noted)).not.toContain(secret)
    for (const { time } of noted) expect(time).toBeGreaterThanOrEqual(1_700_000_000_000)
  })

  test('is the same in the lines of the log', async () => {
    const subject = setUp()
    const lines: string[] = []
    const write = (line: string) => void lines.push(line)
    subject.hub.onDiagnostic(logTo({ debug: write, info: write, warn: write, error: write }, 'debug'))
    await everything(subject)
    expect(lines.length).toBeGreaterThan(20)
    expect(lines.join('\n')).not.toContain(secret)
  })

  test('would be searched in vain for nothing: the secret was everywhere', async () => {
    const subject = setUp()
    const told: string[] = []
    const { clock, hub, connect } = subject
    connect(`token ${secret}`)
      .channel('room', { id: '1' })
      .on('closed', ({ text }) => told.push(text))
    await clock.advance(100)
    await hub.channel('room', { id: '1' }).publish('closed', payload)
    await clock.advance(100)
    expect(told).toEqual([payload.text])
  })
})

describe('a listener', () => {
  const note = (diagnostics: Diagnostics) => diagnostics.note('drain', { overMs: 1, sessions: 2 })

  test('hears until it takes itself back, which it may do twice', () => {
    const diagnostics = new Diagnostics(
      () => 7,
      () => {},
    )
    const heard: HubDiagnostic[] = []
    const undo = diagnostics.on((diagnostic) => heard.push(diagnostic))
    note(diagnostics)
    undo()
    undo()
    note(diagnostics)
    expect(heard).toEqual([{ type: 'drain', time: 7, overMs: 1, sessions: 2 }])
  })

  test('that throws is told of, and the others hear', () => {
    const thrown: unknown[] = []
    const diagnostics = new Diagnostics(
      () => 7,
      (error) => thrown.push(error),
    )
    const heard: string[] = []
    diagnostics.on(() => {
      throw new Error('mine')
    })
    diagnostics.on(({ type }) => heard.push(type))
    note(diagnostics)
    expect([heard, thrown]).toEqual([['drain'], [new Error('mine')]])
  })

  test('that throws on each error of a hub does not go round in circles', async () => {
    const { clock } = setUp()
    const reported: string[] = []
    const hub = createHub(registry, { clock, onError: ({ code }) => reported.push(code) })
    hub.onDiagnostic(() => {
      throw new Error('mine')
    })
    await hub.drain()
    expect(reported).toEqual(['listener_failed'])
  })
})

describe('while nobody listens', () => {
  test('no time is asked for and nothing is built', () => {
    let asked = 0
    const diagnostics = new Diagnostics(
      () => asked++,
      () => {},
    )
    diagnostics.note('drain', { overMs: 1, sessions: 2 })
    expect([diagnostics.isHeard, asked]).toEqual([false, 0])
    const undos = [diagnostics.on(() => {}), diagnostics.on(() => {})]
    undos[0]!()
    expect(diagnostics.isHeard).toBe(true)
    undos[1]!()
    expect(diagnostics.isHeard).toBe(false)
  })

  test('a hub makes no fields of what happens to its sessions', async () => {
    const subject = setUp()
    const real = Diagnostics.prototype.note
    const noted: string[] = []
    Diagnostics.prototype.note = function (this: Diagnostics, type: HubDiagnostic['type'], ...rest: [never]) {
      noted.push(type)
      real.call(this, type, ...rest)
    } as typeof real
    try {
      await everything(subject)
    } finally {
      Diagnostics.prototype.note = real
    }
    // What happens seldom may be made for nobody.
    expect(new Set(noted)).toEqual(new Set(['drain', 'error', 'refuseUpgrade']))
  })
})

test('a publication that is in the log is acknowledged, though a listener and the error handler both throw', async () => {
  const reported: unknown[] = []
  vi.stubGlobal('reportError', (error: unknown) => reported.push(error))
  onTestFinished(() => void vi.unstubAllGlobals())
  const fail = () => {
    throw new Error('mine')
  }
  const clock = manualClock()
  const hub = createHub(registry, { clock, onError: fail })
  hub.serve('room', {})
  hub.onDiagnostic(fail)
  const { socket } = createNetwork(hub, { clock })
  const client = createClient(registry, { url: 'ws://hub/sync', clock, socket })
  const sent = client.channel('room', { id: 'a' }).publish('said', payload)
  await clock.advance(100)
  await expect(sent).resolves.toMatchObject({ offset: 1 })
  expect(reported.length).toBeGreaterThan(0)
})

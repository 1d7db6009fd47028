import { channel, defineRegistry } from 'syncline'
import { createClient } from 'syncline/client'
import { createHub, type HubUser, memory } from 'syncline/server'
import { createNetwork, manualClock, seededRandom } from 'syncline/testing'
import { describe, expect, onTestFinished, test } from 'vitest'
import * as z from 'zod'
import { SimulatedProcess } from '../../src/testing/simulated-process.ts'
import { greetBare, hello, openBare, secret } from '../support/bare-client.ts'
import { startHub, startHubFor } from '../support/hub-server.ts'

const registry = defineRegistry({
  room: channel('room', {
    clientEvents: { said: z.object({ text: z.string() }) },
    requests: { ask: { input: z.object({ n: z.number() }), output: z.number() } },
  }),
})

describe('a position that is no place in this log', () => {
  async function ask(since: (position: { epoch: string; offset: number; tag: string }) => unknown) {
    const { hub, url, errors } = await startHub()
    for (const text of ['one', 'two', 'three']) await hub.channel('lobby').publish('said', { text })
    const { entries } = await hub.channel('lobby').history()
    const { bare } = await greetBare(url)
    bare.send(['sub', 1, 'lobby', { since: since(entries[1]!.position) }])
    const answer = await Promise.race([bare.next('subscribed'), bare.ended()])
    return { answer, bare, hub, errors, top: entries[2]!.position }
  }

  test('is told from one that is', async () => {
    const { answer, bare } = await ask(({ epoch, offset, tag }) => [epoch, offset, tag])
    expect(answer).toMatchObject(['subscribed', 1, 1, { recovered: true }])
    await bare.next('live')
    expect(bare.of('ev').map(([, , offset]) => offset)).toEqual([3])
  })

  test.each<[string, string, Parameters<typeof ask>[0]]>([
    ['of another log', 'epoch', ({ offset, tag }) => ['other', offset, tag]],
    ['of no log', 'epoch', () => ['', 0, '']],
    ['from the future', 'rollback', ({ epoch, tag }) => [epoch, 9, tag]],
    ['from the farthest future', 'rollback', ({ epoch, tag }) => [epoch, Number.MAX_SAFE_INTEGER, tag]],
    ['with a made-up tag', 'rollback', ({ epoch, offset }) => [epoch, offset, 'made up']],
    ['with a made-up tag at the top', 'rollback', ({ epoch }) => [epoch, 3, 'made up']],
    ['with a tag at the beginning', 'rollback', ({ epoch }) => [epoch, 0, 'made up']],
    ['with a name of an object in it', 'epoch', () => ['__proto__', 1, 'constructor']],
  ])('%s, is answered with a gap, at the top, without any entry', async (_name, reason, since) => {
    const { answer, bare, hub, top } = await ask(since)
    const position = [top.epoch, top.offset, top.tag]
    expect(answer).toEqual(['subscribed', 1, 1, { position, recovered: false, reason }])
    await bare.next('live')
    expect(bare.of('ev')).toEqual([])
    // It goes on as for everyone.
    await hub.channel('lobby').publish('said', { text: 'four' })
    expect((await bare.next('ev')).slice(0, 3)).toEqual(['ev', 1, 4])
  })

  test.each<[string, unknown]>([
    ['a negative offset', ['e', -1, 't']],
    ['half an offset', ['e', 1.5, 't']],
    ['a number for an epoch', [1, 1, 't']],
    ['no tag', ['e', 1]],
    ['an object', { epoch: 'e', offset: 1, tag: 't' }],
  ])('and has %s, is no frame', async (_name, since) => {
    const { answer } = await ask(() => since)
    expect(answer).toMatchObject({ code: 4501 })
  })
})

describe('the number of a publication that', () => {
  const pub = (n: number, base: number, ageMs?: number) => [
    ...['pub', n, base, 'room', 'said', { text: `${n}` }],
    ...(ageMs === undefined ? [] : [ageMs]),
  ]
  async function send(...frames: unknown[]) {
    const { hub, url } = await startHubFor(registry)
    const { bare } = await greetBare(url)
    for (const frame of frames) bare.send(frame)
    bare.send(['ping', 1])
    await Promise.race([bare.next('pong'), bare.ended()])
    const answers = [...bare.of('ack'), ...bare.of('nak')].map(([type, , n, code]) =>
      type === 'ack' ? `ack ${n}` : `nak ${n} ${code}`,
    )
    const { entries } = await hub.channel('room').history()
    return {
      answers,
      log: entries.map(({ data }) => (data as { text: string }).text),
      closed: bare.closed?.code,
    }
  }

  test.each<[string, unknown[], string[], string[]]>([
    ['jumps is out of order', [pub(1, 1), pub(3, 1)], ['ack 1', 'nak 3 out_of_order'], ['1']],
    ['jumps as all below it are settled is taken', [pub(1, 1), pub(7, 7)], ['ack 1', 'ack 7'], ['1', '7']],
    ['begins beyond its base is out of order', [pub(5, 2)], ['nak 5 out_of_order'], []],
    ['goes back is a duplicate', [pub(2, 2), pub(1, 1)], ['ack 2', 'ack 1'], ['2']],
    ['is too old is not known', [pub(1, 1, 3_600_000)], ['nak 1 indeterminate'], []],
    ['is as old as can be is not known', [pub(1, 1, Number.MAX_SAFE_INTEGER)], ['nak 1 indeterminate'], []],
  ])('%s', async (...[, frames, answers, log]) => {
    expect(await send(...frames)).toEqual({ answers, log, closed: undefined })
  })

  test.each([pub(0, 0), pub(1, 2), pub(-1, 1), pub(1.5, 1)])(
    'is none closes the connection: %j',
    async (...frame) => {
      expect(await send(frame)).toMatchObject({ log: [], closed: 4501 })
    },
  )
})

describe('a session', () => {
  const authenticate = ({ token }: { token: string | undefined }): HubUser => ({ id: token ?? 'nobody' })

  test('is not resumed with another secret, and what it has sent is not taken for that one', async () => {
    const { hub, url } = await startHubFor(registry, { authenticate })
    const first = await greetBare(url, secret('a'), 'ann')
    first.bare.send(['pub', 1, 1, 'room', 'said', { text: 'first' }])
    await first.bare.next('ack')
    first.bare.socket.terminate()
    const other = await greetBare(url, secret('b'), 'ann')
    expect([other.welcome['resumed'], other.welcome['client'] === first.welcome['client']]).toEqual([
      false,
      false,
    ])
    // The other session cannot know the answer to the first one's publication.
    other.bare.send(['pub', 1, 1, 'room', 'said', { text: 'other' }, 1_000])
    const [, , , , isDuplicate] = await other.bare.next('ack')
    expect(isDuplicate).toBeUndefined()
    expect((await hub.channel('room').history()).entries).toHaveLength(2)
  })

  test('of somebody else is refused for good, whether it is connected or not, and stays theirs', async () => {
    const { url, hub } = await startHubFor(registry, { authenticate })
    const ann = await greetBare(url, secret('a'), 'ann')
    const bob = await openBare(url)
    bob.send(hello(secret('a'), 'bob'))
    expect(await bob.ended()).toMatchObject({ code: 4503 })
    ann.bare.send(['ping', 1])
    await ann.bare.next('pong')
    expect([ann.bare.closed, hub.connections]).toEqual([undefined, 1])
  })
})

const hourMs = 3_600_000

describe.each([
  ['the hub', 'forward', hourMs],
  ['the hub', 'back', -hourMs],
  ['the client', 'forward', hourMs],
  ['the client', 'back', -hourMs],
])('a wall clock of %s that is set %s by an hour', (whose, _way, ms) => {
  /** A client whose answers get lost while `isMute`, and the hub of it, each with a clock of its own. */
  function setUp() {
    const clock = manualClock()
    const random = seededRandom(3)
    const processes = { hub: new SimulatedProcess('hub', clock), client: new SimulatedProcess('page', clock) }
    const runs: number[] = []
    const errors: string[] = []
    const hub = createHub(registry, {
      clock: processes.hub.clock,
      random,
      onError: ({ code }) => errors.push(code),
      broadcaster: memory({ clock: processes.hub.clock, random }),
    })
    hub.serve('room', { requests: { ask: ({ input }) => runs.push(input.n) } })
    const state = { isMute: false }
    const network = createNetwork(hub, {
      clock,
      tamper: (message) => (state.isMute && /"(ack|res)"/.test(message) ? [] : [message]),
    })
    const client = createClient(registry, {
      url: 'ws://hub',
      clock: processes.client.clock,
      random,
      socket: network.socket,
      onError: ({ code }) => errors.push(code),
    })
    onTestFinished(async () => {
      client.close()
      await hub.close({ withinMs: 0 })
    })
    const room = client.channel('room')
    const heard: string[] = []
    room.on('said', ({ text }) => heard.push(text))
    room.on('gap', ({ reason }) => heard.push(`gap ${reason}`))
    const jump = () => processes[whose === 'the hub' ? 'hub' : 'client'].jumpClock(ms)
    return { clock, hub, network, client, room, heard, errors, runs, state, jump }
  }

  test('costs no connection, and no entry', async () => {
    const { clock, hub, client, heard, errors, jump } = setUp()
    await clock.advance(1_000)
    await hub.channel('room').publish('said', { text: 'before' })
    await clock.advance(100)
    let lost = 0
    client.onDiagnostic(({ type }) => {
      if (type === 'lost') lost++
    })
    jump()
    for (let i = 0; i < 10; i++) {
      await hub.channel('room').publish('said', { text: `${i}` })
      await clock.advance(12_000)
    }
    expect(heard).toEqual(['before', ...Array.from({ length: 10 }, (_, i) => `${i}`)])
    expect([lost, errors, client.status.state]).toEqual([0, [], 'connected'])
  })

  test('lets a client that comes back have what it missed', async () => {
    const { clock, hub, network, heard, jump } = setUp()
    await clock.advance(1_000)
    await hub.channel('room').publish('said', { text: 'before' })
    await clock.advance(100)
    network.links[0]!.cut()
    jump()
    await hub.channel('room').publish('said', { text: 'missed' })
    await clock.advance(5_000)
    expect(heard).toEqual(['before', 'missed'])
  })

  test('has nothing applied twice whose answer was lost before it: it is answered, or not known', async () => {
    const { clock, hub, network, room, runs, state, jump } = setUp()
    await clock.advance(1_000)
    state.isMute = true
    const outcomes = [room.publish('said', { text: 'once' }), room.request('ask', { n: 1 })].map((send) =>
      send.then(
        () => 'applied',
        ({ code }) => code,
      ),
    )
    await clock.advance(500)
    network.links[0]!.cut()
    state.isMute = false
    jump()
    await clock.advance(20_000)
    const settled = await Promise.all(outcomes)
    for (const outcome of settled) expect(['applied', 'indeterminate']).toContain(outcome)
    expect((await hub.channel('room').history()).entries).toHaveLength(1)
    expect(runs).toEqual([1])
    // Set back, no clock says that anything is old.
    if (ms < 0) expect(settled).toEqual(['applied', 'applied'])
  })
})

import { describe, expect, it, vi } from 'vitest'
import { type BareClient, greetBare, hello, openBare, secret } from '../support/bare-client.ts'
import type { registry } from '../support/challenge-registry.ts'
import {
  type HubServer,
  patience,
  publishUntilHeard,
  startHub,
  startListener,
} from '../support/hub-server.ts'

interface Attack {
  readonly name: string
  readonly run: (attacker: BareClient) => void
  /** The WebSocket close code; default 4501. */
  readonly close?: number
  /** The code that `onError` hears; default `bad_frame`. */
  readonly code?: string
}

const deep = (levels: number) => '['.repeat(levels) + ']'.repeat(levels)

/** What a client that was welcomed may do to be sent away for it. */
const attacks: readonly Attack[] = [
  { name: 'a message that is not JSON', run: (peer) => peer.send('hello?') },
  { name: 'an empty message', run: (peer) => peer.send('') },
  { name: 'an object', run: (peer) => peer.send({ type: 'sub' }) },
  { name: 'a number', run: (peer) => peer.send('1') },
  { name: 'an empty array', run: (peer) => peer.send([]) },
  { name: 'a frame whose type is no text', run: (peer) => peer.send([1, 2]) },
  { name: 'a batch that holds no frame', run: (peer) => peer.send([['ping'], 'ping']) },
  { name: 'a batch that holds an empty frame', run: (peer) => peer.send([['ping'], []]) },
  { name: 'a frame of wrong shape', run: (peer) => peer.send(['sub', 'one', 'lobby']) },
  { name: 'a frame that is too short', run: (peer) => peer.send(['sub', 1]) },
  { name: 'a negative number', run: (peer) => peer.send(['unsub', -1, 'lobby']) },
  { name: 'a number beyond 2^53', run: (peer) => peer.send('["ping",9007199254740992]') },
  { name: 'a good frame and a bad one in a batch', run: (peer) => peer.send([['ping'], ['sub']]) },
  {
    name: 'a __proto__ key',
    run: (peer) => peer.send('["sub",1,"lobby",{"__proto__":{"isAdmin":true}}]'),
  },
  {
    name: 'a __proto__ key written with escapes',
    run: (peer) => peer.send('["sub",1,"lobby",{"\\u005f_prot\\u006F__":{"isAdmin":true}}]'),
  },
  {
    name: 'a __proto__ key deep inside a payload',
    run: (peer) => peer.send('["tell","lobby","typing",[{"a":{"__proto__":null}}]]'),
  },
  { name: 'arrays nested 10,000 deep', run: (peer) => peer.send(deep(10_000)) },
  {
    name: 'objects nested 10,000 deep in a payload',
    run: (peer) => peer.send(`["tell","lobby","typing",${'{"a":'.repeat(10_000)}1${'}'.repeat(10_000)}]`),
  },
  { name: 'nesting that never ends', run: (peer) => peer.send('['.repeat(10_000)) },
  { name: 'a second hello', run: (peer) => peer.send(hello()) },
  { name: 'a binary message', run: (peer) => peer.socket.send(Buffer.from('["ping"]')) },
  {
    name: 'a message that is too large',
    run: (peer) => peer.send(['tell', 'lobby', 'typing', 'x'.repeat(300_000)]),
    close: 1009,
    code: 'too_large',
  },
  {
    name: 'text that is no UTF-8',
    run: (peer) => peer.socket.send(Buffer.from([0x5b, 0x22, 0xc3, 0x28, 0x22, 0x5d]), { binary: false }),
    close: 1007,
  },
  {
    name: 'a frame that breaks the WebSocket protocol',
    run: (peer) => peer.socket.send('["ping"]', { mask: false }),
    close: 1002,
  },
]

/** A hub with a witness that hears what is said in the lobby. */
async function startWatched(options = {}) {
  const served = await startHub(options)
  const witness = startListener(served.url)
  await publishUntilHeard(served.hub, 'before', witness.heard)
  return { ...served, witness }
}

type Watched = Awaited<ReturnType<typeof startWatched>>

/** Shows that the other sessions go on: the witness hears what is published now, and was never disturbed. */
async function expectUndisturbed({ hub, witness }: Watched): Promise<void> {
  await hub.channel('lobby').publish('said', { text: 'after' })
  await vi.waitFor(() => expect(witness.heard.at(-1)).toBe('after'), patience)
  expect(witness.client.status).toEqual({ state: 'connected', attempt: 0 })
  expect([witness.gaps, witness.errors]).toEqual([[], []])
}

const codesOf = ({ errors }: Pick<HubServer<typeof registry>, 'errors'>) =>
  errors.map(({ stage, code, client }) => ({ stage, code, client }))

describe('the witness of these tests', () => {
  it('notices when it is disturbed, even if it hears everything again', async () => {
    const watched = await startWatched()
    await expectUndisturbed(watched)
    watched.cut()
    await publishUntilHeard(watched.hub, 'back', watched.witness.heard)
    await expect(expectUndisturbed(watched)).rejects.toThrow(/attempt/)
  })
})

describe('a client that was welcomed', () => {
  it.each(attacks)('is sent away with a code for $name, and nobody else notices', async (attack) => {
    const { run, close = 4501, code = 'bad_frame' } = attack
    const watched = await startWatched()
    const { bare, welcome } = await greetBare(watched.url)
    run(bare)
    // Whatever comes after is not read, and not reported again.
    bare.send('not JSON either')
    const closed = await bare.ended()
    expect(closed.code).toBe(close)
    if (close >= 4000) expect(closed.reason).toMatch(new RegExp(`^${code}: \\S`))
    await vi.waitFor(() => expect(watched.hub.connections).toBe(1), patience)
    await expectUndisturbed(watched)
    expect(codesOf(watched)).toEqual([{ stage: 'frame', code, client: welcome['client'] }])
    expect(bare.of('pong'), 'nothing of a refused message is carried out').toEqual([])
    expect(({} as { isAdmin?: boolean }).isAdmin).toBeUndefined()
  })

  it('may send what only looks dangerous', async () => {
    const watched = await startWatched()
    const { bare } = await greetBare(watched.url)
    // 64 levels: the frame, and 63 below it.
    bare.send(`["tell","lobby","typing",${deep(63)}]`)
    bare.send(['tell', 'lobby', 'typing', { text: '__proto__', brackets: '['.repeat(10_000) }])
    bare.send(['ping', 1, 'a field of a later version'])
    expect(await bare.next('pong')).toEqual(['pong', 1, expect.any(Number)])
    await expectUndisturbed(watched)
    expect(codesOf(watched)).toEqual([])
  })

  it('may send as many bytes as the welcome says, and not one more', async () => {
    const watched = await startWatched({ maxMessageBytes: 1_000 })
    const { bare } = await greetBare(watched.url)
    const message = (bytes: number) => `["tell","lobby","typing","${'x'.repeat(bytes - 28)}"]`
    bare.send(message(1_000))
    bare.send(['ping'])
    await bare.next('pong')
    expect(codesOf(watched)).toEqual([])
    bare.send(message(1_001))
    expect((await bare.ended()).code).toBe(1009)
    await expectUndisturbed(watched)
  })

  it('is sent away at the 65th level of nesting', async () => {
    const watched = await startWatched()
    const { bare } = await greetBare(watched.url)
    bare.send(`["tell","lobby","typing",${deep(64)}]`)
    expect((await bare.ended()).code).toBe(4501)
  })

  it('has thousands of unknown frames each answered, the first one reported, and stays', async () => {
    const watched = await startWatched()
    const { bare } = await greetBare(watched.url)
    const count = 5_000
    bare.send(Array.from({ length: count }, (_, i) => [`unknown${i}`, i]))
    bare.send(['constructor'])
    bare.send(['ping'])
    await bare.next('pong')
    const errors = bare.of('err')
    expect(errors.length).toBe(count + 1)
    expect(new Set(errors.map(([, ref, code]) => `${ref} ${code}`))).toEqual(new Set(['null unknown_frame']))
    await expectUndisturbed(watched)
    expect(codesOf(watched)).toMatchObject([{ stage: 'frame', code: 'unknown_frame' }])
  })

  it('has each of 10,000 subscriptions in one batch answered, and those beyond the limit refused', async () => {
    const watched = await startWatched()
    const { bare } = await greetBare(watched.url)
    const refs = Array.from({ length: 10_000 }, (_, i) => i)
    bare.send(refs.map((ref) => ['sub', ref, `game/${ref}`]))
    await vi.waitFor(
      () => expect(bare.of('subscribed').length + bare.of('err').length).toBe(refs.length),
      patience,
    )
    const answered = [...bare.of('subscribed'), ...bare.of('err')].map(([, ref]) => Number(ref))
    expect(answered.sort((a, b) => a - b)).toEqual(refs)
    expect(bare.of('subscribed').length).toBe(1_000)
    expect(new Set(bare.of('err').map(([, , code]) => code))).toEqual(new Set(['limit_exceeded']))
    await expectUndisturbed(watched)
    expect(codesOf(watched)).toEqual([])
  })

  it('leaves nothing behind when it is sent away while its subscriptions are being decided', async () => {
    const watched = await startWatched()
    const { bare } = await greetBare(watched.url)
    bare.send([...Array.from({ length: 500 }, (_, i) => ['sub', i, `game/${i}`]), hello()])
    expect((await bare.ended()).code).toBe(4501)
    await vi.waitFor(() => expect(watched.hub.connections).toBe(1), patience)
    await expectUndisturbed(watched)
  })
})

describe('a client that was not welcomed yet', () => {
  const early: readonly Attack[] = [
    { name: 'a subscription', run: (peer) => peer.send(['sub', 1, 'lobby']) },
    { name: 'a pong', run: (peer) => peer.send(['pong']) },
    {
      name: 'a hello and a subscription in one batch',
      run: (peer) => peer.send([hello(), ['sub', 1, 'lobby']]),
    },
    { name: 'a hello in two', run: (peer) => peer.send([hello(), hello()]) },
    {
      name: 'a hello with a secret that could be guessed',
      run: (peer) => peer.send(['hello', { registry: [1, ''], session: 'short' }]),
    },
    { name: 'a hello without a session', run: (peer) => peer.send(['hello', { registry: [1, ''] }]) },
    { name: 'a hello with a __proto__ key', run: (peer) => peer.send('["hello",{"__proto__":{}}]') },
    { name: 'no JSON', run: (peer) => peer.send('GET / HTTP/1.1') },
  ]

  it.each(early)('is sent away with a code for $name', async ({ run }) => {
    const watched = await startWatched()
    const bare = await openBare(watched.url)
    run(bare)
    const closed = await bare.ended()
    expect(closed).toEqual({ code: 4501, reason: expect.stringMatching(/^bad_frame: \S/) })
    await expectUndisturbed(watched)
    expect(codesOf(watched).map(({ code }) => code)).toEqual(['bad_frame'])
    expect(bare.frames).toEqual([])
  })

  it('has its unknown frames ignored, and is welcomed all the same', async () => {
    const watched = await startWatched()
    const bare = await openBare(watched.url)
    bare.send([['since2030', {}], hello(secret('b'))])
    await bare.next('welcome')
    await expectUndisturbed(watched)
    expect(bare.frames.map(([type]) => type)).toEqual(['welcome'])
    expect(codesOf(watched)).toEqual([])
  })
})

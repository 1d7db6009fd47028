import { memory } from 'syncline/server'
import { describe, expect, it, vi } from 'vitest'
import { greetBare, hello, openBare, secret } from '../../support/bare-client.ts'
import { registry } from '../../support/challenge-registry.ts'
import { patience, startHub, startHubFor } from '../../support/hub-server.ts'

/** The tag of the last entry that a frame tells of. */
const entryOf = ([, cid, offset, tag, previous]: readonly unknown[]) => ({ cid, offset, tag, previous })

describe('a bare WebSocket with frames written by hand', () => {
  it('is welcomed with the public id of its secret and what the hub runs with', async () => {
    const { url, hub } = await startHub({ maxMessageBytes: 5_000 })
    const { bare, welcome } = await greetBare(url, secret('a'))
    expect(bare.socket.protocol).toBe('syncline.1')
    expect(welcome).toEqual({
      // Computed elsewhere, by Python's hashlib and base64.
      client: 'mXbVSaJRFdq0420M',
      resumed: false,
      pingMs: 25_000,
      pongMs: 10_000,
      maxBytes: 5_000,
      time: expect.any(Number),
      registry: [registry.version, registry.hash],
    })
    expect(hub.connections).toBe(1)
  })

  it('receives subscribed, live, and each entry with the tag of the one before', async () => {
    const { url, hub } = await startHub()
    const { bare, welcome } = await greetBare(url)
    bare.send(['sub', 7, 'lobby'])
    const [, ref, cid, options] = await bare.next('subscribed')
    expect([ref, options]).toEqual([7, { position: [expect.any(String), 0, ''], recovered: null }])
    expect(await bare.next('live')).toEqual(['live', cid])

    await hub.channel('lobby').publish('said', { text: 'one' }, { from: String(welcome['client']) })
    await hub.channel('lobby').publish('said', { text: 'two' })
    const first = await bare.next('ev', 0)
    const second = await bare.next('ev', 1)
    expect(first.slice(6)).toEqual([welcome['client'], 'said', { text: 'one' }])
    expect(second.slice(6)).toEqual([null, 'said', { text: 'two' }])
    expect(entryOf(first)).toEqual({ cid, offset: 1, tag: expect.any(String), previous: '' })
    expect(entryOf(second)).toEqual({ cid, offset: 2, tag: expect.any(String), previous: first[3] })
    expect(bare.frames.map(([type]) => type)).toEqual(['welcome', 'subscribed', 'live', 'ev', 'ev'])
  })

  it('hears nothing of a channel after its unsub was answered', async () => {
    const { url, hub } = await startHub()
    const { bare } = await greetBare(url)
    bare.send([
      ['sub', 1, 'lobby'],
      ['sub', 2, 'game/ABC'],
    ])
    const [, , cid] = await bare.next('subscribed', 0)
    await bare.next('live', 1)
    bare.send(['unsub', 3, 'lobby'])
    expect(await bare.next('unsubscribed')).toEqual(['unsubscribed', cid, 3])
    await hub.channel('lobby').publish('said', { text: 'unheard' })
    await hub.channel('game', { code: 'ABC' }).publish('moved', { step: 1 })
    expect((await bare.next('ev'))[7]).toBe('moved')
    expect(bare.raw.join()).not.toContain('unheard')
  })

  it('is answered null for the number when it gives up what it does not hold', async () => {
    const { url } = await startHub()
    const { bare } = await greetBare(url)
    bare.send(['unsub', 4, 'lobby'])
    expect(await bare.next('unsubscribed')).toEqual(['unsubscribed', null, 4])
  })

  it('has its ping answered with the number that it sent, or with none', async () => {
    const { url } = await startHub()
    const { bare } = await greetBare(url)
    bare.send([['ping', 9_007_199_254_740_991], ['ping']])
    await bare.next('pong', 1)
    expect(bare.of('pong')).toEqual([['pong', 9_007_199_254_740_991, expect.any(Number)], ['pong']])
  })

  it('recovers a position from which all is kept, and is told why where it is not', async () => {
    const { url, hub } = await startHub({ broadcaster: memory({ maxEntries: 1 }) })
    const { bare } = await greetBare(url)
    const first = await hub.channel('lobby').publish('said', { text: 'one' })
    const { epoch, tag } = await hub.channel('lobby').publish('said', { text: 'two' })
    const positions = [
      [epoch, 2, tag],
      ['another', 2, tag],
      [epoch, 0, ''],
      [epoch, 2, 'forged'],
      [epoch, 1, 'forged'],
      [epoch, 3, tag],
      [epoch, 1, first.tag],
    ]
    for (const [ref, since] of positions.entries()) {
      bare.send(['sub', ref, 'lobby', { since }])
      await bare.next('live', ref)
    }
    const answers = bare.of('subscribed').map(([, , , options]) => options)
    const position = [epoch, 2, tag]
    expect(answers).toEqual([
      { position, recovered: true },
      { position, recovered: false, reason: 'epoch' },
      { position, recovered: false, reason: 'retention' },
      { position, recovered: false, reason: 'rollback' },
      { position, recovered: false, reason: 'rollback' },
      { position, recovered: false, reason: 'rollback' },
      { position, recovered: true },
    ])
    expect(bare.of('ev').map(([, , offset, , previous]) => [offset, previous])).toEqual([[2, first.tag]])
  })

  it('is refused a channel with a code: one that is unknown, and one of another user', async () => {
    const { url } = await startHub()
    const { bare } = await greetBare(url)
    bare.send([
      ['sub', 1, 'nowhere'],
      ['sub', 2, 'inbox/somebody'],
      ['sub', 3, 'game/'],
      ['sub', 4, 'game/%41BC'],
    ])
    await bare.next('err', 3)
    // Each is answered when it is decided, so in any order.
    expect(Object.fromEntries(bare.of('err').map(([, ref, code]) => [ref, code]))).toEqual({
      1: 'unknown_channel',
      2: 'forbidden',
      3: 'unknown_channel',
      4: 'unknown_channel',
    })
  })

  it('is told at once which of its frames come to nothing, and why', async () => {
    const { url } = await startHub()
    const { bare } = await greetBare(url)
    bare.send([
      ['pub', 1, 1, 'lobby', 'said', { text: 'no' }],
      ['tell', 'lobby', 'typing', {}],
      ['req', 2, 'lobby', 'who', null],
      ['cancel', 9],
      ['enter', 3, 'lobby', {}],
      ['leave', 4, 'lobby'],
      ['history', 5, 'lobby', { limit: 10 }],
      ['auth', 6, 'token'],
      ['ping', 1],
    ])
    await bare.next('res', 1)
    await bare.next('err', 2)
    expect(bare.of('nak').map(([, ...fields]) => fields.slice(0, 3))).toEqual([['lobby', 1, 'unknown_event']])
    expect(Object.fromEntries(bare.of('err').map(([, ref, code]) => [ref, code]))).toEqual({
      2: 'unknown_request',
      3: 'unsupported',
      6: 'unsupported',
    })
    expect(bare.of('res')).toEqual([
      ['res', 4, null],
      ['res', 5, { entries: [], more: false }, [expect.any(String), 0, '']],
    ])
  })

  it('is replaced by a newer connection of its session, which is resumed', async () => {
    const { url, hub } = await startHub()
    const { bare: older } = await greetBare(url)
    const { welcome } = await greetBare(url)
    expect(welcome['resumed']).toBe(true)
    expect(await older.ended()).toEqual({ code: 4506, reason: expect.stringMatching(/^replaced: \S/) })
    await vi.waitFor(() => expect(hub.connections).toBe(1), patience)
  })

  it('cannot take over a session of another user', async () => {
    const { url, hub } = await startHub({ authenticate: ({ token }) => (token ? { id: token } : null) })
    const { bare: anna } = await greetBare(url, secret('a'), 'anna')
    const thief = await openBare(url)
    thief.send(hello(secret('a'), 'thief'))
    expect(await thief.ended()).toEqual({ code: 4503, reason: expect.stringMatching(/^forbidden: \S/) })
    anna.send(['ping'])
    await anna.next('pong')
    expect(hub.connections).toBe(1)
  })

  it('is sent away with unauthorized where the app does not know it', async () => {
    const { url } = await startHub({ authenticate: () => null })
    const stranger = await openBare(url)
    stranger.send(hello())
    expect(await stranger.ended()).toEqual({
      code: 4500,
      reason: expect.stringMatching(/^unauthorized: \S/),
    })
  })

  it('is sent away with upgrade_required where its registry is too old', async () => {
    const { url } = await startHubFor({ ...registry, version: 3, minVersion: 2 })
    const old = await openBare(url)
    old.send(['hello', { registry: [1, ''], session: secret('a') }])
    expect(await old.ended()).toEqual({ code: 4502, reason: expect.stringMatching(/^upgrade_required: \S/) })
  })

  it('is cut off as a slow consumer when it reads nothing while much is sent', async () => {
    const { url, hub, errors } = await startHub({ maxBufferedBytes: 100_000 })
    const { bare } = await greetBare(url)
    bare.send(['sub', 1, 'lobby'])
    await bare.next('live')
    bare.socket.pause()
    await vi.waitFor(async () => {
      await hub.channel('lobby').publish('said', { text: 'x'.repeat(90_000) })
      expect(hub.connections).toBe(0)
    }, patience)
    bare.socket.resume()
    // Nothing of what waits for it is kept for it to read, a close frame neither.
    expect((await bare.ended()).code).toBe(1006)
    expect(errors).toEqual([])
  })
})

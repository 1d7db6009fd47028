import { SyncError } from 'syncline'
import { createClient } from 'syncline/client'
import type { HubOptions } from 'syncline/server'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { greetBare, hello, openBare } from '../support/bare-client.ts'
import {
  badIssues,
  beside,
  cyclic,
  failures,
  hostile,
  never,
  registry,
  type Started,
  shapes,
  startClient,
  startHub,
} from '../support/fuzz-handlers.ts'
import { patience } from '../support/hub-server.ts'
import { watch } from '../support/outbox-on-test.ts'
import { unhandledDuring } from '../support/unhandled.ts'

/** A `SyncError` of a check is a refusal, whatever its code. */
const ownFailures = failures.filter(([name]) => !name.includes('code that does not'))

describe('a request handler', () => {
  it.each(failures)('that %s is answered with internal, and reported once', async (_name, ask) => {
    const served = await startHub({ ask })
    const { client } = startClient(served.url)
    await beside(served, async () => {
      const error = await client
        .channel('bad')
        .request('ask', 1)
        .catch((e: unknown) => e)
      expect(error).toMatchObject({ code: 'internal' })
      expect(String(error)).not.toContain('secret')
    })
    expect(served.errors).toEqual([['request', 'internal']])
  })

  it.each(shapes)('that returns %s is answered with internal, and reported once', async (_name, ask) => {
    const served = await startHub({ ask })
    const { client } = startClient(served.url)
    await beside(served, async () => {
      await expect(client.channel('bad').request('ask', 1)).rejects.toMatchObject({ code: 'internal' })
    })
    expect(served.errors).toEqual([['request', 'internal']])
  })

  it.each([
    ['a cycle', cyclic],
    ['a BigInt', 7n],
    ['a deep BigInt', { a: [7n] }],
    ['a Map', new Map()],
    ['a function', () => {}],
    ['NaN', Number.NaN],
    ['undefined', undefined],
  ])('whose schema takes anything, and that returns %s, is answered with internal', async (_name, value) => {
    const served = await startHub({ free: () => value })
    const { client } = startClient(served.url)
    await beside(served, async () => {
      await expect(client.channel('bad').request('free', 1)).rejects.toMatchObject({ code: 'internal' })
    })
    expect(served.errors).toEqual([['request', 'internal']])
    expect(client.stats().counts.connected).toBe(1)
  })

  it('that returns more than may wait for a client is answered with internal', async () => {
    const served = await startHub({ free: () => 'x'.repeat(300_000) }, { maxBufferedBytes: 200_000 })
    const { client } = startClient(served.url)
    await beside(served, async () => {
      await expect(client.channel('bad').request('free', 1)).rejects.toMatchObject({ code: 'internal' })
    })
    expect(served.errors).toEqual([['request', 'internal']])
    expect(client.stats().counts.connected).toBe(1)
  })

  it('that refuses with details no JSON can carry is answered all the same', async () => {
    const served = await startHub({
      ask: () => {
        throw new SyncError('bad_payload', 'no', { issues: badIssues })
      },
    })
    const { client } = startClient(served.url)
    await beside(served, async () => {
      const code = expect.stringMatching(/^(internal|bad_payload)$/)
      await expect(client.channel('bad').request('ask', 1)).rejects.toMatchObject({ code })
    })
  })

  it('that hangs is given up at its deadline, told to stop, and reported once', async () => {
    const ask = vi.fn(() => never)
    const served = await startHub({ ask })
    const { client } = startClient(served.url)
    await beside(served, async () => {
      const asked = watch(client.channel('bad').request('ask', 1, { timeoutMs: 60_000 }))
      await vi.waitFor(() => expect(ask).toHaveBeenCalledTimes(1), patience)
      const [[{ signal }]] = ask.mock.calls as unknown as [[{ signal: AbortSignal }]]
      await served.clock.advance(29_999)
      expect([asked.outcome, signal.aborted]).toEqual([undefined, false])
      await served.clock.advance(1)
      await vi.waitFor(() => expect(asked.outcome).toBe('indeterminate'), patience)
      expect(signal.aborted).toBe(true)
    })
    expect(served.errors).toEqual([['request', 'timeout']])
  })
})

describe('a publication of the server', () => {
  it('that is more than may wait for a client is refused: it would cut off all who hear it, again and again', async () => {
    const served = await startHub({}, { maxBufferedBytes: 200_000 })
    await beside(served, async () => {
      const sent = served.hub.channel('good').publish('said', { text: 'x'.repeat(200_001) })
      await expect(sent).rejects.toMatchObject({ code: 'too_large' })
    })
    expect(served.errors).toEqual([])
  })
})

describe('authorize', () => {
  const refusalsOf = async (served: Started) => {
    const { client, errors } = startClient(served.url)
    await beside(served, async () => {
      client.channel('bad').on('said', () => {})
      await vi.waitFor(() => expect(errors).not.toEqual([]), patience)
    })
    return errors
  }

  it.each(ownFailures)(
    'that %s refuses a subscription with a retryable code, and is reported once',
    async (name, authorize) => {
      const served = await startHub({ authorize })
      // What cannot even be looked at is taken for a failure of the log.
      const code = name.includes('traps') ? 'unavailable' : 'internal'
      expect(await refusalsOf(served)).toEqual([['subscribe', code, 'bad']])
      expect(served.errors).toEqual([['authorize', code]])
    },
  )

  it.each([...shapes, ['the text "true"', () => 'true']] as typeof shapes)(
    'that returns %s lets nobody in',
    async (name, authorize) => {
      const served = await startHub({ authorize })
      const code = name.includes('traps') ? 'internal' : 'forbidden'
      expect(await refusalsOf(served)).toEqual([['subscribe', code, 'bad']])
      expect(served.errors).toEqual(code === 'internal' ? [['authorize', code]] : [])
    },
  )

  it.each(ownFailures)(
    'that %s refuses what is published and asked with internal, each reported once',
    async (_name, authorize) => {
      const served = await startHub({ authorize, ask: () => ({ text: '' }) })
      const { client } = startClient(served.url)
      const bad = client.channel('bad')
      await beside(served, async () => {
        await expect(bad.publish('said', { text: 'x' })).rejects.toMatchObject({ code: 'internal' })
        await expect(bad.request('ask', 1)).rejects.toMatchObject({ code: 'internal' })
      })
      expect(served.errors).toEqual([
        ['publish', 'internal'],
        ['request', 'internal'],
      ])
    },
  )

  it('that hangs is given up at its deadline: what was asked is refused as unavailable, each reported once', async () => {
    const authorize = vi.fn(() => never)
    const served = await startHub({ authorize, ask: () => ({ text: '' }) })
    const { client, errors } = startClient(served.url)
    const bad = client.channel('bad')
    await beside(served, async () => {
      bad.on('said', () => {})
      const sends = [watch(bad.publish('said', { text: 'x' })), watch(bad.request('ask', 1))]
      await vi.waitFor(() => expect(authorize).toHaveBeenCalledTimes(3), patience)
      await served.clock.advance(9_999)
      expect(errors).toEqual([])
      await served.clock.advance(1)
      await vi.waitFor(() => {
        expect(errors).toEqual([['subscribe', 'unavailable', 'bad']])
        expect(sends.map(({ outcome }) => outcome)).toEqual(['unavailable', 'unavailable'])
      }, patience)
    })
    expect(served.errors.sort()).toEqual([
      ['authorize', 'unavailable'],
      ['publish', 'unavailable'],
      ['request', 'unavailable'],
    ])
  })

  it('that hangs holds no more of one session than maxPending, whatever it asks for', async () => {
    const authorize = vi.fn(() => never)
    const served = await startHub({ authorize, ask: () => ({ text: '' }) }, { maxPending: 10 })
    const frames: readonly ((ref: number) => unknown)[] = [
      (ref) => ['history', ref, 'bad', { limit: 1 }],
      (ref) => ['enter', ref, 'bad', { name: 'x' }],
      (ref) => ['req', ref, 'bad', 'ask', 1],
      (ref) => ['pub', ref, ref, 'bad', 'said', { text: 'x' }],
    ]
    await beside(served, async () => {
      const { bare } = await greetBare(served.url)
      bare.send(Array.from({ length: 400 }, (_, i) => frames[i % 4]!(i + 1)))
      const refused = () =>
        [...bare.of('err').map(([, , code]) => code), ...bare.of('nak').map(([, , , code]) => code)].filter(
          (code) => code === 'overloaded',
        ).length
      await vi.waitFor(() => expect(refused()).toBeGreaterThanOrEqual(390), patience)
      expect(authorize.mock.calls.length).toBeLessThanOrEqual(10)
    })
  })
})

describe('onPublish', () => {
  it.each(failures)('that %s refuses with internal, and is reported once', async (_name, onPublish) => {
    const served = await startHub({ onPublish })
    const { client } = startClient(served.url)
    await beside(served, async () => {
      const error = await client
        .channel('bad')
        .publish('said', { text: 'x' })
        .catch((e: unknown) => e)
      expect(error).toMatchObject({ code: 'internal' })
      expect(String(error)).not.toContain('secret')
    })
    expect(served.errors).toEqual([['publish', 'internal']])
  })

  it.each(shapes.filter(([name]) => name !== 'undefined'))(
    'that returns %s refuses with internal, and is reported once',
    async (_name, onPublish) => {
      const served = await startHub({ onPublish })
      const { client } = startClient(served.url)
      await beside(served, async () => {
        const sent = client.channel('bad').publish('said', { text: 'x' })
        await expect(sent).rejects.toMatchObject({ code: 'internal' })
      })
      expect(served.errors).toEqual([['publish', 'internal']])
    },
  )

  it('that hangs is given up at its deadline, reported once, and what waits behind it has its turn', async () => {
    const onPublish = vi.fn<() => unknown>().mockReturnValueOnce(never).mockReturnValue(undefined)
    const served = await startHub({ onPublish })
    const { client } = startClient(served.url)
    const bad = client.channel('bad')
    await beside(served, async () => {
      const sends = ['a', 'b'].map((text) => watch(bad.publish('said', { text })))
      await vi.waitFor(() => expect(onPublish).toHaveBeenCalledTimes(1), patience)
      await served.clock.advance(29_999)
      expect(sends.map(({ outcome }) => outcome)).toEqual([undefined, undefined])
      await served.clock.advance(1)
      await vi.waitFor(
        () => expect(sends.map(({ outcome }) => outcome)).toEqual(['timeout', 'done']),
        patience,
      )
    })
    expect(served.errors).toEqual([['publish', 'timeout']])
    const { entries } = await served.hub.channel('bad').history()
    expect(entries.map(({ data }) => data)).toEqual([{ text: 'b' }])
  })
})

describe('authenticate', () => {
  /** Lets only a client with the token `well` in without trouble. */
  const only = (authenticate: () => unknown): HubOptions => ({
    authenticate: (({ token }: { token: string | undefined }) =>
      token === 'well' ? { id: 'ada' } : authenticate()) as NonNullable<HubOptions['authenticate']>,
  })

  /** What becomes of a client that is let in by such a function, while the one that is well is served. */
  async function endOf(authenticate: () => unknown, move = async (_: Started) => {}) {
    const served = await startHub({}, only(authenticate))
    const good = createClient(registry, { url: served.url, auth: () => 'well' })
    onTestFinished(() => good.close())
    expect(await good.channel('good').request('add', 1)).toBe(2)
    const bare = await openBare(served.url)
    let end: unknown
    const unhandled = await unhandledDuring(async () => {
      bare.send(hello())
      await move(served)
      end = await bare.ended()
    })
    expect(unhandled).toEqual([])
    expect(await good.channel('good').request('add', 2)).toBe(3)
    expect(good.stats().counts.connected).toBe(1)
    expect(served.hub.connections).toBe(1)
    return { end, errors: served.errors }
  }

  const failed = { code: 4003, reason: 'internal: the credentials could not be checked' }

  it.each(ownFailures)('that %s closes with internal, and is reported once', async (_name, authenticate) => {
    expect(await endOf(authenticate)).toEqual({ end: failed, errors: [['authenticate', 'internal']] })
  })

  it.each([
    ['true', true],
    ['a text', 'ada'],
    ['an object without an id', {}],
    ['a number as the id', { id: 7 }],
    ['an empty id', { id: '' }],
    ['an object as the id', { id: {} }],
    ['an object with traps', hostile],
  ])('that returns %s closes with internal, and is reported once', async (_name, user) => {
    expect(await endOf(() => user)).toEqual({ end: failed, errors: [['authenticate', 'internal']] })
  })

  it.each([
    ['null', null],
    ['undefined', undefined],
    ['false', false],
  ])('that returns %s lets nobody in, and is not reported', async (_name, user) => {
    expect(await endOf(() => user)).toMatchObject({ end: { code: 4500 }, errors: [] })
  })

  it('that hangs is given up at its deadline, and reported once', async () => {
    const authenticate = vi.fn(() => never)
    const { end, errors } = await endOf(authenticate, async ({ clock }) => {
      await vi.waitFor(() => expect(authenticate).toHaveBeenCalledTimes(1), patience)
      await clock.advance(11_000)
    })
    expect(end).toMatchObject({ code: 4006 })
    expect(errors).toEqual([['authenticate', 'handshake_timeout']])
  })
})

describe('a client that is present everywhere', () => {
  it('is refused beyond maxChannels, may change what it shows, and has a place again when it leaves one', async () => {
    const served = await startHub({ authorize: () => true }, { maxChannels: 2 })
    const { bare } = await greetBare(served.url)
    const enter = (ref: number, id: number, name = 'x') => ['enter', ref, `room/${id}`, { name }]
    bare.send([enter(1, 1), enter(2, 2), enter(3, 3), enter(4, 1, 'y'), ['leave', 5, 'room/2'], enter(6, 3)])
    await vi.waitFor(() => expect(bare.of('res').length + bare.of('err').length).toBe(6), patience)
    expect(bare.of('err').map(([, ref, code]) => [ref, code])).toEqual([[3, 'limit_exceeded']])
    const counts = await Promise.all([1, 2, 3].map((id) => served.hub.channel('room', { id }).count()))
    expect(counts.map(({ members }) => members)).toEqual([1, 0, 1])
  })
})

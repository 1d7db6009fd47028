import { channel, defineRegistry, isSyncError, type SyncError } from 'syncline'
import { describe, expect, it, vi } from 'vitest'
import * as z from 'zod'
import { greetBare } from '../support/bare-client.ts'
import { patience, startClient, startHub, startHubFor } from '../support/hub-server.ts'
import { recordedSocket } from '../support/recorded-socket.ts'

async function refusalOf(run: () => unknown): Promise<SyncError> {
  try {
    await run()
  } catch (error) {
    if (isSyncError(error)) return error
    throw error
  }
  throw new Error('it was not refused')
}

type Parameters = Readonly<Record<string, string | number>>
/** The handles as a caller without types has them. */
type Untyped = { channel(key: string, params?: Parameters): unknown }

const wrong: readonly { name: string; key: string; params?: object; code: string }[] = [
  { name: 'a key that the registry lacks', key: 'nowhere', code: 'unknown_channel' },
  { name: 'a key that every object has', key: 'constructor', code: 'unknown_channel' },
  { name: 'no parameter', key: 'game', code: 'bad_channel' },
  { name: 'an empty parameter', key: 'game', params: { code: '' }, code: 'bad_channel' },
  { name: 'another parameter', key: 'game', params: { kode: 'ABC' }, code: 'bad_channel' },
  { name: 'one parameter too many', key: 'game', params: { code: 'A', extra: 'B' }, code: 'bad_channel' },
  { name: 'a parameter where there is none', key: 'lobby', params: { code: 'A' }, code: 'bad_channel' },
  { name: 'a number that is none', key: 'game', params: { code: Number.NaN }, code: 'bad_channel' },
  { name: 'a parameter that is an object', key: 'game', params: { code: {} }, code: 'bad_channel' },
  { name: 'half a surrogate pair', key: 'game', params: { code: '\ud83d' }, code: 'bad_channel' },
]

describe('a call with a wrong channel', () => {
  it.each(wrong)('throws a coded error for $name on both sides, and sends nothing', async (given) => {
    const { url, hub, errors } = await startHub()
    const { sent, socket } = recordedSocket()
    const { client } = startClient(url, { socket })
    client.connect()
    await vi.waitFor(() => expect(client.status.state).toBe('connected'), patience)
    const params = given.params as Parameters | undefined
    for (const side of [client, hub]) {
      const error = await refusalOf(() => (side as unknown as Untyped).channel(given.key, params))
      expect(error.code).toBe(given.code)
      expect(error.retryable).toBe(false)
      expect(error.message).toMatch(/^[^\n]+$/)
    }
    // The first listener after it is the next thing that goes out.
    client.channel('lobby').on('said', () => {})
    await vi.waitFor(() => expect(sent.length).toBeGreaterThan(1), patience)
    expect(sent.map(([type]) => type)).toEqual(['hello', 'sub'])
    expect(errors).toEqual([])
  })

  it('lets a parameter hold what would split a name, and it arrives in that channel alone', async () => {
    const { url, hub } = await startHub()
    const { client } = startClient(url)
    const codes = ['a/b', 'a%2Fb', 'ü 💡', '..', '#?&=', "!~*'()"]
    const heard: string[] = []
    for (const code of codes) {
      client.channel('game', { code }).on('moved', ({ step }) => heard.push(`${code} ${step}`))
    }
    await vi.waitFor(() => expect(client.status.state).toBe('connected'), patience)
    for (const [step, code] of codes.entries()) {
      await vi.waitFor(async () => {
        await hub.channel('game', { code }).publish('moved', { step })
        expect(heard).toContain(`${code} ${step}`)
      }, patience)
    }
    expect(new Set(heard)).toEqual(new Set(codes.map((code, step) => `${code} ${step}`)))
  })
})

const accounts = defineRegistry({
  users: channel('users', {
    events: {
      changed: z.object({
        id: z.number().int(),
        name: z.string().min(1),
        team: z.object({ id: z.number() }).optional(),
      }),
      strict: z.strictObject({ id: z.number() }),
      replaced: z.object({ rows: z.array(z.object({ id: z.number() })) }),
    },
  }),
})

const row = {
  id: 1,
  name: 'Anna',
  password_hash: '$argon2id$secret',
  team: { id: 2, invite_token: 'secret too' },
}

/** A hub for `accounts` and every message that a subscriber of its channel gets. */
async function sniffed() {
  const served = await startHubFor(accounts)
  const { bare } = await greetBare(served.url)
  bare.send(['sub', 1, 'users'])
  await bare.next('live')
  return { ...served, bare, users: served.hub.channel('users') }
}

describe('a publication', () => {
  it('carries nothing over the wire that its schema does not name', async () => {
    const { users, bare } = await sniffed()
    await users.publish('changed', row)
    await users.publish('replaced', { rows: [row, row] })
    await bare.next('ev', 1)
    expect(bare.of('ev').map((frame) => frame.slice(7))).toEqual([
      ['changed', { id: 1, name: 'Anna', team: { id: 2 } }],
      ['replaced', { rows: [{ id: 1 }, { id: 1 }] }],
    ])
    const wire = bare.raw.join('\n')
    for (const secret of ['password_hash', 'argon2id', 'invite_token', 'secret']) {
      expect(wire).not.toContain(secret)
    }
    // What is sniffed is really the wire: what may travel is there.
    expect(wire).toContain('Anna')
  })

  it.each([
    ['changed', { id: 'one', name: '' }, ['id', 'name']],
    ['strict', { id: 1, password_hash: 'x' }, ['']],
    ['changed', null, ['']],
    ['changed', undefined, ['']],
  ])('of %s with data that does not fit is refused with issues, and nothing travels', async (...given) => {
    const [event, data, paths] = given
    const { users, bare, errors } = await sniffed()
    const untyped = users as unknown as { publish(event: string, data: unknown): Promise<unknown> }
    const error = await refusalOf(() => untyped.publish(event, data))
    expect(error.code).toBe('bad_payload')
    expect(error.issues.map(({ path }) => path.join('.'))).toEqual(paths)
    expect(error.message).toMatch(/^[^\n]+$/)
    const { offset } = await users.publish('changed', { id: 7, name: 'next' })
    expect((await bare.next('ev')).slice(7)).toEqual(['changed', { id: 7, name: 'next' }])
    expect(offset, 'a refused one takes no place in the log').toBe(1)
    expect([bare.of('ev').length, errors]).toEqual([1, []])
  })

  it.each(['renamed', 'toString', '__proto__'])(
    'of %s, which the channel does not know, is refused',
    async (event) => {
      const { users } = await sniffed()
      const untyped = users as unknown as { publish(event: string, data: unknown): Promise<unknown> }
      expect((await refusalOf(() => untyped.publish(event, row))).code).toBe('unknown_event')
    },
  )
})

describe('a listener', () => {
  it('never gets data that does not fit: onError does, and the next event arrives', async () => {
    // The same names with another schema, as an older deploy of the server would have them.
    const older = defineRegistry({
      lobby: channel('lobby', { events: { said: z.object({ text: z.union([z.string(), z.number()]) }) } }),
    })
    const { url, hub } = await startHubFor(older)
    const { client, errors } = startClient(url)
    const heard: string[] = []
    client.channel('lobby').on('said', ({ text }) => heard.push(text))
    await vi.waitFor(() => expect(client.status.state).toBe('connected'), patience)
    await vi.waitFor(async () => {
      await hub.channel('lobby').publish('said', { text: 'first' })
      expect(heard).toContain('first')
    }, patience)
    await hub.channel('lobby').publish('said', { text: 5 })
    await hub.channel('lobby').publish('said', { text: 'last' })
    await vi.waitFor(() => expect(heard.at(-1)).toBe('last'), patience)
    expect(new Set(heard)).toEqual(new Set(['first', 'last']))
    expect(errors).toEqual([
      {
        stage: 'payload',
        channel: 'lobby',
        event: 'said',
        code: 'bad_payload',
        message: expect.stringMatching(/^[^\n]+$/),
      },
    ])
  })
})

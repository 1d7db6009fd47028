import type { SyncError } from 'syncline'
import { describe, expect, it } from 'vitest'
import { Session } from '../shared/identity.ts'
import { ask, call, connect, refusal, signIn, startApi, subscribed, toggle } from './support.ts'
import { temporaryFile } from './temporary-file.ts'

describe('POST /session', () => {
  it('makes a person of their own for each who asks without a token, also under one name', async () => {
    const { url } = await startApi()
    const [one, other] = [await signIn(url, ' Ada '), await signIn(url, 'Ada')]
    expect([one.person.name, other.person.name]).toEqual(['Ada', 'Ada'])
    expect(other.person.id).not.toBe(one.person.id)
  })

  it('gives whoever sends their token the new name, and the same id', async () => {
    const { url } = await startApi()
    const { token, person } = await signIn(url, 'Ada')
    const body = { name: 'Countess', token }
    expect(await ask(url, Session, { to: 'POST /session', body })).toEqual({
      token,
      person: { id: person.id, name: 'Countess' },
    })
  })

  it('keeps persons and tokens over a restart of the server', async () => {
    const dbFile = temporaryFile()
    const first = await startApi(dbFile)
    const { token, person } = await signIn(first.url)
    await first.close()
    const { url } = await startApi(dbFile)
    const again = await ask(url, Session, { to: 'POST /session', body: { name: 'Ada', token } })
    expect(again.person).toEqual(person)
  })

  it.each([
    ['no body', undefined, 'name'],
    ['an empty name', { name: '  ' }, 'name'],
    ['a name that is no text', { name: 7 }, 'name'],
    ['a name of 41 letters', { name: 'a'.repeat(41) }, 'name'],
    ['a token that is no text', { name: 'Ada', token: 7 }, 'token'],
    ['a list', [], 'the body'],
  ])('refuses %s with 400, and says which field', async (_what, body, field) => {
    const { url } = await startApi()
    const { status, code, message } = await refusal(url, { to: 'POST /session', body })
    expect([status, code]).toEqual([400, 'bad_request'])
    expect(message).toContain(`${field}: `)
  })

  it('refuses what is no JSON with 400, and a body that is too large with 413', async () => {
    const { url } = await startApi()
    const to = 'POST /session'
    expect(await refusal(url, { to, body: '{"name":' })).toMatchObject({ status: 400, code: 'bad_request' })
    const large = { name: 'a'.repeat(20_000) }
    expect(await refusal(url, { to, body: large })).toMatchObject({ status: 413, code: 'too_large' })
  })
})

describe('a token that this server never gave', () => {
  const forgeries: [string, (token: string) => string][] = [
    ['nothing at all', () => ''],
    ['an id without a signature', (token) => token.split('.')[0]!],
    ['a signature of another length', (token) => `${token.split('.')[0]}.AAAA`],
    ['a signature of another key', (token) => `${token.split('.')[0]}.${'A'.repeat(43)}`],
    ['a signature of another id', (token) => `someone.${token.split('.')[1]}`],
  ]

  it.each(forgeries)('is refused with 401 wherever it is sent: %s', async (_what, forge) => {
    const { url } = await startApi()
    const token = forge((await signIn(url)).token)
    const as = { status: 401, code: 'unauthorized' }
    expect(await refusal(url, { to: 'POST /session', body: { name: 'Eve', token } })).toMatchObject(as)
    expect(await refusal(url, { to: 'PATCH /challenges/1/toggle', token })).toMatchObject(as)
    expect(await refusal(url, { to: 'PUT /challenges/1/join', token })).toMatchObject(as)
  })

  it('is refused when it is of another database', async () => {
    const [one, other] = [await startApi(), await startApi()]
    const { token } = await signIn(one.url)
    expect(await call(one.url, { to: 'PUT /challenges/1/join', token })).toMatchObject({ status: 200 })
    expect(await refusal(other.url, { to: 'PUT /challenges/1/join', token })).toMatchObject({ status: 401 })
  })
})

describe('the live connection', () => {
  it('is refused to whoever has no token, or a forged one', async () => {
    const { url } = await startApi()
    for (const token of ['', 'someone.AAAA']) {
      // The first attempt of a client is answered with a second one, which it makes at once here.
      const errors: string[] = []
      const onError = ({ code }: SyncError) => errors.push(code)
      const client = await connect(url, token, { backoff: { delaysMs: [0] }, onError })
      client.connect()
      await expect.poll(() => client.status.state).toBe('error')
      expect(errors).toEqual(['unauthorized'])
    }
  })

  it('knows whose it is, by the name that they have now', async () => {
    const { url } = await startApi()
    const { token, person } = await signIn(url, 'Ada')
    const client = await connect(url, token)
    const heard: unknown[] = []
    const channel = client.channel('challenges')
    channel.on('challenge_toggled', ({ by }) => heard.push(by))
    await subscribed(channel)
    await channel.request('toggle', { id: 2 })
    await ask(url, Session, { to: 'POST /session', body: { name: 'Countess', token } })
    await channel.request('toggle', { id: 2 })
    await toggle(url, 2)
    await expect.poll(() => heard).toEqual([person, { id: person.id, name: 'Countess' }, null])
  })
})

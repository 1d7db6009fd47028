import { presence } from 'syncline/client'
import { describe, expect, it } from 'vitest'
import { Challenge } from '../shared/challenge.ts'
import { clientHeader } from '../shared/failure.ts'
import { ask, call, connect, list, refusal, signIn, startApi, subscribed, toggle } from './support.ts'

const swim = { name: ' Swim ', description: 'Twice a week.', category: 'Body' }

/** Somebody with a live connection, and all that they hear of the challenges and in their inbox. */
async function open(url: string, name: string) {
  const { token, person } = await signIn(url, name)
  const client = await connect(url, token)
  const heard: { event: string; data: unknown; own: boolean }[] = []
  const challenges = client.channel('challenges')
  challenges.onAny(({ event, data, meta }) => heard.push({ event, data, own: meta.own }))
  const notices: string[] = []
  const inbox = client.channel('inbox', { user: person.id })
  inbox.on('notice', ({ text }) => notices.push(text))
  await Promise.all([subscribed(challenges), subscribed(inbox)])
  return { token, person, client, challenges, heard, notices }
}

describe('what is created, joined, left and deleted', () => {
  it('is answered as committed and told to everyone, with who did it', async () => {
    const { url } = await startApi()
    const [ada, ben] = [await open(url, 'Ada'), await open(url, 'Ben')]
    const { token, person: by } = ada
    const headers = { [clientHeader]: ada.client.id! }
    const created = await ask(url, Challenge, { to: 'POST /challenges', token, body: swim, headers })
    expect(created).toMatchObject({ name: 'Swim', toggle_details: { is_active: false }, joined: [] })
    const join = `/challenges/${created.id}/join`
    const joined = await ask(url, Challenge, { to: `PUT ${join}`, token, headers })
    expect(joined.joined).toEqual([by.id])
    expect(joined.version).toBeGreaterThan(created.version)
    const left = await ask(url, Challenge, { to: `DELETE ${join}`, token, headers })
    expect((await list(url)).at(-1)).toEqual(left)
    const deleted = await call(url, { to: `DELETE /challenges/${created.id}`, token, headers })
    expect(deleted).toEqual({ status: 200, body: { challenge_id: created.id, by } })
    const events = [
      { event: 'challenge_created', data: { challenge: created, by } },
      { event: 'challenge_joined', data: { challenge: joined, by } },
      { event: 'challenge_joined', data: { challenge: { ...left, joined: [] }, by } },
      { event: 'challenge_deleted', data: { challenge_id: created.id, by } },
    ]
    await expect.poll(() => ben.heard).toEqual(events.map((event) => ({ ...event, own: false })))
    await expect.poll(() => ada.heard).toEqual(events.map((event) => ({ ...event, own: true })))
    expect((await list(url)).map(({ id }) => id)).not.toContain(created.id)
  })

  it('is not told again when somebody joins who has joined, or leaves who has not', async () => {
    const { url } = await startApi()
    const { token, heard } = await open(url, 'Ada')
    const before = (await list(url))[0]!
    const left = await ask(url, Challenge, { to: 'DELETE /challenges/1/join', token })
    expect(left).toEqual(before)
    const joined = await ask(url, Challenge, { to: 'PUT /challenges/1/join', token })
    expect(await ask(url, Challenge, { to: 'PUT /challenges/1/join', token })).toEqual(joined)
    await toggle(url, 1)
    await expect
      .poll(() => heard.map(({ event }) => event))
      .toEqual(['challenge_joined', 'challenge_toggled'])
  })

  it.each([
    ['POST /challenges', swim],
    ['DELETE /challenges/1', undefined],
    ['PUT /challenges/1/join', undefined],
    ['DELETE /challenges/1/join', undefined],
  ])('needs a token: %s', async (to, body) => {
    const { url } = await startApi()
    expect(await refusal(url, { to, body })).toMatchObject({ status: 401, code: 'unauthorized' })
    expect(await list(url)).toHaveLength(8)
  })

  it.each(['DELETE /challenges/999', 'PUT /challenges/999/join', 'DELETE /challenges/999/join'])(
    'needs a challenge that is there: %s',
    async (to) => {
      const { url } = await startApi()
      const { token } = await signIn(url)
      expect(await refusal(url, { to, token })).toMatchObject({ status: 404, code: 'not_found' })
    },
  )

  it.each([
    ['name', { ...swim, name: '' }],
    ['description', { ...swim, description: 'a'.repeat(201) }],
    ['category', { name: 'Swim', description: '' }],
  ])('is refused with the field that is wrong: %s', async (field, body) => {
    const { url } = await startApi()
    const { token } = await signIn(url)
    const answer = await refusal(url, { to: 'POST /challenges', token, body })
    expect(answer).toMatchObject({ status: 400, code: 'bad_request' })
    expect(answer.message).toContain(`${field}: `)
  })
})

describe('a toggle of a challenge that people have joined', () => {
  it('is a notice to them, but not to who toggled, nor to who has not joined or has left', async () => {
    const { url } = await startApi()
    const [ada, ben] = [await open(url, 'Ada'), await open(url, 'Ben')]
    const [cyd, dee] = [await open(url, 'Cyd'), await open(url, 'Dee')]
    for (const { token } of [ada, ben, dee]) await call(url, { to: 'PUT /challenges/2/join', token })
    await call(url, { to: 'DELETE /challenges/2/join', token: dee.token })
    await toggle(url, 2, { token: ada.token })
    await toggle(url, 2)
    const byNobody = 'Somebody switched off “One thing at a time”, which you have joined.'
    await expect.poll(() => ada.notices).toEqual([byNobody])
    const byAda = 'Ada switched on “One thing at a time”, which you have joined.'
    await expect.poll(() => ben.notices).toEqual([byAda, byNobody])
    expect([...cyd.notices, ...dee.notices]).toEqual([])
  })

  it('is heard in nobody else’s inbox', async () => {
    const { url } = await startApi()
    const { person } = await signIn(url, 'Ada')
    const refused: string[] = []
    const eve = await connect(url, undefined, { onError: ({ code }) => refused.push(code) })
    eve.channel('inbox', { user: person.id }).on('notice', () => {})
    await expect.poll(() => refused).toEqual(['forbidden'])
  })
})

describe('the request `toggle` of the live connection', () => {
  it('does what the HTTP route does, with who asked, and is own to the client that asked', async () => {
    const { url } = await startApi()
    const [ada, ben] = [await open(url, 'Ada'), await open(url, 'Ben')]
    const challenge = await ada.challenges.request('toggle', { id: 2, is_active: true })
    expect((await list(url))[1]).toEqual(challenge)
    expect(await ada.challenges.request('toggle', { id: 2, is_active: true })).toEqual(challenge)
    const data = { challenge_id: 2, is_active: true, challenge, by: ada.person }
    await expect.poll(() => ada.heard).toEqual([{ event: 'challenge_toggled', data, own: true }])
    await expect.poll(() => ben.heard).toEqual([{ event: 'challenge_toggled', data, own: false }])
  })

  it('refuses an id that no challenge has with not_found', async () => {
    const { url, log } = await startApi()
    const { challenges } = await open(url, 'Ada')
    await expect(challenges.request('toggle', { id: 999 })).rejects.toMatchObject({
      code: 'not_found',
      message: expect.stringContaining('There is no challenge 999'),
    })
    expect(log).toEqual([])
  })
})

describe('presence among the challenges', () => {
  it('shows everyone who has the page open', async () => {
    const { url } = await startApi()
    const [ada, ben] = [await connect(url), await connect(url)]
    await presence(ada.channel('challenges')).enter({ name: 'Ada' })
    const seen = presence(ben.channel('challenges'))
    seen.on('change', () => {})
    await expect.poll(() => seen.members.map(({ state }) => state.name)).toEqual(['Ada'])
  })
})

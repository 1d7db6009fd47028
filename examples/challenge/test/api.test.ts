import { describe, expect, it } from 'vitest'
import { openDatabase } from '../server/database.ts'
import { openStore } from '../server/store.ts'
import { clientHeader } from '../shared/failure.ts'
import { call, list, listen, refusal, startApi, toggle } from './support.ts'
import { temporaryFile } from './temporary-file.ts'

describe('the challenges over HTTP', () => {
  it('lists every seeded challenge by id, with what a page shows of it', async () => {
    const { url } = await startApi()
    const challenges = await list(url)
    expect(challenges.map(({ id }) => id)).toEqual([1, 2, 3, 4, 5, 6, 7, 8])
    expect(challenges[0]).toMatchObject({ name: 'Phone-free mornings', toggle_details: { is_active: true } })
  })

  it('answers a toggle with the row as committed, and the list agrees', async () => {
    const { url } = await startApi()
    const before = (await list(url))[1]!
    const after = await toggle(url, 2)
    expect(after).toEqual({ ...before, version: after.version, toggle_details: { is_active: true } })
    expect(after.version).toBeGreaterThan(before.version)
    expect((await list(url))[1]).toEqual(after)
  })

  it('counts toggles that come at once each by itself', async () => {
    const { url } = await startApi()
    const before = (await list(url))[2]!
    const answers = await Promise.all(Array.from({ length: 21 }, () => toggle(url, 3)))
    expect(new Set(answers.map(({ version }) => version)).size).toBe(21)
    expect((await list(url))[2]!.toggle_details.is_active).toBe(!before.toggle_details.is_active)
  })

  it('counts toggles that want the same state as one', async () => {
    const { url } = await startApi()
    const body = { is_active: true }
    const answers = await Promise.all(Array.from({ length: 21 }, () => toggle(url, 2, { body })))
    expect(new Set(answers.map(({ version }) => version)).size).toBe(1)
    expect(answers[0]!.toggle_details).toEqual(body)
  })

  it('keeps what was toggled over a restart of the server', async () => {
    const dbFile = temporaryFile()
    const first = await startApi(dbFile)
    const toggled = await toggle(first.url, 5)
    await first.close()
    const second = await startApi(dbFile)
    expect((await list(second.url))[4]).toEqual(toggled)
  })

  it.each(['0', '-1', '1.5', '01', 'abc', '1e3', '99999999999999999999', '%20', '%E0%A4%A'])(
    'refuses the id "%s" with 400 and the code bad_request',
    async (id) => {
      const { url } = await startApi()
      const answer = await refusal(url, { to: `PATCH /challenges/${id}/toggle` })
      expect(answer).toMatchObject({ status: 400, code: 'bad_request' })
    },
  )

  it('refuses a state that is no boolean, and says which field it is', async () => {
    const { url } = await startApi()
    const answer = await refusal(url, { to: 'PATCH /challenges/1/toggle', body: { is_active: 'yes' } })
    expect(answer).toMatchObject({ status: 400, code: 'bad_request' })
    expect(answer.message).toContain('is_active: ')
  })

  it('refuses an id that no challenge has with 404 and the code not_found', async () => {
    const { url } = await startApi()
    expect(await refusal(url, { to: 'PATCH /challenges/999/toggle' })).toEqual({
      status: 404,
      code: 'not_found',
      message: 'There is no challenge 999; load the list again.',
    })
  })

  it.each([
    'GET /challenges/1',
    'GET /challenges/1/toggle',
    'GET /session',
    'GET /api/v2',
    'POST /lab/melt',
    'GET /game/ABC123',
  ])('answers %s, which it does not know, with coded JSON', async (to) => {
    const { url } = await startApi()
    expect(await refusal(url, { to })).toMatchObject({ status: 404, code: 'no_such_route' })
  })

  it('answers what it did not expect with 500, and logs it', async () => {
    const { url, dbFile, log } = await startApi()
    const db = openDatabase({ file: dbFile })
    db.exec('DROP TABLE joins')
    db.close()
    const answer = await call(url, { to: 'GET /challenges' })
    expect(answer).toMatchObject({ status: 500, body: { error: { code: 'internal' } } })
    expect(log.join('\n')).toContain('GET /challenges failed')
    expect(JSON.stringify(answer.body)).not.toContain('joins')
  })
})

describe('the live channel', () => {
  it('tells every client of a toggle in the format of the HTTP answer', async () => {
    const { url } = await startApi()
    const [one, other] = await Promise.all([listen(url), listen(url)])
    const challenge = await toggle(url, 2)
    for (const { heard } of [one, other]) {
      const event = { challenge_id: 2, is_active: true, challenge, by: null }
      await expect.poll(() => heard.map(({ event }) => event)).toEqual([event])
    }
  })

  it('lets whoever hears of a toggle read it from the database file at once', async () => {
    const { url, dbFile } = await startApi()
    const read: (boolean | undefined)[] = []
    await listen(url, (event) => {
      const store = openStore({ file: dbFile })
      read.push(store.list().find(({ id }) => id === event.challenge_id)?.toggle_details.is_active)
      store.close()
    })
    await toggle(url, 2)
    await toggle(url, 2)
    await expect.poll(() => read).toEqual([true, false])
  })

  it('marks a toggle as own for the client that the request names, and for no other', async () => {
    const { url } = await startApi()
    const [one, other] = await Promise.all([listen(url), listen(url)])
    await toggle(url, 4, { headers: { [clientHeader]: one.client.id! } })
    await expect.poll(() => one.heard.map(({ meta }) => meta.own)).toEqual([true])
    await expect.poll(() => other.heard.map(({ meta }) => meta.own)).toEqual([false])
  })

  it('tells nobody the header of a request that names no client', async () => {
    const { url } = await startApi()
    const { heard } = await listen(url)
    await toggle(url, 4, { headers: { [clientHeader]: 'not the id of a client' } })
    await expect.poll(() => heard.map(({ meta }) => meta.sender)).toEqual([null])
  })

  it('says nothing of a toggle that was refused', async () => {
    const { url } = await startApi()
    const { heard } = await listen(url)
    await refusal(url, { to: 'PATCH /challenges/999/toggle' })
    await toggle(url, 1)
    await expect.poll(() => heard.map(({ event }) => event.challenge_id)).toEqual([1])
  })
})

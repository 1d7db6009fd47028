import { describe, expect, it, vi } from 'vitest'
import { openStore } from '../server/store.ts'
import { ChallengeList, clientHeader, Failure } from '../shared/challenge.ts'
import { listen, startApi, toggle } from './support.ts'
import { temporaryFile } from './temporary-file.ts'

const list = async (url: string) => {
  const response = await fetch(`${url}/challenges`)
  return ChallengeList.parse(await response.json()).challenges
}

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

  it('keeps what was toggled over a restart of the server', async () => {
    const dbFile = temporaryFile()
    const first = await startApi(dbFile)
    const toggled = await toggle(first.url, 5)
    await first.close()
    const second = await startApi(dbFile)
    expect((await list(second.url))[4]).toEqual(toggled)
  })

  it.each(['0', '-1', '1.5', '01', 'abc', '1e3', '99999999999999999999', '%20', '%E0%A4%A'])(
    'refuses the id "%s" with 400 and the code bad_id',
    async (id) => {
      const { url } = await startApi()
      const response = await fetch(`${url}/challenges/${id}/toggle`, { method: 'PATCH' })
      expect(response.status).toBe(400)
      expect(Failure.parse(await response.json()).error.code).toBe('bad_id')
    },
  )

  it('refuses an id that no challenge has with 404 and the code not_found', async () => {
    const { url } = await startApi()
    const response = await fetch(`${url}/challenges/999/toggle`, { method: 'PATCH' })
    expect(response.status).toBe(404)
    expect(Failure.parse(await response.json()).error).toEqual({
      code: 'not_found',
      message: 'There is no challenge 999; load the list again.',
    })
  })

  it.each([
    ['DELETE', '/challenges/1'],
    ['POST', '/challenges'],
    ['GET', '/challenges/1/toggle'],
  ])('answers %s %s, which it does not know, with coded JSON', async (method, path) => {
    const { url } = await startApi()
    const response = await fetch(url + path, { method })
    expect(response.status).toBe(404)
    expect(Failure.parse(await response.json()).error.code).toBe('no_such_route')
  })
})

describe('the live channel', () => {
  it('tells every client of a toggle in the format of the HTTP answer', async () => {
    const { url } = await startApi()
    const [one, other] = await Promise.all([listen(url), listen(url)])
    const challenge = await toggle(url, 2)
    await vi.waitFor(() => {
      for (const { heard } of [one, other]) {
        expect(heard.map(({ event }) => event)).toEqual([{ challenge_id: 2, is_active: true, challenge }])
      }
    })
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
    await vi.waitFor(() => expect(read).toEqual([true, false]))
  })

  it('marks a toggle as own for the client that the request names, and for no other', async () => {
    const { url } = await startApi()
    const [one, other] = await Promise.all([listen(url), listen(url)])
    await toggle(url, 4, { [clientHeader]: one.client.id! })
    await vi.waitFor(() => {
      expect(one.heard.map(({ meta }) => meta.own)).toEqual([true])
      expect(other.heard.map(({ meta }) => meta.own)).toEqual([false])
    })
  })

  it('tells nobody the header of a request that names no client', async () => {
    const { url } = await startApi()
    const { heard } = await listen(url)
    await toggle(url, 4, { [clientHeader]: 'not the id of a client' })
    await vi.waitFor(() => expect(heard.map(({ meta }) => meta.sender)).toEqual([null]))
  })

  it('says nothing of a toggle that was refused', async () => {
    const { url } = await startApi()
    const { heard } = await listen(url)
    await fetch(`${url}/challenges/999/toggle`, { method: 'PATCH' })
    await toggle(url, 1)
    await vi.waitFor(() => expect(heard.map(({ event }) => event.challenge_id)).toEqual([1]))
  })
})

// @vitest-environment jsdom
import { createClient } from 'syncline/client'
import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import { Challenge, ChallengeList } from '../shared/challenge.ts'
import { Session } from '../shared/identity.ts'
import { registry } from '../shared/registry.ts'
import { createSwitchOver } from '../web/src/challenges/switch-over.ts'
import { connectAgain } from '../web/src/connection/connect-again.ts'
import { ask } from '../web/src/net/http.ts'
import { labNetwork, labSignals, labSocket } from '../web/src/net/lab-network.ts'
import { reach } from '../web/src/net/reach.ts'
import { sharedServer } from './page-support.ts'

const url = sharedServer()
afterEach(() => labNetwork.set('whole'))

/** A challenge of its own, a client of the page's kind, and what is needed to see what becomes of a change. */
async function open() {
  const signIn = { method: 'POST', body: { name: 'Ada' } } as const
  const { token } = Session.parse(await ask(`${url()}/session`, signIn))
  let isRefused = false
  const client = createClient(registry, {
    url: `${url()}/sync`,
    auth: () => {
      if (isRefused) throw new Error('no token now')
      return token
    },
    socket: labSocket,
    signals: labSignals,
    backoff: { delaysMs: [1, 1, 1], maxAttempts: 3 },
    onError: () => {},
  })
  onTestFinished(() => client.close())
  onTestFinished(connectAgain({ client, network: labNetwork, reach }))
  const sent: boolean[] = []
  const send = async (id: number, wanted: boolean) => {
    sent.push(wanted)
    const path = `${url()}/challenges/${id}/toggle`
    return Challenge.parse(await ask(path, { method: 'PATCH', body: { is_active: wanted }, token }))
  }
  const body = { name: 'Swim', description: '', category: 'Body' }
  const row = Challenge.parse(await ask(`${url()}/challenges`, { method: 'POST', body, token }))
  const stored = async () => {
    const { challenges } = ChallengeList.parse(await ask(`${url()}/challenges`))
    return challenges.find(({ id }) => id === row.id)
  }
  const wait = vi.fn()
  const switchOver = createSwitchOver({ client, reach, send })
  const switchTo = (wanted: boolean) => switchOver({ id: row.id, wanted, wait })
  const isIn = (state: string) => vi.waitFor(() => expect(client.status.state).toBe(state))
  /** Lets attempts to connect fail. */
  const refuseTokens = (isNow: boolean) => {
    isRefused = isNow
  }
  return { client, token, row, stored, sent, send, wait, switchOver, switchTo, isIn, refuseTokens }
}

describe('a change', () => {
  it('goes over HTTP while that answers, whatever the connection is like', async () => {
    const { row, switchTo, sent, wait, stored, client } = await open()
    const answer = await switchTo(true)
    expect(answer).toEqual({ ...row, version: expect.any(Number), toggle_details: { is_active: true } })
    expect(await stored()).toEqual(answer)
    expect([sent, wait.mock.calls, client.status.state]).toEqual([[true], [], 'disconnected'])
  })

  it('comes after the one before it of the same challenge, however long that is on its way', async () => {
    const { client, row, send, stored, wait } = await open()
    let letGo = () => {}
    const held = new Promise<void>((resolve) => {
      letGo = resolve
    })
    const asked: boolean[] = []
    const switchOver = createSwitchOver({
      client,
      reach,
      send: async (id, wanted) => {
        asked.push(wanted)
        if (asked.length === 1) await held
        return send(id, wanted)
      },
    })
    const both = [true, false].map((wanted) => switchOver({ id: row.id, wanted, wait }))
    await Promise.resolve()
    expect(asked).toEqual([true])
    letGo()
    await Promise.all(both)
    expect([asked, (await stored())?.toggle_details.is_active]).toEqual([[true, false], false])
  })

  it('that HTTP refuses is over, with the reason', async () => {
    const { switchOver, wait } = await open()
    const refused = switchOver({ id: 999_999, wanted: true, wait })
    await expect(refused).rejects.toMatchObject({ name: 'ApiError', code: 'not_found' })
    expect(wait).not.toHaveBeenCalled()
  })

  it('waits when no answer comes, and is carried out once, over the connection, when that is back', async () => {
    const { switchTo, sent, wait, stored, client, isIn } = await open()
    client.connect()
    await isIn('connected')
    const toggled: unknown[] = []
    const channel = client.channel('challenges')
    channel.on('challenge_toggled', ({ challenge }, { own }) => toggled.push([challenge, own]))
    await new Promise<void>((resolve) => channel.on('subscribed', () => resolve()))
    labNetwork.set('cut')
    const answer = switchTo(true)
    await vi.waitFor(() => expect(wait).toHaveBeenCalledTimes(1))
    // All attempts are over, and yet it waits: without a network that is no reason to give up.
    await isIn('error')
    labNetwork.set('whole')
    const row = await answer
    expect(row.toggle_details.is_active).toBe(true)
    expect(await stored()).toEqual(row)
    await vi.waitFor(() => expect(toggled).toEqual([[row, true]]))
    expect([sent, wait.mock.calls.length]).toEqual([[true], 1])
  })

  it('waits behind the one before it, and both are carried out in order', async () => {
    const { switchTo, stored, client, row } = await open()
    labNetwork.set('cut')
    const answers = [switchTo(true), switchTo(false)]
    client.connect()
    labNetwork.set('whole')
    const versions = (await Promise.all(answers)).map(({ version }) => version)
    expect(versions[0]).toBeGreaterThan(row.version)
    expect(versions[1]).toBeGreaterThan(versions[0]!)
    expect(await stored()).toMatchObject({ version: versions[1], toggle_details: { is_active: false } })
  })

  it('that waits is refused with the reason when its challenge is gone', async () => {
    const { switchTo, wait, row, token } = await open()
    labNetwork.set('cut')
    const answer = switchTo(true)
    await vi.waitFor(() => expect(wait).toHaveBeenCalled())
    await fetch(`${url()}/challenges/${row.id}`, {
      method: 'DELETE',
      headers: { authorization: `Bearer ${token}` },
    })
    labNetwork.set('whole')
    await expect(answer).rejects.toMatchObject({ name: 'SyncError', code: 'not_found' })
  })

  it('goes over HTTP after all when the connection is given up while it waits', async () => {
    const { switchTo, sent, wait, stored, isIn, client } = await open()
    labNetwork.set('cut')
    const answer = switchTo(true)
    await vi.waitFor(() => expect(wait).toHaveBeenCalled())
    labNetwork.set('http-only')
    client.connect()
    expect(await answer).toEqual(await stored())
    expect(sent).toEqual([true, true])
    await isIn('error')
  })

  it('goes over HTTP after all when that comes back alone, long after the connection was given up', async () => {
    const { switchTo, stored, isIn, client } = await open()
    labNetwork.set('cut')
    const answer = switchTo(true)
    client.connect()
    await isIn('error')
    labNetwork.set('http-only')
    expect(await answer).toEqual(await stored())
  })

  it('waits where the connection is given up and the server does not answer either, until it does', async () => {
    const { client, isIn, row, send, token, stored } = await open()
    labNetwork.set('http-only')
    client.connect()
    await isIn('error')
    let path = 'http://127.0.0.1:1/'
    const sendOrNot = (id: number, wanted: boolean) =>
      (path ? ask(path) : send(id, wanted)).then(Challenge.parse)
    const wait = vi.fn()
    const switchOver = createSwitchOver({ client, reach, send: sendOrNot })
    const answer = switchOver({ id: row.id, wanted: true, wait })
    await vi.waitFor(() => expect(wait).toHaveBeenCalled())
    expect(reach.isThere).toBe(false)
    path = ''
    await ask(`${url()}/challenges`, { token })
    expect(await answer).toEqual(await stored())
  })
})

describe('a connection that was given up', () => {
  it('is made anew when the server answers over HTTP again', async () => {
    const { client, isIn, stored, refuseTokens } = await open()
    await ask('http://127.0.0.1:1/').catch(() => {})
    refuseTokens(true)
    client.connect()
    await isIn('error')
    refuseTokens(false)
    expect(client.status.state).toBe('error')
    await stored()
    await isIn('connected')
  })

  it('is left alone while the visitor lets no WebSocket through', async () => {
    const { client, isIn, stored } = await open()
    labNetwork.set('http-only')
    client.connect()
    await isIn('error')
    const told = vi.fn()
    onTestFinished(client.onStatus(told))
    await ask('http://127.0.0.1:1/').catch(() => {})
    await stored()
    expect([reach.isThere, told.mock.calls]).toEqual([true, []])
  })
})

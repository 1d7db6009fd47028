import { createClient, type ErrorContext, type Presence, presence } from 'syncline/client'
import { attachWebSocket, createHub } from 'syncline/server'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { patience, quick, startHttp, startHubFor } from '../support/hub-server.ts'
import { registry } from '../support/presence-registry.ts'

type Who = Presence<typeof registry, 'room'>

/** A client that follows who is in room 1. `errors` are the codes of what it reported, `heard` who came and went. */
function visitor(url: string) {
  const errors: [code: string, stage: ErrorContext['stage']][] = []
  const heard: string[] = []
  const client = createClient(registry, {
    url,
    backoff: quick,
    onError: ({ code }, { stage }) => errors.push([code, stage]),
  })
  onTestFinished(() => client.close())
  const who: Who = presence(client.channel('room', { id: 1 }))
  who.on('join', ({ state }) => heard.push(`join ${state.name}`))
  who.on('leave', ({ state }) => heard.push(`leave ${state.name}`))
  return { client, who, errors, heard }
}

const names = ({ members }: Who) => members.map(({ state }) => state.name).sort()
const until = (check: () => void) => vi.waitFor(check, patience)

describe('clients of a hub over real sockets', () => {
  test('see each other come, change and go, as does the server', async () => {
    const { hub, url, errors } = await startHubFor(registry)
    const [ann, bob] = [visitor(url), visitor(url)]
    await ann.who.enter({ name: 'Ann' })
    await bob.who.enter({ name: 'Bob' })
    for (const { who } of [ann, bob]) await until(() => expect(names(who)).toEqual(['Ann', 'Bob']))
    expect(ann.who.members.filter(({ own }) => own)).toMatchObject([{ client: ann.client.id }])
    await ann.who.enter({ name: 'Anna' })
    await until(() => expect(names(bob.who)).toEqual(['Anna', 'Bob']))
    const room = hub.channel('room', { id: 1 })
    expect(await room.count()).toEqual({ members: 2, users: 2 })
    expect(await room.presence()).toMatchObject([
      { client: ann.client.id, state: { name: 'Anna' } },
      { client: bob.client.id, state: { name: 'Bob' } },
    ])
    await ann.who.leave()
    await until(() => expect(names(bob.who)).toEqual(['Bob']))
    expect(bob.heard.at(-1)).toBe('leave Anna')
    expect([errors, ann.errors, bob.errors]).toEqual([[], [], []])
  })

  test('stay present over a break of the connection, and nobody hears of it', async () => {
    const { url, cut, hub } = await startHubFor(registry)
    let connects = 0
    hub.onDiagnostic(({ type }) => {
      if (type === 'connect') connects++
    })
    const [ann, bob] = [visitor(url), visitor(url)]
    await ann.who.enter({ name: 'Ann' })
    await bob.who.enter({ name: 'Bob' })
    await until(() => expect(names(bob.who)).toEqual(['Ann', 'Bob']))
    const marks = bob.who.members.map(({ mark }) => mark).sort()
    const heard = bob.heard.length
    cut()
    await until(() => expect(connects).toBe(4))
    const cid = visitor(url)
    await cid.who.enter({ name: 'Cid' })
    for (const { who } of [ann, bob]) await until(() => expect(names(who)).toEqual(['Ann', 'Bob', 'Cid']))
    expect(bob.heard.slice(heard)).toEqual(['join Cid'])
    expect(bob.who.members.map(({ mark }) => mark)).toEqual(expect.arrayContaining(marks))
  })

  test('enter again on a hub that was started anew', async () => {
    const first = await startHubFor(registry)
    const [ann, bob] = [visitor(first.url), visitor(first.url)]
    await ann.who.enter({ name: 'Ann' })
    await bob.who.enter({ name: 'Bob' })
    await until(() => expect(names(bob.who)).toEqual(['Ann', 'Bob']))
    await first.stop()
    const second = await startHubFor(registry, { port: first.port })
    const room = second.hub.channel('room', { id: 1 })
    await until(async () => expect(await room.count()).toEqual({ members: 2, users: 2 }))
    for (const { who } of [ann, bob]) await until(() => expect(names(who)).toEqual(['Ann', 'Bob']))
  })

  test('leave after the grace when they do not come back, and at once when they are sent away', async () => {
    const { hub, url } = await startHubFor(registry, { presenceGraceMs: 20 })
    const [ann, bob, cid] = [visitor(url), visitor(url), visitor(url)]
    for (const [who, name] of [
      [ann.who, 'Ann'],
      [bob.who, 'Bob'],
      [cid.who, 'Cid'],
    ] as const)
      await who.enter({ name })
    await until(() => expect(names(cid.who)).toEqual(['Ann', 'Bob', 'Cid']))
    ann.client.disconnect()
    await until(() => expect(names(cid.who)).toEqual(['Bob', 'Cid']))
    hub.disconnect({ session: bob.client.id! })
    expect(await hub.channel('room', { id: 1 }).count()).toMatchObject({ members: 1 })
    await until(() => expect(names(cid.who)).toEqual(['Cid']))
    ann.client.connect()
    await until(() => expect(names(cid.who)).toEqual(['Ann', 'Cid']))
  })

  test('may be refused by the app, and see all the same who is there', async () => {
    const http = await startHttp()
    const hub = createHub(registry)
    onTestFinished(() => hub.close())
    hub.serve('room', { authorize: ({ action }) => action !== 'presence' })
    attachWebSocket(hub, http.server, { path: '/sync' })
    const { who, errors } = visitor(`ws://127.0.0.1:${http.port}/sync`)
    let changes = 0
    who.on('change', () => changes++)
    await expect(who.enter({ name: 'Ann' })).rejects.toMatchObject({ code: 'forbidden' })
    await until(() => expect(changes).toBe(1))
    expect([who.members, errors]).toEqual([[], []])
  })
})

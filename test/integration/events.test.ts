import type { EventMeta } from 'syncline/client'
import { describe, expect, it, vi } from 'vitest'
import { patience, publishUntilHeard, startClient, startHub, startListener } from '../support/hub-server.ts'

describe('a client over a real WebSocket', () => {
  it('hears an event with who sent it, whether that was itself, when, and where in the log', async () => {
    const { hub, url } = await startHub()
    const { client, errors } = startClient(url)
    const heard: [unknown, EventMeta][] = []
    client.channel('lobby').on('said', (data, meta) => heard.push([data, meta]))
    await vi.waitFor(() => expect(client.id).toBeDefined(), patience)
    // Until the first one arrives, nothing says that the subscription is in force.
    await vi.waitFor(async () => {
      await hub.channel('lobby').publish('said', { text: 'ready?' })
      expect(heard).not.toEqual([])
    }, patience)
    heard.length = 0
    const stranger = 'AAAAAAAAAAAAAAA-'
    const earliest = Date.now()
    const mine = await hub.channel('lobby').publish('said', { text: 'mine' }, { from: client.id })
    const other = await hub.channel('lobby').publish('said', { text: 'other' }, { from: stranger })
    const nobodys = await hub.channel('lobby').publish('said', { text: 'nobody' })
    await vi.waitFor(() => expect(heard.at(-1)?.[0]).toEqual({ text: 'nobody' }), patience)
    const common = { channel: 'lobby', time: expect.any(Number), replayed: false }
    expect(heard.slice(-3)).toEqual([
      [{ text: 'mine' }, { ...common, position: mine, sender: client.id, own: true }],
      [{ text: 'other' }, { ...common, position: other, sender: stranger, own: false }],
      [{ text: 'nobody' }, { ...common, position: nobodys, sender: null, own: false }],
    ])
    const { time } = heard.at(-1)![1]
    expect(time >= earliest && time <= Date.now()).toBe(true)
    expect(errors).toEqual([])
  })

  it('hears every event once and in log order, however fast they come', async () => {
    const { hub, url } = await startHub()
    const { heard, gaps, errors } = startListener(url)
    await publishUntilHeard(hub, 'ready', heard)
    const texts = Array.from({ length: 500 }, (_, i) => `number ${i}`)
    await Promise.all(texts.map((text) => hub.channel('lobby').publish('said', { text })))
    await vi.waitFor(() => expect(heard.at(-1)).toBe('number 499'), patience)
    expect(heard.filter((text) => text !== 'ready')).toEqual(texts)
    expect([gaps, errors]).toEqual([[], []])
  })

  it('is in step with another client, which knows that the event is not its own', async () => {
    const { hub, url } = await startHub()
    const sides = [startListener(url), startListener(url)] as const
    const own: boolean[][] = [[], []]
    sides.forEach(({ client }, i) => {
      client.channel('lobby').on('said', ({ text }, meta) => text === 'mine' && own[i]!.push(meta.own))
    })
    await publishUntilHeard(hub, 'ready', sides[0].heard, sides[1].heard)
    expect(sides[0].client.id).not.toBe(sides[1].client.id)
    await hub.channel('lobby').publish('said', { text: 'mine' }, { from: sides[0].client.id })
    await vi.waitFor(() => expect(own).toEqual([[true], [false]]), patience)
  })

  it('shares one subscription among its listeners and gives it up after the last one', async () => {
    const { hub, url } = await startHub()
    const { client } = startClient(url, { lingerMs: 0 })
    const heard: string[][] = [[], []]
    const undos = heard.map((texts) => client.channel('lobby').on('said', ({ text }) => texts.push(text)))
    const other: string[] = []
    client.channel('game', { code: 'A' }).on('moved', ({ step }) => other.push(String(step)))
    await publishUntilHeard(hub, 'both', ...heard)
    undos[0]!()
    undos[0]!()
    await publishUntilHeard(hub, 'one', heard[1]!)
    expect(heard[0]).not.toContain('one')
    undos[1]!()
    await vi.waitFor(async () => {
      await hub.channel('game', { code: 'A' }).publish('moved', { step: 1 })
      expect(other).not.toEqual([])
    }, patience)
    await hub.channel('lobby').publish('said', { text: 'none' })
    await hub.channel('game', { code: 'A' }).publish('moved', { step: 2 })
    await vi.waitFor(() => expect(other).toContain('2'), patience)
    expect(heard.flat()).not.toContain('none')
  })

  it('hears only its own user channel: that of another user is refused, and nothing of it arrives', async () => {
    const { hub, url } = await startHub({ authenticate: ({ token }) => (token ? { id: token } : null) })
    const anna = startClient(url, { auth: () => 'anna' })
    const eve = startClient(url, { auth: async () => 'eve' })
    const mails: Record<string, string[]> = { anna: [], eve: [], snooped: [] }
    anna.client.channel('inbox', { user: 'anna' }).on('mail', ({ subject }) => mails['anna']!.push(subject))
    eve.client.channel('inbox', { user: 'eve' }).on('mail', ({ subject }) => mails['eve']!.push(subject))
    eve.client.channel('inbox', { user: 'anna' }).on('mail', ({ subject }) => mails['snooped']!.push(subject))
    await vi.waitFor(async () => {
      for (const user of ['anna', 'eve']) {
        await hub.channel('inbox', { user }).publish('mail', { subject: `for ${user}` })
      }
      expect(mails['anna']).not.toEqual([])
      expect(mails['eve']).not.toEqual([])
    }, patience)
    await vi.waitFor(() => expect(eve.errors.length).toBe(1), patience)
    expect(eve.errors[0]).toMatchObject({ stage: 'subscribe', channel: 'inbox/anna', code: 'forbidden' })
    expect(new Set(mails['anna'])).toEqual(new Set(['for anna']))
    expect(new Set(mails['eve'])).toEqual(new Set(['for eve']))
    expect(mails['snooped']).toEqual([])
    expect(anna.errors).toEqual([])
  })

  it('whose token is not accepted gives up with the reason, and comes in with a better one', async () => {
    const { hub, url } = await startHub({
      authenticate: ({ token }) => (token === 'good' ? { id: 'a' } : null),
    })
    let token = 'bad'
    const { client, errors } = startClient(url, { auth: () => token })
    client.connect()
    await vi.waitFor(() => expect(client.status.state).toBe('error'), patience)
    expect(client.status.cause?.code).toBe('unauthorized')
    expect(errors.map(({ stage, code }) => [stage, code])).toEqual([['connect', 'unauthorized']])
    token = 'good'
    client.connect()
    await vi.waitFor(() => expect(client.status.state).toBe('connected'), patience)
    expect(hub.connections).toBe(1)
  })
})

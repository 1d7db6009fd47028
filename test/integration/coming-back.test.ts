import { type ClientDiagnostic, createClient } from 'syncline/client'
import { createHub } from 'syncline/server'
import { createNetwork, manualClock, seededRandom } from 'syncline/testing'
import { expect, onTestFinished, test, vi } from 'vitest'
import { greetBare } from '../support/bare-client.ts'
import { registry } from '../support/challenge-registry.ts'
import {
  comeBack,
  patience,
  publishUntilHeard,
  startClient,
  startHub,
  untilWaiting,
} from '../support/hub-server.ts'
import { watchedBroadcaster } from '../support/watched-broadcaster.ts'

test('a thousand clients that come back to one channel, each from its own position, cause one read of the log', async () => {
  const clock = manualClock()
  const random = seededRandom(1)
  const { broadcaster, calls, hold } = watchedBroadcaster(clock)
  const hub = createHub(registry, { clock, random, broadcaster })
  hub.serve('lobby', {})
  const network = createNetwork(hub, { clock })
  const errors: string[] = []
  let heard = 0
  const missed: number[] = []
  const clients = Array.from({ length: 1_000 }, (_, i) => {
    const client = createClient(registry, {
      url: 'ws://hub',
      clock,
      random,
      socket: network.socket,
      onError: ({ code }) => errors.push(code),
    })
    const lobby = client.channel('lobby')
    let last: number | undefined
    lobby.on('gap', () => errors.push('gap'))
    lobby.on('said', (_data, { position: { offset } }) => {
      if (last !== undefined && offset !== last + 1) errors.push(`${offset} after ${last}`)
      last = offset
      heard++
      if (offset === 40) missed.push(i)
    })
    return client
  })
  onTestFinished(async () => {
    for (const client of clients) client.close()
    await hub.close()
  })
  const publish = async (count: number) => {
    for (let i = 0; i < count; i++) await hub.channel('lobby').publish('said', { text: `${i}` })
  }
  await clock.advance(100)
  await publish(10)
  // They are lost one after the other, so that each is at another place.
  for (let i = 0; i < 10; i++) {
    for (const link of [...network.links].slice(0, 100)) link.cut()
    network.hub = undefined
    await publish(1)
    await clock.advance(10)
  }
  // Nobody is left: the next one to come opens the channel anew.
  for (const link of network.links) link.cut()
  await publish(20)
  expect(network.links).toEqual([])
  network.hub = hub
  calls.length = 0
  // Most of them are there when the first look is answered, the others come after it.
  const answer = hold('read')
  await clock.advance(2_000)
  answer()
  await clock.advance(13_000)
  expect([errors, missed.length]).toEqual([[], 1_000])
  expect(heard).toBe(1_000 * 40)
  // The first of them has the channel opened, which reads where the log ends, and no entries.
  expect(calls.filter((call) => call !== 'append lobby')).toEqual([
    'subscribe lobby',
    'read lobby',
    'read lobby',
  ])
})

test('a client that has missed a hundred entries has them after one question and one answer', async () => {
  const { hub, url, cut } = await startHub()
  const clock = manualClock()
  const { client } = startClient(url, { clock })
  const heard: string[] = []
  client.channel('lobby').on('said', ({ text }) => heard.push(text))
  await publishUntilHeard(hub, 'first', heard)
  cut()
  await untilWaiting(client)
  for (let i = 0; i < 100; i++) await hub.channel('lobby').publish('said', { text: `missed ${i}` })
  const frames: string[] = []
  client.onDiagnostic((diagnostic: ClientDiagnostic) => {
    if (diagnostic.type === 'frame') frames.push(`${diagnostic.direction} ${diagnostic.frame}`)
  })
  await comeBack(client, clock)
  await vi.waitFor(() => expect(heard.at(-1)).toBe('missed 99'), patience)
  expect(heard.slice(-100)).toEqual(Array.from({ length: 100 }, (_, i) => `missed ${i}`))
  expect(frames.filter((frame) => frame.startsWith('out'))).toEqual(['out hello', 'out sub'])
})

test('a hundred entries come in two messages', async () => {
  const { hub, url } = await startHub()
  for (let i = 0; i < 101; i++) await hub.channel('lobby').publish('said', { text: `${i}` })
  const { entries } = await hub.channel('lobby').history({ limit: 101 })
  const { epoch, offset, tag } = entries[0]!.position
  const { bare } = await greetBare(url)
  const count = bare.raw.length
  bare.send(['sub', 1, 'lobby', { since: [epoch, offset, tag] }])
  await bare.next('live')
  expect(bare.of('ev')).toHaveLength(100)
  expect(bare.raw.length - count).toBe(2)
})

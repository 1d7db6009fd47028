import { createClient } from 'syncline/client'
import { manualClock } from 'syncline/testing'
import { expect, onTestFinished, test } from 'vitest'
import { registry } from '../../support/challenge-registry.ts'
import { fakeSockets, welcomeOptions } from '../../support/fake-sockets.ts'

/** A client that listens to a game and is connected at `five`, with the test as its hub. */
function setUp() {
  const clock = manualClock()
  const sockets = fakeSockets()
  const errors: string[] = []
  const onError = ({ code }: { code: string }) => void errors.push(code)
  const client = createClient(registry, { url: 'ws://hub', clock, socket: sockets.factory, onError })
  onTestFinished(() => client.close())
  const heard: number[] = []
  const reactions: (() => void)[] = []
  client.channel('game', { code: 'A' }).on('moved', ({ step }) => {
    heard.push(step)
    reactions.shift()?.()
  })
  /** Welcomes the newest connection and answers its `sub` with this channel number. */
  const accept = (cid: number, offset = 5, recovered: boolean | null = null) => {
    sockets.last.welcome()
    const ref = sockets.last.sent.find(([type]) => type === 'sub')![1] as number
    sockets.last.receive('subscribed', ref, cid, { position: ['epoch', offset, `tag ${offset}`], recovered })
  }
  const reconnect = () => {
    sockets.last.listener.closed(1006, '')
    client.connect()
  }
  return { clock, sockets, client, heard, errors, reactions, accept, reconnect }
}

const entry = (cid: number, step: number) =>
  ['ev', cid, step, `tag ${step}`, `tag ${step - 1}`, 1_000, null, 'moved', { step }] as const

test('a channel number of the connection before stands for nothing on the next one', () => {
  const { sockets, heard, accept, reconnect } = setUp()
  accept(1)
  sockets.last.receive(...entry(1, 6))
  reconnect()
  accept(9, 6, true)
  sockets.last.receive(...entry(1, 7))
  expect(heard).toEqual([6])
  sockets.last.receive(...entry(9, 7))
  expect(heard).toEqual([6, 7])
})

test('an answer to a request of the connection before is no answer on the next one', () => {
  const { sockets, heard, accept, reconnect } = setUp()
  sockets.last.welcome()
  const old = sockets.last.sent.find(([type]) => type === 'sub')![1] as number
  reconnect()
  sockets.last.welcome()
  sockets.last.receive('subscribed', old, 1, { position: ['epoch', 5, 'tag 5'], recovered: null })
  sockets.last.receive(...entry(1, 6))
  expect(heard).toEqual([])
  accept(2)
  sockets.last.receive(...entry(2, 6))
  expect(heard).toEqual([6])
})

test('the rest of a message is void when a frame in it has ended the connection and another is up already', () => {
  const { sockets, heard, accept, reactions, reconnect } = setUp()
  accept(1)
  const first = sockets.last
  reactions.push(() => {
    reconnect()
    accept(1, 6, true)
  })
  first.listener.received(
    JSON.stringify([entry(1, 6), ['ping', 7], entry(1, 7), ['welcome', welcomeOptions]]),
  )
  expect(heard).toEqual([6])
  expect(sockets.all).toHaveLength(2)
  expect(sockets.last.sent.map(([type]) => type)).toEqual(['hello', 'sub'])
  sockets.last.receive(...entry(1, 7))
  expect(heard).toEqual([6, 7])
})

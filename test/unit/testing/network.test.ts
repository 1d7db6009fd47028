import { createNetwork, manualClock, type NetworkOptions } from 'syncline/testing'
import { describe, expect, test } from 'vitest'
import { fakeHub } from '../../support/fake-hub.ts'

function setUp(options: Partial<NetworkOptions> = {}) {
  const clock = manualClock(0)
  const hub = fakeHub()
  const network = createNetwork(hub, { clock, ...options })
  const open = () => {
    const events: string[] = []
    const note = (event: string) => events.push(`${clock.now()}: ${event}`)
    const socket = network.socket(
      { url: 'ws://hub/sync', protocol: 'syncline.1' },
      {
        opened: (protocol) => note(`opened ${protocol}`),
        received: note,
        closed: (code, reason) => note(`closed ${code} ${reason}`),
      },
    )
    return { socket, events }
  }
  return { clock, hub, network, open }
}

/** As {@link setUp}, with one connection that is open and what happened on it since. */
async function setUpOpen(options: Partial<NetworkOptions> = {}) {
  const all = setUp(options)
  const { socket, events } = all.open()
  await all.clock.advance(1_000)
  events.length = 0
  return { ...all, socket, events, there: all.hub.all[0]!, link: all.network.links[0]! }
}

describe('latency', () => {
  test('is asked for each message, in both ways', async () => {
    const { clock, hub, open } = setUp({ latencyMs: () => 10 })
    const { socket, events } = open()
    await clock.advance(20)
    expect(events).toEqual(['20: opened syncline.1'])
    socket.send('a')
    await clock.advance(9)
    expect(hub.all[0]!.received).toEqual([])
    await clock.advance(1)
    expect(hub.all[0]!.received).toEqual(['a'])
  })

  test('never lets a message overtake another', async () => {
    const delays = [1, 1, 50, 5, 30, 60, 1]
    const { clock, socket, there, events } = await setUpOpen({ latencyMs: () => delays.shift() ?? 0 })
    for (const message of ['a', 'b', 'c']) socket.send(message)
    there.socket.send('x')
    there.socket.close(4000, 'draining')
    await clock.advance(100)
    expect(there.received).toEqual(['a', 'b', 'c'])
    expect(events).toEqual(['1060: x', '1060: closed 4000 draining'])
  })

  test('leaves the moment of sending: nothing arrives within the call that sent it', async () => {
    const { clock, socket, there } = await setUpOpen()
    socket.send('a')
    expect(there.received).toEqual([])
    await clock.advance(0)
    expect(there.received).toEqual(['a'])
  })
})

describe('faults', () => {
  test('a cut tells both sides at once and loses what is under way', async () => {
    const { clock, socket, events, there, link, network } = await setUpOpen({ latencyMs: () => 10 })
    socket.send('lost')
    there.socket.send('lost')
    link.cut()
    expect([events, there.closedTimes]).toEqual([['1000: closed 1006 cut'], 1])
    await clock.advance(100)
    expect([events.length, there.received, there.closedTimes]).toEqual([1, [], 1])
    expect([link.isOpen, network.links]).toEqual([false, []])
  })

  test('a connection that is cut on its way never reaches the hub', async () => {
    const { clock, hub, network, open } = setUp({ latencyMs: () => 10 })
    const { events } = open()
    network.links[0]!.cut()
    await clock.advance(100)
    expect([events, hub.all]).toEqual([['0: closed 1006 cut'], []])
  })

  test('a black hole swallows everything and tells nobody', async () => {
    const { clock, socket, events, there, link } = await setUpOpen({ latencyMs: () => 10 })
    socket.send('lost')
    link.blackHole()
    there.socket.send('lost')
    there.socket.close(4001, 'ping_timeout')
    await clock.advance(100)
    expect([events, there.received, there.closedTimes, link.isOpen]).toEqual([[], [], 0, true])
  })

  test('a hub that is not there refuses with 1006, and one that comes back takes the next', async () => {
    const { clock, hub, network, open } = setUp()
    network.hub = undefined
    const first = open()
    await clock.advance(0)
    expect([first.events, network.links]).toEqual([['0: closed 1006 connection refused'], []])
    network.hub = hub
    const second = open()
    await clock.advance(0)
    expect(second.events).toEqual(['0: opened syncline.1'])
  })
})

test('the links are those that are open or opening, oldest first', async () => {
  const { clock, network, open, hub } = setUp()
  const first = open()
  open()
  expect(network.links).toHaveLength(2)
  await clock.advance(0)
  const [, second] = network.links
  first.socket.close()
  await clock.advance(0)
  expect(network.links).toEqual([second])
  hub.all[1]!.socket.close(4000, 'draining')
  await clock.advance(0)
  expect(network.links).toEqual([])
})

test('a connection asks for the address that the client was given', async () => {
  const { there } = await setUpOpen()
  expect(there.request).toEqual({ url: 'ws://hub/sync', headers: {} })
})

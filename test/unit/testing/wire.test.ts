import { manualClock } from 'syncline/testing'
import { expect, test } from 'vitest'
import { SimulatedProcess } from '../../../src/testing/simulated-process.ts'
import { Wire } from '../../../src/testing/wire.ts'
import { fakeHub } from '../../support/fake-hub.ts'

async function setUp() {
  const clock = manualClock(0)
  const hub = fakeHub()
  const node = new SimulatedProcess('node 0', clock)
  const page = new SimulatedProcess('client 0', clock)
  const events: string[] = []
  const note = (event: string) => void events.push(`${clock.now()}: ${event}`)
  const wire: Wire = new Wire(
    { clock, latencyMs: () => 10, tamper: (message) => [message], page },
    { opened: () => note('opened'), received: note, closed: (code) => note(`closed ${code}`) },
    () => {},
  )
  wire.connect({ hub, node }, { url: 'ws://hub/sync', protocol: 'syncline.1' })
  const socket = wire.clientSocket()
  await clock.advance(1_000)
  events.length = 0
  return { clock, wire, socket, node, page, events, there: hub.all[0]! }
}

test('half-open, it carries one way and nobody is told', async () => {
  const { clock, wire, socket, there, events } = await setUp()
  wire.halfOpen('toClient')
  socket.send('request')
  there.socket.send('reply')
  await clock.advance(50)
  expect([there.received, events, there.closedTimes]).toEqual([['request'], [], 0])
})

test('left behind, it brings late what was on its way, and the hub is not told', async () => {
  const { clock, wire, socket, there, events } = await setUp()
  socket.send('late')
  wire.leaveBehind(500)
  expect(events).toEqual(['1000: closed 1006'])
  await clock.advance(505)
  expect(there.received).toEqual([])
  await clock.advance(5)
  expect([there.received, there.closedTimes]).toEqual([['late'], 0])
})

test('slowed down one way, it is as fast as before the other way', async () => {
  const { clock, wire, socket, there, events } = await setUp()
  wire.slow('toHub', 100)
  socket.send('slow')
  there.socket.send('fast')
  await clock.advance(20)
  expect([there.received, events]).toEqual([[], ['1010: fast']])
  await clock.advance(90)
  expect(there.received).toEqual(['slow'])
})

test('it brings twice the next message that may come twice, once', async () => {
  const { clock, wire, there, events } = await setUp()
  wire.duplicate('toClient')
  for (const message of ['["welcome",{}]', '["ev",1]', '["ev",2]']) there.socket.send(message)
  await clock.advance(20)
  expect(events.map((event) => event.slice(6))).toEqual([
    '["welcome",{}]',
    '["ev",1]',
    '["ev",1]',
    '["ev",2]',
  ])
})

test('what comes to a frozen side waits, a cut as well', async () => {
  const { clock, wire, socket, node, page, there, events } = await setUp()
  node.freeze()
  page.freeze()
  socket.send('a')
  there.socket.send('b')
  await clock.advance(50)
  wire.cut()
  expect([there.received, events, there.closedTimes]).toEqual([[], [], 0])
  node.thaw()
  page.thaw()
  expect([events, there.closedTimes]).toEqual([['1050: closed 1006'], 1])
})

test('from a node that has ended nothing comes, and a page that has ended closes nothing itself', async () => {
  const { clock, wire, node, page, there, events } = await setUp()
  page.end()
  wire.abandon()
  await clock.advance(20)
  expect(there.closedTimes).toBe(1)
  node.end()
  there.socket.send('late')
  await clock.advance(20)
  expect(events).toEqual([])
})

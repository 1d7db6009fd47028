import { broadcasterContract, manualClock, seededRandom } from 'syncline/testing'
import { describe, expect, test } from 'vitest'
import { systemClock } from '../../../src/shared/clock.ts'
import type { LogFact, RunFact } from '../../../src/testing/facts.ts'
import { FaultyBroker, type Untimed } from '../../../src/testing/faulty-broker.ts'
import { SimulatedProcess } from '../../../src/testing/simulated-process.ts'

const body = (id: number) => JSON.stringify([0, null, 'tick', { id }])

function setUp(memory = {}) {
  const clock = manualClock()
  const facts: Untimed<LogFact | RunFact>[] = []
  const broker = new FaultyBroker({
    clock,
    random: seededRandom(1),
    memory,
    record: (fact) => facts.push(fact),
  })
  const node = new SimulatedProcess('node 0', clock)
  const log = broker.connect(node)
  const fill = async (from: number, to: number) => {
    for (let id = from; id <= to; id++)
      await log.append('a', body(id), { sender: { id: 's', n: id, base: id } })
  }
  return { clock, facts, broker, node, log, fill, kinds: () => facts.map(({ kind }) => kind) }
}

test('it tells what the log takes: where, after which, and by what the payload is known', async () => {
  const { facts, log, fill } = setUp()
  await fill(1, 2)
  const { entries, top } = await log.read('a', { after: 0 })
  expect(facts).toEqual([
    {
      kind: 'appended',
      channel: 'a',
      id: 1,
      previous: '',
      position: { epoch: top.epoch, offset: 1, tag: entries[0]!.tag },
    },
    { kind: 'appended', channel: 'a', id: 2, previous: entries[0]!.tag, position: top },
  ])
})

test('a rollback leaves the log as it was, and what it knows of senders and requests', async () => {
  const { broker, log, fill, facts } = setUp()
  await fill(1, 3)
  const before = await log.read('a', { after: 0 })
  await fill(4, 5)
  await log.claim({ key: 'k', owner: 'x' })
  await broker.rollBack(3)
  expect(await log.read('a', { after: 0 })).toEqual(before)
  expect(facts.slice(-2)).toEqual([
    { kind: 'rolled back', channel: 'a', position: before.top },
    { kind: 'claims lost' },
  ])
  expect(await log.append('a', body(3), { sender: { id: 's', n: 3, base: 3 } })).toMatchObject({
    duplicate: true,
  })
  expect(await log.append('a', body(4), { sender: { id: 's', n: 4, base: 4 } })).toMatchObject({ offset: 4 })
  expect(await log.claim({ key: 'k', owner: 'y' })).toEqual({ state: 'granted' })
})

test('another entry at an offset that is used again has another tag', async () => {
  const { broker, log, fill } = setUp()
  await fill(1, 3)
  const { top: lost } = await log.read('a')
  await broker.rollBack(1)
  await fill(3, 3)
  const { top } = await log.read('a')
  expect([top.epoch, top.offset, top.tag === lost.tag]).toEqual([lost.epoch, lost.offset, false])
})

test('a broker that forgets has another epoch, and one that trims keeps its top', async () => {
  const { broker, log, fill, kinds } = setUp()
  await fill(1, 3)
  const { top } = await log.read('a')
  broker.trim(1)
  expect(await log.read('a', { after: 0 })).toMatchObject({ top, entries: [{ offset: 3 }] })
  broker.forget()
  expect((await log.read('a')).top).toMatchObject({
    offset: 0,
    epoch: expect.not.stringContaining(top.epoch),
  })
  expect(kinds().slice(3)).toEqual(['trimmed', 'lost'])
})

test('a follower loses as many entries as it was to lose, and hears of the next one', async () => {
  const { clock, broker, log, fill } = setUp()
  expect(broker.loseLive(1)).toBe(false)
  const heard: number[] = []
  await log.subscribe('a', ({ offset }) => void heard.push(offset))
  expect(broker.loseLive(2)).toBe(true)
  await fill(1, 3)
  await clock.advance(0)
  expect(heard).toEqual([3])
})

test('a broker that stalls does later what it was asked', async () => {
  const { clock, broker, log, kinds } = setUp()
  broker.stall(5_000)
  const done = log.append('a', body(1))
  await clock.advance(4_999)
  expect(kinds()).toEqual([])
  await clock.advance(1)
  await done
  expect(kinds()).toEqual(['appended'])
})

test('a call that fails was not done, or its answer was lost', async () => {
  const { broker, log, kinds, clock } = setUp()
  broker.failureRate = 1
  const outcomes = new Set<string>()
  for (let id = 1; id <= 20; id++) {
    const before = kinds().length
    const outcome = await log.append('a', body(id)).catch((error) => error.code ?? error.constructor.name)
    outcomes.add(`${outcome}, ${kinds().length > before ? 'and done' : 'and not done'}`)
  }
  expect([...outcomes].sort()).toEqual(['AnswerLost, and done', 'unavailable, and not done'])
  for (let i = 0; i < 20; i++) await log.subscribe('a', () => {}).catch(() => {})
  expect([broker.followers, clock.pending], 'a subscription that nobody knows of is none').toEqual([0, 0])
})

test('what a node has asked for is done also when it has ended, and it hears nothing', async () => {
  const { clock, broker, node, log, kinds } = setUp()
  broker.stall(100)
  let isAnswered = false
  void log.append('a', body(1)).then(() => {
    isAnswered = true
  })
  void log.subscribe('a', () => {})
  node.end()
  broker.leave(node)
  await clock.advance(200)
  expect([kinds(), isAnswered, broker.followers]).toEqual([['appended'], false, 0])
})

describe('without a fault, it keeps the contract of broadcasters', () => {
  const rules = broadcasterContract(() => {
    const memory = { maxEntries: 64, maxBytes: 1_000_000 }
    const broker = new FaultyBroker({ clock: systemClock, random: seededRandom(1), memory })
    const broadcaster = broker.connect()
    return { broadcaster, maxEntries: 64, close: () => broadcaster.close() }
  })
  for (const { title, run } of rules) test(title, run)
})

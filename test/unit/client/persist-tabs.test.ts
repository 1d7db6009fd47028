import { manualClock, seededRandom } from 'syncline/testing'
import { describe, expect, it } from 'vitest'
import { leaseClaims, lockClaims } from '../../../src/client/persist-claim.ts'
import { browserOnTest, type PageOnTest, tabOnTest } from '../../support/persist-on-test.ts'
import { storageOnTest } from '../../support/persist-storage-on-test.ts'

const rest = 1_000
const sessionOf = (page: PageOnTest) => (page.sent('hello')[0]![1] as { session: string }).session

describe('a duplicated tab', () => {
  it('has a session of its own, and sends nothing of the other one', async () => {
    const { clock, wire, open, log } = browserOnTest()
    const tab = tabOnTest()
    wire.losesAcks = true
    const first = open({ tab })
    first.say('one')
    await clock.advance(rest)
    const second = open({ tab: tabOnTest(tab.items) })
    second.say('two')
    await clock.advance(60_000)
    expect(sessionOf(second)).not.toBe(sessionOf(first))
    expect(second.sent('pub').map(([, n, , , , data]) => [n, data])).toEqual([[1, { text: 'two' }]])
    expect(await log()).toEqual(['one', 'two'])
    expect(first.client.status.state).toBe('connected')
  })

  it('gives each of the two their own session again after a reload', async () => {
    const { clock, open } = browserOnTest()
    const tabs = [tabOnTest(), tabOnTest()]
    const before = tabs.map((tab) => open({ tab }))
    for (const page of before) page.client.connect()
    await clock.advance(rest)
    for (const page of before) page.end()
    const after = [...tabs].reverse().map((tab) => open({ tab }))
    for (const page of after) page.client.connect()
    await clock.advance(rest)
    expect(after.map(sessionOf).reverse()).toEqual(before.map(sessionOf))
  })
})

describe('a page that is gone', () => {
  it('has what it left sent by a page that is there, in the session that it had, and then forgotten', async () => {
    const { clock, wire, open, log, storage, hub, claimed } = browserOnTest()
    wire.losesAcks = true
    const gone = open()
    gone.say('sent')
    await clock.advance(rest)
    const there = open()
    there.client.connect()
    await clock.advance(rest)
    gone.end()
    wire.losesAcks = false
    expect(hub.health().connections).toBe(1)
    await clock.advance(60_000)
    expect(await log()).toEqual(['sent'])
    expect(there.sent('hello').map((frame) => (frame[1] as { session: string }).session)).toEqual([
      sessionOf(there),
      sessionOf(gone),
    ])
    expect(there.sent('pub').length).toBe(1)
    expect([claimed.size, hub.health().connections, storage.with('/e')]).toEqual([1, 1, []])
    expect(storage.with('/s').length).toBe(1)
  })

  it('leaves nothing to a page that is there while it is only reloaded', async () => {
    const { clock, open, claimed } = browserOnTest()
    const there = open()
    there.client.connect()
    const tab = tabOnTest()
    const first = open({ tab })
    first.listen()
    await clock.advance(rest)
    first.end()
    await clock.advance(90_000)
    expect(claimed.size).toBe(1)
    const second = open({ tab })
    second.client.connect()
    await clock.advance(rest)
    expect(sessionOf(second)).toBe(sessionOf(first))
  })

  it('leaves all of its sessions to the one page that comes after several', async () => {
    const { clock, network, hub, open, log } = browserOnTest()
    network.hub = undefined
    const pages = ['a', 'b', 'c'].map((text) => {
      const page = open()
      page.say(text)
      return page
    })
    await clock.advance(rest)
    for (const page of pages) page.end()
    network.hub = hub
    open()
    await clock.advance(rest)
    expect((await log()).sort()).toEqual(['a', 'b', 'c'])
  })

  it('that holds on to its session for a moment is waited for', async () => {
    const { clock, open, claimed } = browserOnTest()
    const tab = tabOnTest()
    const first = open({ tab })
    first.client.connect()
    await clock.advance(rest)
    const [name] = claimed
    first.end()
    claimed.add(name!)
    const second = open({ tab })
    second.client.connect()
    await clock.advance(100)
    claimed.delete(name!)
    await clock.advance(rest)
    expect(sessionOf(second)).toBe(sessionOf(first))
  })
})

describe('a lease in the storage', () => {
  const setUp = () => {
    const clock = manualClock()
    const storage = storageOnTest()
    const random = seededRandom(3)
    return { clock, storage, claim: () => leaseClaims(storage, clock, random)('name') }
  }

  it('is held by one, for as long as it is renewed, and free once it is let go of', async () => {
    const { clock, storage, claim } = setUp()
    const first = claim()
    await clock.advance(100)
    const release = await first
    await clock.advance(3_600_000)
    const second = claim()
    await clock.advance(100)
    expect([typeof release, await second]).toEqual(['function', undefined])
    release!()
    await clock.settle()
    expect([storage.records.size, clock.pending]).toEqual([0, 0])
    const third = claim()
    await clock.advance(100)
    expect(typeof (await third)).toBe('function')
  })

  it('of a page that crashed ends by itself', async () => {
    const { clock, storage, claim } = setUp()
    storage.records.set('name/lease', `crashed ${clock.now() + 150_000}`)
    const early = claim()
    await clock.advance(100)
    expect(await early).toBeUndefined()
    await clock.advance(150_000)
    const late = claim()
    await clock.advance(100)
    expect(typeof (await late)).toBe('function')
  })

  it('goes to one of two that ask at once', async () => {
    const { clock, claim } = setUp()
    const both = [claim(), claim()]
    await clock.advance(100)
    expect((await Promise.all(both)).filter(Boolean).length).toBe(1)
  })
})

describe('a lock of the platform', () => {
  /** What a page's own locks do, for one name. */
  const locks = () => {
    let isHeld = false
    const request = async (_name: string, _options: object, run: (lock: object | null) => unknown) => {
      if (isHeld) return run(null)
      isHeld = true
      await run({})
      isHeld = false
      return undefined
    }
    return { request } as unknown as LockManager
  }

  it('is held until it is let go of', async () => {
    const claim = lockClaims(locks())
    const release = await claim('name')
    expect(await claim('name')).toBeUndefined()
    release!()
    await manualClock().settle()
    expect(typeof (await claim('name'))).toBe('function')
  })

  it('that is refused rejects', async () => {
    const refusing = { request: () => Promise.reject(new Error('denied')) } as unknown as LockManager
    await expect(lockClaims(refusing)('name')).rejects.toThrow('denied')
  })
})

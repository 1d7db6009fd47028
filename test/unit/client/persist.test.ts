import { pendingSends } from 'syncline/client'
import { describe, expect, it } from 'vitest'
import { browserOnTest, type PageOnTest, tabOnTest } from '../../support/persist-on-test.ts'

/** Lets promises, storage and network come to rest, and time pass that nothing waits for. */
const rest = 1_000

const sessionOf = (page: PageOnTest) => (page.sent('hello')[0]![1] as { session: string }).session

describe('what was never sent', () => {
  it('is sent by the next page, in order and before what that page says, once', async () => {
    const { clock, network, hub, open, log, storage } = browserOnTest()
    network.hub = undefined
    const first = open()
    first.say('one')
    first.say('two')
    await clock.advance(rest)
    first.end()
    network.hub = hub
    const second = open()
    const said = second.say('three')
    await clock.advance(rest)
    expect(await log()).toEqual(['one', 'two', 'three'])
    expect(said.outcome).toBe('done')
    expect(second.errors).toEqual([])
    second.end()
    const third = open()
    third.client.connect()
    await clock.advance(rest)
    expect(await log()).toEqual(['one', 'two', 'three'])
    expect(storage.with('/e')).toEqual([])
  })

  it('is sent without anything else that would make the client connect, but not by one that is off', async () => {
    const { clock, network, hub, open, log } = browserOnTest()
    network.hub = undefined
    const first = open()
    first.say('one')
    await clock.advance(rest)
    first.end()
    network.hub = hub
    const off = open({ enabled: false })
    await clock.advance(60_000)
    expect(await log()).toEqual([])
    off.end()
    open()
    await clock.advance(rest)
    expect(await log()).toEqual(['one'])
  })

  it('is not kept without persistence', async () => {
    const { clock, network, hub, open, log } = browserOnTest()
    network.hub = undefined
    const first = open({ isPersisted: false })
    first.say('one')
    await clock.advance(rest)
    first.end()
    network.hub = hub
    open({ isPersisted: false }).client.connect()
    await clock.advance(rest)
    expect(await log()).toEqual([])
  })

  it('ends with timeout when its time was over while no page was there', async () => {
    const { clock, network, hub, open, log } = browserOnTest()
    network.hub = undefined
    const first = open()
    first.say('short', { timeoutMs: 5_000 })
    first.say('long')
    await clock.advance(rest)
    first.end()
    await clock.advance(10_000)
    network.hub = hub
    const second = open()
    await clock.advance(rest)
    expect(await log()).toEqual(['long'])
    expect(second.errors).toEqual([{ code: 'timeout', stage: 'persist', channel: 'room/1', event: 'said' }])
  })
})

describe('what was sent and not acknowledged', () => {
  it('is sent again under its own number, session and age, and applied once', async () => {
    const { clock, wire, open, log } = browserOnTest()
    wire.losesAcks = true
    const first = open()
    const said = first.say('one')
    await clock.advance(rest)
    expect([said.outcome, await log()]).toEqual([undefined, ['one']])
    first.end()
    await clock.advance(5_000)
    wire.losesAcks = false
    const second = open()
    second.say('two')
    await clock.advance(rest)
    expect(await log()).toEqual(['one', 'two'])
    expect(second.sent('pub')).toEqual([
      ['pub', 1, 1, 'room/1', 'said', { text: 'one' }, expect.any(Number)],
      ['pub', 2, 1, 'room/1', 'said', { text: 'two' }],
    ])
    expect(second.sent('pub')[0]![6]).toBeGreaterThanOrEqual(5_000)
    expect(sessionOf(second)).toBe(sessionOf(first))
  })

  it('was written before it left: whenever the page ends, all is applied once', async () => {
    // A page that ends at any step of the way, down to the single write.
    for (let steps = 0; steps < 12; steps++) {
      const { clock, wire, open, log, storage } = browserOnTest()
      wire.losesAcks = true
      const { write } = storage
      let left = steps
      const first = open()
      const writeOn = async (changes: ReadonlyMap<string, string | undefined>) => {
        if (left-- === 0) {
          first.end()
          return
        }
        await write(changes)
      }
      storage.write = writeOn
      first.say('one')
      await clock.settle()
      first.say('two')
      await clock.advance(rest)
      first.end()
      storage.write = write
      wire.losesAcks = false
      const applied = await log()
      open().client.connect()
      await clock.advance(rest)
      const after = await log()
      expect(after.filter((text) => text === 'one').length, `ended at write ${steps}`).toBeLessThanOrEqual(1)
      expect(after.filter((text) => text === 'two').length).toBeLessThanOrEqual(1)
      expect(after.slice(0, applied.length)).toEqual(applied)
      if (steps > 4) expect(after).toEqual(['one', 'two'])
    }
  })

  it('is not sent before it is written', async () => {
    const { clock, open, storage } = browserOnTest()
    const page = open()
    page.client.connect()
    await clock.advance(rest)
    const { write } = storage
    let go: (() => void) | undefined
    storage.write = async (changes) => {
      await new Promise<void>((resolve) => {
        go = resolve
      })
      await write(changes)
    }
    page.say('one')
    page.listen()
    await clock.advance(rest)
    expect([page.sent('pub'), page.sent('sub')]).toEqual([[], []])
    storage.write = write
    go!()
    await clock.advance(rest)
    expect([page.sent('pub').length, page.sent('sub').length]).toEqual([1, 1])
  })

  it('ends as indeterminate when it is older than hubs remember, and is not sent again', async () => {
    const { clock, wire, open, log } = browserOnTest()
    wire.losesAcks = true
    const first = open()
    first.say('one')
    await clock.advance(rest)
    first.end()
    await clock.advance(600_000)
    wire.losesAcks = false
    const second = open()
    second.say('two')
    await clock.advance(rest)
    expect(await log()).toEqual(['one', 'two'])
    expect(second.sent('pub').map(([, n, base]) => [n, base])).toEqual([[2, 2]])
    expect(second.errors).toEqual([
      { code: 'indeterminate', stage: 'persist', channel: 'room/1', event: 'said' },
    ])
  })

  it('goes on with the numbers of its channel after everything was acknowledged', async () => {
    const { clock, open, log } = browserOnTest()
    for (const text of ['one', 'two', 'three']) {
      const page = open()
      expect(page.say(text).outcome).toBe(undefined)
      await clock.advance(rest)
      page.end()
      expect(page.sent('pub').map(([, n]) => n)).toEqual([['one', 'two', 'three'].indexOf(text) + 1])
    }
    expect(await log()).toEqual(['one', 'two', 'three'])
  })

  it('whose number is taken, as its record was lost, ends as indeterminate, and the next one is applied', async () => {
    const { clock, open, log, storage } = browserOnTest()
    const first = open()
    first.say('one')
    await clock.advance(rest)
    first.say('two')
    await clock.advance(rest)
    first.end()
    // As after a loss of power: what was written last is not there.
    for (const [key] of storage.with('/n')) storage.records.set(key, `[${clock.now()},1]`)
    const second = open()
    const three = second.say('three')
    await clock.advance(rest)
    const four = second.say('four')
    await clock.advance(rest)
    expect([three.outcome, four.outcome]).toEqual(['indeterminate', 'done'])
    expect(await log()).toEqual(['one', 'two', 'four'])
  })
})

describe('a registry of another version', () => {
  it('settles what no longer fits with its code, and sends the rest', async () => {
    const { clock, network, hub, open, log, storage } = browserOnTest()
    network.hub = undefined
    const first = open()
    for (const text of ['gone channel', 'gone event', 'bad', 'fits']) first.say(text)
    await clock.advance(rest)
    first.end()
    const changes = [{ channel: 'shop/7' }, { name: 'whispered' }, { data: { text: 5 } }, {}]
    storage.with('/e').forEach(([key, row], i) => {
      storage.records.set(key, JSON.stringify({ ...(row as object), ...changes[i] }))
    })
    network.hub = hub
    const second = open()
    await clock.advance(rest)
    expect(second.errors.map(({ code, channel, event }) => [code, channel, event])).toEqual([
      ['unknown_channel', 'shop/7', 'said'],
      ['unknown_event', 'room/1', 'whispered'],
      ['bad_payload', 'room/1', 'said'],
    ])
    expect(await log()).toEqual(['fits'])
    expect(storage.with('/e')).toEqual([])
  })
})

describe('another user', () => {
  it('neither sends nor sees what the first one has left, which is there when that one comes back', async () => {
    const { clock, network, hub, open, log } = browserOnTest()
    const tab = tabOnTest()
    network.hub = undefined
    const ada = open({ user: 'ada', tab })
    ada.say('of ada')
    await clock.advance(rest)
    ada.client.close()
    network.hub = hub
    for (const user of ['bob', 'ada/', 'a', '']) {
      if (!user) continue
      const other = open({ user, tab })
      other.say(`of ${user}`)
      await clock.advance(60_000)
      expect(pendingSends(other.client)).toEqual([])
      other.client.close()
    }
    expect(await log()).toEqual(['of bob', 'of ada/', 'of a'])
    open({ user: 'ada', tab })
    await clock.advance(rest)
    expect(await log()).toEqual(['of bob', 'of ada/', 'of a', 'of ada'])
  })

  it('is another name, too: clients of one user can be kept apart', async () => {
    const { clock, network, hub, open, log } = browserOnTest()
    network.hub = undefined
    const first = open({ with: { name: 'left' } })
    first.say('left')
    await clock.advance(rest)
    first.end()
    network.hub = hub
    open({ with: { name: 'right' } }).client.connect()
    await clock.advance(60_000)
    expect(await log()).toEqual([])
  })
})

describe('requests', () => {
  it('are not kept, and are where the app says so: sent again under their own reference', async () => {
    const { clock, network, hub, open, log } = browserOnTest()
    hub.channel('room', { id: 1 })
    for (const keep of [undefined, () => true]) {
      network.hub = undefined
      const page = open({ with: { ...(keep && { keep }) } })
      const asked = page.client.channel('room', { id: 1 }).request('add', { a: 1, b: 2 })
      asked.catch(() => {})
      await clock.advance(rest)
      page.end()
      network.hub = hub
      const next = open({ with: { ...(keep && { keep }) } })
      next.client.connect()
      await clock.advance(rest)
      expect(next.sent('req').length).toBe(keep ? 1 : 0)
      next.end()
    }
    expect(await log()).toEqual([])
  })

  it('of two pages of one session never have the same reference', async () => {
    const { clock, open } = browserOnTest()
    const refs: unknown[] = []
    for (let i = 0; i < 3; i++) {
      const page = open()
      page.listen()
      await clock.advance(rest)
      refs.push(page.sent('sub')[0]![1])
      page.end()
    }
    expect(new Set(refs).size).toBe(3)
  })
})

describe('the list of what is pending', () => {
  it('names what waits, what was sent and what has failed, and lets go of what was never sent', async () => {
    const { clock, wire, network, hub, open, log } = browserOnTest()
    wire.losesAcks = true
    const first = open()
    first.say('old')
    await clock.advance(rest)
    first.end()
    await clock.advance(600_000)
    network.hub = undefined
    const page = open()
    const since = clock.now()
    const dropped = page.say('dropped')
    page.say('kept')
    await clock.advance(rest)
    const [old, ...waiting] = pendingSends(page.client)
    const common = { kind: 'publication', channel: 'room/1', name: 'said' }
    expect(old).toMatchObject({ ...common, data: { text: 'old' }, state: 'failed' })
    expect(old!.error!.code).toBe('indeterminate')
    expect(waiting).toMatchObject([
      { ...common, data: { text: 'dropped' }, since, state: 'waiting' },
      { ...common, data: { text: 'kept' }, since, state: 'waiting' },
    ])
    expect([old!.drop(), waiting[0]!.drop(), waiting[0]!.drop()]).toEqual([true, true, false])
    network.hub = hub
    page.client.connect()
    await clock.advance(30_000)
    expect(dropped.outcome).toBe('aborted')
    expect(await log()).toEqual(['old', 'kept'])
    const [sent, ...rest_] = pendingSends(page.client)
    expect([sent!.state, sent!.drop(), rest_]).toEqual(['sent', false, []])
  })

  it('is there without persistence, and has nothing of presence in it', async () => {
    const { clock, network, open } = browserOnTest()
    network.hub = undefined
    const page = open({ isPersisted: false })
    page.say('one')
    await clock.advance(rest)
    expect(pendingSends(page.client)).toMatchObject([{ state: 'waiting', data: { text: 'one' } }])
    page.client.close()
    expect(pendingSends(page.client)).toEqual([])
  })
})

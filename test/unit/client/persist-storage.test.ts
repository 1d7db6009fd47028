import { createClient, indexedDbStorage, localStorageStorage, persisted } from 'syncline/client'
import { manualClock } from 'syncline/testing'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { browserOnTest, tabOnTest } from '../../support/persist-on-test.ts'
import { registry } from '../../support/room-registry.ts'

const rest = 10_000
const failed = { code: 'storage_failed', stage: 'persist', channel: undefined, event: undefined }

describe('a storage that fails', () => {
  it.each([
    ['refuses everything', { refuses: 'both' }],
    ['refuses to be read', { refuses: 'read' }],
    ['refuses to be written', { refuses: 'write' }],
    ['never answers', { hangs: true }],
    ['is full', { maxBytes: 10 }],
  ] as const)('from the start, as it %s, is told of once, and the client works on', async (_, how) => {
    const { clock, open, log, storage, cut } = browserOnTest()
    Object.assign(storage, how)
    const page = open()
    page.listen()
    await clock.advance(rest)
    const said = page.say('one')
    await clock.advance(rest)
    cut()
    const again = page.say('two')
    await clock.advance(60_000)
    expect([said.outcome, again.outcome]).toEqual(['done', 'done'])
    expect(page.heard).toEqual(['one', 'two'])
    expect(await log()).toEqual(['one', 'two'])
    expect(page.errors).toEqual([failed])
    expect(storage.records.size).toBe(0)
  })

  it.each([
    ['refuses', { refuses: 'write' }],
    ['never answers', { hangs: true }],
    ['is full', { maxBytes: 700 }],
  ] as const)('later, as it %s, is told of once, and all that waits is sent, once', async (name, how) => {
    const { clock, open, log, storage, network, hub } = browserOnTest()
    const tab = tabOnTest()
    network.hub = undefined
    const page = open({ tab })
    page.say('one')
    await clock.advance(rest)
    Object.assign(storage, how)
    page.say(name === 'is full' ? 'long'.repeat(200) : 'two')
    await clock.advance(rest)
    expect(page.errors).toEqual([failed])
    Object.assign(storage, { refuses: undefined, hangs: false, maxBytes: undefined })
    network.hub = hub
    page.client.connect()
    await clock.advance(rest)
    expect((await log()).length).toBe(2)
    page.end()
    const next = open({ tab })
    const said = next.say('three')
    await clock.advance(rest)
    if (name === 'is full') {
      expect([said.outcome, (await log()).at(-1)]).toEqual(['done', 'three'])
      return
    }
    // What could not be removed either comes again, under numbers that are taken: nobody is told that it was applied.
    expect([said.outcome, next.errors.map(({ code }) => code)]).toEqual(['indeterminate', ['indeterminate']])
    const again = next.say('four')
    await clock.advance(rest)
    expect([again.outcome, await log()]).toEqual(['done', ['one', 'two', 'four']])
  })

  it('while frames wait for it, lets them go in their order', async () => {
    const { clock, open, log, storage } = browserOnTest()
    const page = open()
    page.client.connect()
    await clock.advance(rest)
    storage.hangs = true
    const sends = ['one', 'two', 'three'].map((text) => page.say(text))
    await clock.advance(rest)
    expect(sends.map(({ outcome }) => outcome)).toEqual(['done', 'done', 'done'])
    expect(await log()).toEqual(['one', 'two', 'three'])
  })

  it('and comes back is rid of what it held when the page goes', async () => {
    const { clock, open, log, storage, network, hub } = browserOnTest()
    network.hub = undefined
    const page = open()
    page.say('one')
    await clock.advance(rest)
    storage.refuses = 'write'
    page.say('two')
    await clock.advance(rest)
    storage.refuses = undefined
    expect(storage.records.size).toBeGreaterThan(0)
    page.client.close()
    await clock.settle()
    expect([storage.records.size, await log()]).toEqual([0, []])
    network.hub = hub
  })
})

describe('records that are damaged', () => {
  it.each([
    ['cut off', (text: string) => text.slice(0, text.length / 2)],
    ['empty', () => ''],
    ['of another form', () => '{"kind":"publication"}'],
    ['null', () => 'null'],
    [
      'a number without a time',
      () => '{"kind":"publication","channel":"room/1","name":"said","createdAt":1,"number":4}',
    ],
  ])('lose the one send that is %s, which is told, and no other', async (_, damage) => {
    const { clock, open, log, storage, network, hub } = browserOnTest()
    network.hub = undefined
    const page = open()
    for (const text of ['one', 'two', 'three']) page.say(text)
    await clock.advance(rest)
    page.end()
    const [key, row] = storage.with('/e')[1]!
    storage.records.set(key, damage(JSON.stringify(row)))
    network.hub = hub
    const next = open()
    await clock.advance(rest)
    expect(await log()).toEqual(['one', 'three'])
    expect(next.errors).toEqual([failed])
    expect(storage.records.has(key)).toBe(false)
  })

  it('of a session leave what was sent as indeterminate, and have what was not sent', async () => {
    const { clock, open, log, storage, network, hub, wire, cut } = browserOnTest()
    wire.losesAcks = true
    const page = open()
    page.say('sent')
    await clock.advance(rest)
    network.hub = undefined
    cut()
    page.say('waiting')
    await clock.advance(rest)
    page.end()
    for (const [key] of storage.with('/s')) storage.records.set(key, '["')
    network.hub = hub
    wire.losesAcks = false
    const next = open()
    await clock.advance(rest)
    expect(await log()).toEqual(['sent', 'waiting'])
    expect(next.errors.map(({ code }) => code)).toEqual(['indeterminate'])
  })

  it('of positions and numbers that are of another form are not sent to the hub', async () => {
    const { clock, open, storage } = browserOnTest()
    for (const value of ['"x"', '[1,2]', '{}', '-1', '["epoch",1]', 'null']) {
      const page = open()
      page.listen()
      page.say('one')
      await clock.advance(rest)
      page.end()
      for (const [key] of [...storage.with('/p'), ...storage.with('/n')]) {
        storage.records.set(key, `[${clock.now()},${value}]`)
      }
      const next = open()
      next.listen()
      next.say('two')
      await clock.advance(rest)
      expect([value, next.sent('sub')[0]!.length, next.client.status.state]).toEqual([value, 3, 'connected'])
      expect(next.errors).toEqual([])
      next.client.close()
      storage.records.clear()
    }
  })

  it('of numbers and positions are as if there were none', async () => {
    const { clock, open, log, storage } = browserOnTest()
    const page = open()
    page.listen()
    page.say('one')
    await clock.advance(rest)
    page.end()
    for (const [key] of [...storage.with('/p'), ...storage.with('/n')]) storage.records.set(key, '{')
    const next = open()
    next.listen()
    const said = next.say('two')
    await clock.advance(rest)
    // Its number is taken, which is found and told.
    expect(said.outcome).toBe('indeterminate')
    expect(await log()).toEqual(['one'])
  })
})

describe('close', () => {
  it('leaves no timer, no claim and no open storage, and keeps what was to be sent', async () => {
    const { clock, open, network, storage, claimed } = browserOnTest()
    network.hub = undefined
    const page = open()
    page.listen()
    const said = page.say('one')
    await clock.advance(40_000)
    const before = clock.pending
    page.client.close()
    page.client.close()
    await clock.settle()
    expect(before).toBeGreaterThan(0)
    expect([clock.pending, claimed.size, storage.closed]).toEqual([0, 0, 1])
    expect(said.outcome).toBe('closed')
    expect(storage.with('/e').length).toBe(1)
    expect(page.errors).toEqual([])
  })

  it('at any moment of the start leaves nothing either', async () => {
    for (let turns = 0; turns < 30; turns++) {
      const { clock, open, claimed } = browserOnTest()
      const page = open()
      page.say('one')
      for (let i = 0; i < turns; i++) await undefined
      page.client.close()
      // What is on its way in the network arrives at nobody.
      await clock.advance(1)
      expect([turns, clock.pending, claimed.size]).toEqual([turns, 0, 0])
    }
  })

  it('ends what is sent for other pages, and leaves it to the next', async () => {
    const { clock, open, log, network, hub, claimed } = browserOnTest()
    network.hub = undefined
    for (const text of ['a', 'b']) open().say(text)
    const pages = [open(), open()]
    await clock.advance(rest)
    for (const page of pages) page.client.close()
    expect(claimed.size).toBe(2)
    await clock.settle()
    network.hub = hub
    expect(await log()).toEqual([])
  })
})

describe('options', () => {
  it('refuse no user, and what is of another type', () => {
    expect(() => persisted({ user: '' })).toThrow(expect.objectContaining({ code: 'bad_options' }))
    for (const bad of [{ user: 5 }, { user: 'ada', keep: 'all' }, { user: 'ada', storageTimeoutMs: -1 }]) {
      expect(() => persisted(bad as never)).toThrow(expect.objectContaining({ code: 'bad_options' }))
    }
    const create = () => createClient(registry, { url: 'ws://hub', persist: 'yes' as never })
    expect(create).toThrow(expect.objectContaining({ code: 'bad_options' }))
  })

  it('by default keep in IndexedDB: where there is none, it is told', async () => {
    vi.stubGlobal('indexedDB', undefined)
    const clock = manualClock()
    const codes: string[] = []
    const onError = ({ code }: { code: string }) => void codes.push(code)
    const client = createClient(registry, {
      url: 'ws://hub',
      clock,
      onError,
      persist: persisted({ user: 'ada' }),
    })
    await clock.settle()
    client.close()
    expect(codes).toEqual(['storage_failed'])
  })
  afterEach(() => vi.unstubAllGlobals())
})

describe('localStorage', () => {
  const area = () => {
    const items = new Map<string, string>()
    return {
      items,
      get length() {
        return items.size
      },
      key: (i: number) => [...items.keys()][i] ?? null,
      getItem: (key: string) => items.get(key) ?? null,
      setItem: (key: string, text: string) => void items.set(key, text),
      removeItem: (key: string) => void items.delete(key),
    }
  }

  it('is read by the beginning of the keys, and written in batches', async () => {
    const place = area()
    place.setItem('other', 'x')
    const storage = localStorageStorage(place)
    await storage.write(
      new Map([
        ['a/1', 'one'],
        ['a/2', 'two'],
        ['b/1', 'three'],
      ]),
    )
    await storage.write(new Map([['a/1', undefined]]))
    expect([...(await storage.read('a/'))]).toEqual([['a/2', 'two']])
    expect([...place.items.keys()]).toEqual(['other', 'a/2', 'b/1'])
  })

  it('that is full rejects', async () => {
    const place = area()
    place.setItem = () => {
      throw new Error('QuotaExceeded')
    }
    await expect(localStorageStorage(place).write(new Map([['a', 'b']]))).rejects.toThrow('QuotaExceeded')
  })
})

it('indexedDbStorage opens nothing before it is used', () => {
  expect(() => indexedDbStorage().close!()).not.toThrow()
})

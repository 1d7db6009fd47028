import { describe, expect, it } from 'vitest'
import { browserOnTest, tabOnTest } from '../../support/persist-on-test.ts'

const rest = 1_000

/** A page that has heard "one" and is gone, and the tab that it was in. */
async function heardOne() {
  const browser = browserOnTest()
  const { clock, hub, open } = browser
  const room = hub.channel('room', { id: 1 })
  const publish = (text: string) => room.publish('said', { text })
  const tab = tabOnTest()
  const page = open({ tab })
  page.listen()
  await clock.advance(rest)
  await publish('one')
  await clock.advance(rest)
  expect(page.heard).toEqual(['one'])
  return { ...browser, tab, page, publish }
}

describe('a channel that was held before a reload', () => {
  it('goes on from where it stood: what was missed is replayed, once, and nothing else', async () => {
    const { clock, open, tab, page, publish } = await heardOne()
    page.end()
    await publish('two')
    await publish('three')
    const next = open({ tab })
    const subscribed: unknown[] = []
    next.client
      .channel('room', { id: 1 })
      .on('subscribed', ({ position }) => subscribed.push(position.offset))
    next.listen()
    await clock.advance(rest)
    expect([next.heard, subscribed]).toEqual([['two', 'three'], [1]])
    await publish('four')
    await clock.advance(rest)
    expect(next.heard).toEqual(['two', 'three', 'four'])
    expect(next.sent('sub').length).toBe(1)
  })

  it('goes on over several reloads, with drops of the connection between them', async () => {
    const { clock, open, tab, page, publish, cut } = await heardOne()
    page.end()
    const heard: string[] = []
    for (let i = 2; i < 8; i++) {
      await publish(`${i} missed`)
      const next = open({ tab })
      next.listen()
      await clock.advance(rest)
      cut()
      await publish(`${i} in a drop`)
      await clock.advance(30_000)
      await publish(`${i} live`)
      await clock.advance(rest)
      heard.push(...next.heard)
      next.end()
    }
    const expected = [2, 3, 4, 5, 6, 7].flatMap((i) => [`${i} missed`, `${i} in a drop`, `${i} live`])
    expect(heard).toEqual(expected)
  })

  it('tells of a gap where the log is another one', async () => {
    const { clock, open, tab, page, storage } = await heardOne()
    page.end()
    for (const [key] of storage.with('/p')) storage.records.set(key, `[${clock.now()},["other",1,"tag"]]`)
    const next = open({ tab })
    next.listen()
    await clock.advance(rest)
    expect(next.heard).toEqual(['gap: epoch'])
  })

  it('begins anew when it was left before, or asked for from elsewhere', async () => {
    const { clock, open, tab, page, publish, storage } = await heardOne()
    const left = open({ tab: tabOnTest() })
    const undo = left.client.channel('room', { id: 1 }).on('said', () => {})
    await clock.advance(rest)
    expect(storage.with('/p').length).toBe(2)
    undo()
    await clock.advance(5_000)
    expect(storage.with('/p').length).toBe(1)
    page.end()
    await publish('two')
    const next = open({ tab })
    next.listen()
    await clock.advance(rest)
    expect(next.heard).toEqual(['two'])
  })

  it('is not what it was a day ago', async () => {
    const { clock, open, tab, page, storage } = await heardOne()
    page.end()
    await clock.advance(86_400_001)
    const next = open({ tab })
    next.listen()
    await clock.advance(rest)
    expect(next.sent('sub')[0]!.length).toBe(3)
    expect(storage.with('/p').map(([, row]) => (row as [number])[0])).toEqual([clock.now() - rest])
  })

  it('goes on also where another page has taken up what was to be sent', async () => {
    const { clock, open, tab, page, publish, claimed } = await heardOne()
    page.end()
    await publish('two')
    // Whoever sends for the page that is gone holds its session for a while.
    const [name] = [...claimed]
    expect(name).toBeUndefined()
    claimed.add(`${[...tab.items][0]!.join('')}`)
    const next = open({ tab })
    next.listen()
    await clock.advance(5_000)
    expect(next.heard).toEqual(['two'])
    expect(next.sent('hello')[0]![1]).not.toMatchObject({
      session: (page.sent('hello')[0]![1] as { session: string }).session,
    })
  })
})

import { describe, expect, it } from 'vitest'
import { browserOnTest, tabOnTest } from '../../support/persist-on-test.ts'

/** Lets promises, storage and network come to rest, and time pass that nothing waits for. */
const rest = 1_000

describe('what was never sent', () => {
  it('is sent by the next page, in order and before what that page says, once', async () => {
    const { clock, network, hub, open, log } = browserOnTest()
    network.hub = undefined
    const first = open()
    first.say('one')
    first.say('two')
    await clock.advance(rest)
    first.end()
    network.hub = hub
    const second = open()
    const said = second.say('three')
    await clock.advance(30_000)
    expect(await log()).toEqual(['one', 'two', 'three'])
    expect(said.outcome).toBe('done')
    expect(second.errors).toEqual([])
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
    await clock.advance(30_000)
    expect(await log()).toEqual([])
  })
})

describe('what was sent and not acknowledged', () => {
  it('is sent again under its own number and with its age, and applied once', async () => {
    const { clock, wire, open, log } = browserOnTest()
    const tab = tabOnTest()
    wire.losesAcks = true
    const first = open({ tab })
    const said = first.say('one')
    await clock.advance(rest)
    expect([said.outcome, await log()]).toEqual([undefined, ['one']])
    first.end()
    await clock.advance(5_000)
    wire.losesAcks = false
    const second = open({ tab })
    second.say('two')
    await clock.advance(rest)
    expect(await log()).toEqual(['one', 'two'])
    expect(second.sent('pub')).toEqual([
      ['pub', 1, 1, 'room/1', 'said', { text: 'one' }, expect.any(Number)],
      ['pub', 2, 1, 'room/1', 'said', { text: 'two' }],
    ])
    expect(second.sent('pub')[0]![6]).toBeGreaterThanOrEqual(5_000)
    const [a, b] = [first, second].map((page) => (page.sent('hello')[0]![1] as { session: string }).session)
    expect(a).toBe(b)
  })
})

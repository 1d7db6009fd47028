import { typing, typingDefaults } from 'syncline/client'
import { describe, expect, test } from 'vitest'
import { toldOnTest } from '../../support/told-on-test.ts'

const on = { isTyping: true }
const off = { isTyping: false }

function setUp(options?: Parameters<typeof typing>[2]) {
  const test = toldOnTest()
  return { ...test, who: typing(test.room, 'typing', options) }
}

describe('a client that types', () => {
  test('tells so at the first key, then each 2 s while it goes on, and that it has stopped 3 s after the last', async () => {
    const { clock, who, told, online } = setUp()
    online()
    const before = clock.pending
    who.press()
    expect(told()).toEqual([on])
    for (let key = 1; key <= 10; key++) {
      await clock.advance(500)
      who.press()
    }
    expect(told()).toEqual([on, on, on])
    await clock.advance(2_999)
    expect(told()).toEqual([on, on, on])
    await clock.advance(1)
    expect(told()).toEqual([on, on, on, off])
    expect(clock.pending).toBe(before)
  })

  test('tells anew at the first key after it had stopped', async () => {
    const { clock, who, told, online } = setUp()
    online()
    who.press()
    await clock.advance(typingDefaults.idleMs)
    who.press()
    expect(told()).toEqual([on, off, on])
  })

  test('tells at once that its text was sent, once', async () => {
    const { clock, who, told, online } = setUp()
    online()
    const before = clock.pending
    who.press()
    who.stop()
    who.stop()
    expect(clock.pending).toBe(before)
    await clock.advance(10_000)
    expect(told()).toEqual([on, off])
  })

  test('that has not told anything tells nothing when it stops', () => {
    const { who, told, online } = setUp()
    online()
    who.stop()
    expect(told()).toEqual([])
  })

  test('tries again at the next key when the first was dropped', async () => {
    const { clock, who, told, sockets, online } = setUp()
    online()
    sockets.last.bufferedBytes = 1_000_000
    who.press()
    who.press()
    expect(told()).toEqual([])
    sockets.last.bufferedBytes = 0
    await clock.advance(10)
    who.press()
    expect(told()).toEqual([on])
  })

  test('tries again at the next key when the connection was away, and says nothing of a stop that nobody needs', async () => {
    const { clock, who, told, sockets, online, cut } = setUp()
    who.press()
    await clock.advance(typingDefaults.idleMs)
    expect(sockets.all).toEqual([])
    online()
    who.press()
    cut()
    await clock.advance(2_900)
    sockets.last.welcome()
    who.press()
    expect(told()).toEqual([on])
  })

  test.each([-3_600_000, 3_600_000])('is not silenced by a clock that is set by %s ms', async (ms) => {
    const { clock, who, told, set, online } = setUp()
    online()
    who.press()
    set.ms = ms
    who.press()
    expect(told()).toEqual([on, on])
    await clock.advance(typingDefaults.refreshMs)
    who.press()
    expect(told()).toEqual([on, on, on])
    await clock.advance(typingDefaults.idleMs)
    expect(told().at(-1)).toEqual(off)
  })

  test('keeps to the times that it is given', async () => {
    const { clock, who, told, online } = setUp({ idleMs: 100, refreshMs: 30 })
    online()
    for (let key = 0; key < 10; key++) {
      who.press()
      await clock.advance(10)
    }
    expect(told()).toEqual([on, on, on, on])
    await clock.advance(90)
    expect(told().at(-1)).toEqual(off)
  })

  test('with a time that is none is refused', () => {
    const { room } = toldOnTest()
    const bad = () => typing(room, 'typing', { idleMs: -1 })
    expect(bad).toThrow(expect.objectContaining({ code: 'bad_options' }))
  })
})

describe('the others that type', () => {
  test('are shown until they stop', () => {
    const { who, online, accept, hear } = setUp()
    let changes = 0
    expect(who.typers).toEqual([])
    who.onChange(() => changes++)
    online()
    accept()
    hear('typing', on, 'a')
    hear('typing', on, 'b')
    hear('typing', off, 'a')
    expect(who.typers).toEqual([{ client: 'b', data: on }])
    expect(changes).toBe(3)
  })

  test('are forgotten when their end was lost', async () => {
    const { clock, who, online, accept, hear } = setUp()
    who.onChange(() => {})
    online()
    accept()
    hear('typing', on)
    await clock.advance(typingDefaults.expireMs - 1)
    expect(who.typers).toHaveLength(1)
    await clock.advance(1)
    expect(who.typers).toEqual([])
  })

  test('outlive the pause between two signs of life by the defaults', () => {
    expect(typingDefaults.expireMs).toBeGreaterThan(typingDefaults.refreshMs)
  })
})

import { cursors, cursorsDefaults } from 'syncline/client'
import { describe, expect, test } from 'vitest'
import { toldOnTest } from '../../support/told-on-test.ts'

function setUp(options?: Parameters<typeof cursors>[2]) {
  const test = toldOnTest()
  return { ...test, pointer: cursors(test.room, 'cursor', options) }
}

describe('the cursor of this client', () => {
  test('is told at once, and then the latest place once each 100 ms', async () => {
    const { clock, pointer, told, online } = setUp()
    online()
    for (let x = 0; x < 25; x++) {
      pointer.move({ x })
      await clock.advance(10)
    }
    await clock.advance(100)
    expect(told()).toEqual([{ x: 0 }, { x: 9 }, { x: 19 }, { x: 24 }])
  })

  test('is told as often as the app says', async () => {
    const { clock, pointer, told, online } = setUp({ throttleMs: 20 })
    online()
    for (let x = 0; x < 4; x++) {
      pointer.move({ x })
      await clock.advance(10)
    }
    await clock.advance(20)
    expect(told()).toEqual([{ x: 0 }, { x: 1 }, { x: 3 }])
  })

  test('is not told where it waits when that is cancelled, and no timer is left', async () => {
    const { clock, pointer, told, online } = setUp()
    online()
    const before = clock.pending
    pointer.move({ x: 1 })
    pointer.move({ x: 2 })
    pointer.cancel()
    expect(clock.pending).toBe(before)
    await clock.advance(1_000)
    pointer.move({ x: 3 })
    expect(told()).toEqual([{ x: 1 }, { x: 3 }])
    await clock.advance(cursorsDefaults.throttleMs)
    expect(clock.pending).toBe(before)
  })

  test('that does not fit its schema goes to onError, at once and from the timer', async () => {
    const { clock, pointer, errors, told, online } = setUp()
    online()
    pointer.move({ x: 'left' as never })
    pointer.move({ x: 'right' as never })
    await clock.advance(100)
    const error = { code: 'bad_payload', stage: 'deliver', event: 'cursor' }
    expect(errors).toEqual([error, error])
    pointer.move({ x: 1 })
    await clock.advance(100)
    expect(told()).toEqual([{ x: 1 }])
  })

  test('is dropped where there is no connection, without an error and without one being made', async () => {
    const { clock, pointer, sockets, errors } = setUp()
    pointer.move({ x: 1 })
    pointer.move({ x: 2 })
    await clock.advance(1_000)
    expect([sockets.all, errors, clock.pending]).toEqual([[], [], 0])
  })
})

describe('the cursors of the others', () => {
  test('are what each told last, as its schema gives it, and nobody’s before somebody listens', () => {
    const { pointer, online, accept, hear } = setUp()
    expect(pointer.cursors).toEqual([])
    pointer.onChange(() => {})
    online()
    accept()
    hear('cursor', { x: 1 }, 'a')
    hear('cursor', {}, 'b')
    hear('cursor', { x: 3 }, 'a')
    expect(pointer.cursors).toEqual([
      { client: 'a', data: { x: 3 } },
      { client: 'b', data: { x: 0 } },
    ])
  })

  test.each([
    ['10 s', undefined, cursorsDefaults.expireMs],
    ['the time that is given', { expireMs: 500 }, 500],
  ])('are forgotten after %s', async (_, options, expireMs) => {
    const { clock, pointer, online, accept, hear } = setUp(options)
    pointer.onChange(() => {})
    online()
    accept()
    hear('cursor', { x: 1 })
    await clock.advance(expireMs - 1)
    expect(pointer.cursors).toHaveLength(1)
    await clock.advance(1)
    expect(pointer.cursors).toEqual([])
  })
})

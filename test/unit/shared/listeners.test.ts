import { expect, test } from 'vitest'
import { Listeners } from '../../../src/shared/listeners.ts'

function setUp() {
  const thrown: unknown[][] = []
  const listeners = new Listeners((...args) => thrown.push(args))
  return { listeners, thrown }
}

test('each listener of an event hears its arguments, in the order of their adding', () => {
  const { listeners } = setUp()
  const heard: unknown[] = []
  listeners.on('a', (...args: unknown[]) => heard.push(['first', ...args]))
  listeners.on('a', (...args: unknown[]) => heard.push(['second', ...args]))
  listeners.on('b', () => heard.push('other'))
  listeners.emit('a', 1, 'x')
  expect(heard).toEqual([
    ['first', 1, 'x'],
    ['second', 1, 'x'],
  ])
})

test('a listener that throws starves nobody and is told of', () => {
  const { listeners, thrown } = setUp()
  const heard: string[] = []
  const failure = new Error('no')
  listeners.on('a', () => {
    throw failure
  })
  listeners.on('a', () => heard.push('second'))
  listeners.emit('a')
  expect(heard).toEqual(['second'])
  expect(thrown).toEqual([[failure, 'a']])
})

test('the same function added twice is heard twice, and taken back one at a time', () => {
  const { listeners } = setUp()
  let count = 0
  const listener = () => count++
  const undo = listeners.on('a', listener)
  listeners.on('a', listener)
  listeners.emit('a')
  expect(count).toBe(2)
  undo()
  undo()
  listeners.emit('a')
  expect(count).toBe(3)
})

test('a listener that is taken back in the middle of a dispatch hears nothing more', () => {
  const { listeners } = setUp()
  const heard: string[] = []
  listeners.on('a', () => undoSecond())
  const undoSecond = listeners.on('a', () => heard.push('second'))
  listeners.emit('a')
  expect(heard).toEqual([])
})

test('a first call comes to the new listener alone, at once', () => {
  const { listeners, thrown } = setUp()
  const heard: unknown[] = []
  listeners.on('a', () => heard.push('old'))
  listeners.on('a', (value: unknown) => heard.push(value), 'now')
  expect(heard).toEqual(['now'])
  listeners.on(
    'a',
    () => {
      throw new Error('at first')
    },
    'now',
  )
  expect(thrown).toHaveLength(1)
})

test('an async listener that fails is told of like one that throws', async () => {
  const { listeners, thrown } = setUp()
  listeners.on('a', async () => {
    throw new Error('later')
  })
  listeners.emit('a')
  expect(thrown).toEqual([])
  await new Promise(setImmediate)
  expect(thrown).toHaveLength(1)
})

test('nobody hears anything once the listeners are cleared', () => {
  const { listeners } = setUp()
  let count = 0
  listeners.on('a', () => count++)
  listeners.clear()
  listeners.emit('a')
  expect(count).toBe(0)
})

import { expect, test } from 'vitest'
import { Disposer } from '../../../src/shared/disposer.ts'

test('disposal undoes the last first, each once', () => {
  const scope = new Disposer()
  const undone: number[] = []
  for (const n of [1, 2, 3]) scope.own(() => undone.push(n))
  scope.dispose()
  scope.dispose()
  expect([undone, scope.disposed]).toEqual([[3, 2, 1], true])
})

test('what is owned after the disposal is undone at once', () => {
  const scope = new Disposer()
  scope.dispose()
  let undone = 0
  scope.own(() => undone++)
  expect(undone).toBe(1)
})

test('an undo may dispose again, and own more', () => {
  const scope = new Disposer()
  const undone: string[] = []
  scope.own(() => undone.push('first'))
  scope.own(() => {
    scope.dispose()
    scope.own(() => undone.push('late'))
  })
  scope.dispose()
  expect(undone).toEqual(['first', 'late'])
})

test('an undo that throws keeps no other from running, and is thrown in the end', () => {
  const disposer = new Disposer()
  const undone: number[] = []
  disposer.own(() => undone.push(1))
  disposer.own(() => {
    throw new Error('mine')
  })
  disposer.own(() => undone.push(3))
  expect(() => disposer.dispose()).toThrow('mine')
  expect(undone).toEqual([3, 1])
})

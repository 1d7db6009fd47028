import { expect, test, vi } from 'vitest'
import { guard } from '../../../src/shared/guard.ts'

const mine = new Error('mine')

test('what a call throws goes to the other, with the arguments of that call', () => {
  const thrown: unknown[] = []
  const call = guard(
    (_: number, __: string) => {
      throw mine
    },
    (...all) => thrown.push(all),
  )
  call(7, 'seven')
  expect(thrown).toEqual([[mine, 7, 'seven']])
})

test('what an async call rejects with goes there too', async () => {
  const thrown: unknown[] = []
  guard(
    async (_: number, __: string) => {
      throw mine
    },
    (...all) => thrown.push(all),
  )(7, 'seven')
  await vi.waitFor(() => expect(thrown).toEqual([[mine, 7, 'seven']]))
})

test('a call that ends well tells nobody, whatever it returns', async () => {
  const thrown: unknown[] = []
  for (const result of [undefined, null, 1, 'text', {}, Promise.resolve(1)]) {
    guard(
      () => result,
      (error) => thrown.push(error),
    )(1, 2)
  }
  await Promise.resolve()
  expect(thrown).toEqual([])
})

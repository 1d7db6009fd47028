import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type Aged, AgeList } from '../../../src/broadcasters/age-list.ts'

interface Item extends Aged<Item> {
  readonly name: number
}

const item = (name: number, bytes = 1): Item => ({ name, at: 0, bytes, older: undefined, newer: undefined })

function namesOf(list: AgeList<Item>): number[] {
  const names: number[] = []
  for (let next = list.oldest; next; next = next.newer) names.push(next.name)
  return names
}

test('an age list is a list with the sum of its sizes, whatever is added and removed in whatever order', () => {
  const step = fc.record({ removes: fc.boolean(), pick: fc.nat(), bytes: fc.nat(100) })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const list = new AgeList<Item>()
      const model: Item[] = []
      for (const [name, { removes, pick, bytes }] of steps.entries()) {
        if (removes && model.length > 0) {
          const [gone] = model.splice(pick % model.length, 1)
          list.remove(gone!)
          expect([gone!.older, gone!.newer]).toEqual([undefined, undefined])
        } else {
          const added = item(name, bytes)
          model.push(added)
          list.add(added)
        }
        expect(namesOf(list)).toEqual(model.map((one) => one.name))
        expect(list.bytes).toBe(model.reduce((sum, one) => sum + one.bytes, 0))
        for (const [i, one] of model.entries()) expect(one.older).toBe(model[i - 1])
      }
    }),
  )
})

test('an item that was removed may be added again, as the newest', () => {
  const list = new AgeList<Item>()
  const [a, b, c] = [item(1), item(2), item(3)]
  for (const one of [a, b, c]) list.add(one)
  list.remove(a)
  list.add(a)
  expect(namesOf(list)).toEqual([2, 3, 1])
  expect(list.oldest).toBe(b)
})

test('what was removed leads to nothing that is still there', () => {
  const list = new AgeList<Item>()
  const all = [item(1), item(2), item(3)]
  for (const one of all) list.add(one)
  list.remove(all[1]!)
  expect(all[1]).toEqual(item(2))
  expect(all[0]!.newer).toBe(all[2])
  list.remove(all[0]!)
  list.remove(all[2]!)
  expect([list.oldest, list.bytes, ...all]).toEqual([undefined, 0, item(1), item(2), item(3)])
})

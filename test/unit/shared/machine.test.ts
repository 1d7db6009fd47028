import { expect, test } from 'vitest'
import { createMachine, type Transitions } from '../../../src/shared/machine.ts'

const table: Transitions<'off' | 'on' | 'broken', 'press' | 'drop'> = {
  off: { press: 'on' },
  on: { press: 'off', drop: 'broken' },
  broken: {},
}

test('a machine follows its table', () => {
  const machine = createMachine(table, 'off')
  expect([machine.state, machine.send('press'), machine.state]).toEqual(['off', true, 'on'])
  expect([machine.send('drop'), machine.state]).toEqual([true, 'broken'])
})

test('an event without a cell is refused and changes nothing', () => {
  const moves: unknown[] = []
  const machine = createMachine(table, 'off', (...move) => moves.push(move))
  expect([machine.send('drop'), machine.state, moves]).toEqual([false, 'off', []])
})

test('a move is told after it has happened, with where from and why', () => {
  const told: unknown[] = []
  const machine = createMachine(table, 'off', (...move) => told.push([...move, machine.state]))
  machine.send('press')
  machine.send('drop')
  expect(told).toEqual([
    ['on', 'off', 'press', 'on'],
    ['broken', 'on', 'drop', 'broken'],
  ])
})

test('whoever hears of a move may cause the next one', () => {
  const machine = createMachine(table, 'off', (to) => {
    if (to === 'on') machine.send('drop')
  })
  expect([machine.send('press'), machine.state]).toEqual([true, 'broken'])
})

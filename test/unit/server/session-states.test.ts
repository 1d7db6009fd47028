import { expect, test } from 'vitest'
import { sessionStates } from '../../../src/server/session-states.ts'
import { createMachine } from '../../../src/shared/machine.ts'
import { drawTransitions } from '../../support/draw-transitions.ts'

test('the whole table of a session is this', () => {
  expect(drawTransitions(sessionStates)).toMatchInlineSnapshot(`
    "greeting --hello--> authenticating
    greeting --close--> closed
    authenticating --admitted--> ready
    authenticating --close--> closed
    ready --close--> closed
    closed (end)"
  `)
})

test('nobody is ready who was not admitted, and nothing leads out of closed', () => {
  const machine = createMachine(sessionStates, 'greeting')
  expect([machine.send('admitted'), machine.send('hello'), machine.send('hello')]).toEqual([
    false,
    true,
    false,
  ])
  expect([machine.send('admitted'), machine.send('admitted'), machine.send('close')]).toEqual([
    true,
    false,
    true,
  ])
  expect((['hello', 'admitted', 'close'] as const).map((event) => machine.send(event))).toEqual([
    false,
    false,
    false,
  ])
})

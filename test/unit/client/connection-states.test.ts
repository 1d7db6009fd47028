import { expect, test } from 'vitest'
import { type LinkState, linkStates, shownState } from '../../../src/client/connection-states.ts'
import { subscriptionStates } from '../../../src/client/subscription-states.ts'
import { drawTransitions } from '../../support/draw-transitions.ts'

test('the whole table of the connection is this', () => {
  expect(drawTransitions(linkStates)).toMatchInlineSnapshot(`
    "idle --needed--> authorizing
    idle --open--> authorizing
    idle --close--> closed
    authorizing --authorized--> connecting
    authorizing --lost--> waiting
    authorizing --refused--> failed
    authorizing --close--> closed
    connecting --opened--> greeting
    connecting --lost--> waiting
    connecting --refused--> failed
    connecting --close--> closed
    greeting --welcomed--> online
    greeting --lost--> waiting
    greeting --refused--> failed
    greeting --close--> closed
    online --lost--> waiting
    online --refused--> failed
    online --close--> closed
    waiting --open--> authorizing
    waiting --close--> closed
    failed --open--> authorizing
    failed --close--> closed
    closed (end)"
  `)
})

test('people see four states of the connection', () => {
  const states = Object.keys(linkStates) as LinkState[]
  expect(Object.fromEntries(states.map((state) => [state, shownState(state)]))).toMatchInlineSnapshot(`
    {
      "authorizing": "connecting",
      "closed": "disconnected",
      "connecting": "connecting",
      "failed": "error",
      "greeting": "connecting",
      "idle": "disconnected",
      "online": "connected",
      "waiting": "connecting",
    }
  `)
})

test('the whole table of a subscription is this', () => {
  expect(drawTransitions(subscriptionStates)).toMatchInlineSnapshot(`
    "waiting --online--> joining
    waiting --leave--> left
    joining --accepted--> live
    joining --refused--> refused
    joining --offline--> waiting
    joining --leave--> left
    live --broken--> joining
    live --refused--> refused
    live --offline--> waiting
    live --leave--> left
    refused --online--> joining
    refused --offline--> waiting
    refused --leave--> left
    left (end)"
  `)
})

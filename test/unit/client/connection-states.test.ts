import { expect, test } from 'vitest'
import { type LinkState, linkStates, shownState } from '../../../src/client/connection-states.ts'
import { subscriptionStates } from '../../../src/client/subscription-states.ts'
import { drawTransitions } from '../../support/draw-transitions.ts'

test('the whole table of the connection is this', () => {
  expect(drawTransitions(linkStates)).toMatchInlineSnapshot(`
    "idle --needed--> authorizing
    idle --open--> authorizing
    idle --disconnect--> off
    idle --close--> closed
    off --open--> authorizing
    off --close--> closed
    authorizing --authorized--> connecting
    authorizing --lost--> waiting
    authorizing --tripped--> paused
    authorizing --refused--> failed
    authorizing --freeze--> frozen
    authorizing --disconnect--> off
    authorizing --close--> closed
    connecting --opened--> greeting
    connecting --lost--> waiting
    connecting --tripped--> paused
    connecting --refused--> failed
    connecting --freeze--> frozen
    connecting --disconnect--> off
    connecting --close--> closed
    greeting --welcomed--> online
    greeting --lost--> waiting
    greeting --tripped--> paused
    greeting --refused--> failed
    greeting --freeze--> frozen
    greeting --disconnect--> off
    greeting --close--> closed
    online --lost--> waiting
    online --tripped--> paused
    online --refused--> failed
    online --freeze--> frozen
    online --disconnect--> off
    online --close--> closed
    waiting --open--> authorizing
    waiting --retry--> authorizing
    waiting --freeze--> frozen
    waiting --disconnect--> off
    waiting --close--> closed
    paused --open--> authorizing
    paused --retry--> authorizing
    paused --freeze--> frozen
    paused --disconnect--> off
    paused --close--> closed
    frozen --open--> authorizing
    frozen --retry--> authorizing
    frozen --disconnect--> off
    frozen --close--> closed
    failed --open--> authorizing
    failed --disconnect--> off
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
      "frozen": "disconnected",
      "greeting": "connecting",
      "idle": "disconnected",
      "off": "disconnected",
      "online": "connected",
      "paused": "connecting",
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

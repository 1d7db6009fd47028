import { expect, test } from 'vitest'
import { closeReason, isFatalClose } from '../../../src/protocol/close-codes.ts'

test.each([1000, 1001, 1002, 1005, 1006, 1008, 1011, 1012, 1013, 1015, 3000, 4000, 4006, 4499, 5000])(
  'a connection closed with %i is tried again',
  (code) => {
    expect(isFatalClose(code)).toBe(false)
  },
)

test.each([1009, 4500, 4501, 4506, 4999])('a connection closed with %i is not tried again', (code) => {
  expect(isFatalClose(code)).toBe(true)
})

test('the reason of a hub begins with the error code', () => {
  expect(closeReason(4001, 'ping_timeout: no answer')).toBe('ping_timeout')
})

test('any other close has lost the connection, whatever its reason says', () => {
  expect(closeReason(1006, 'draining: not from a hub')).toBe('connection_lost')
  expect(closeReason(4000, '')).toBe('connection_lost')
  expect(closeReason(4401, 'Invalid token: expired')).toBe('connection_lost')
})

test('a message that was too large is told by the WebSocket layer, which gives no reason', () => {
  expect(closeReason(1009, '')).toBe('too_large')
})

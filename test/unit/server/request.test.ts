import type { IncomingMessage } from 'node:http'
import { describe, expect, test } from 'vitest'
import { type AllowedOrigins, refusalOf } from '../../../src/server/request.ts'

const ask = (headers: IncomingMessage['headers'], origins: AllowedOrigins = 'same') =>
  refusalOf({ headers: { 'sec-websocket-protocol': 'syncline.1', ...headers } } as IncomingMessage, origins)
    ?.status

describe('the origin of a page', () => {
  test.each([
    [
      'the host that serves the hub',
      { origin: 'https://app.example', host: 'app.example' },
      'same',
      undefined,
    ],
    [
      'the same host and port',
      { origin: 'http://localhost:3000', host: 'localhost:3000' },
      'same',
      undefined,
    ],
    ['another port', { origin: 'http://localhost:5173', host: 'localhost:3000' }, 'same', 403],
    ['another host', { origin: 'https://evil.example', host: 'app.example' }, 'same', 403],
    [
      'a host that only begins alike',
      { origin: 'https://app.example.evil', host: 'app.example' },
      'same',
      403,
    ],
    ['a file or a sandbox', { origin: 'null', host: 'app.example' }, 'same', 403],
    ['one of a list', { origin: 'https://a.example', host: 'x' }, ['https://a.example'], undefined],
    ['none of a list', { origin: 'https://b.example', host: 'x' }, ['https://a.example'], 403],
    [
      'its own host when a list leaves it out',
      { origin: 'https://x', host: 'x' },
      ['https://a.example'],
      403,
    ],
    ['any host where any may', { origin: 'https://evil.example', host: 'x' }, 'any', undefined],
    ['nothing, as servers send none', { host: 'x' }, [], undefined],
  ] as const)('is judged: %s', (...[, headers, origins, status]) => {
    expect(ask(headers, origins)).toBe(status)
  })
})

describe('the subprotocol', () => {
  test.each([
    ['alone', 'syncline.1', undefined],
    ['among others', 'graphql-ws,  syncline.1 , x', undefined],
    ['not at all', undefined, 400],
    ['in another version', 'syncline.10', 400],
    ['in other letters', 'Syncline.1', 400],
  ])('is offered %s', (_name, offered, status) => {
    expect(ask({ 'sec-websocket-protocol': offered })).toBe(status)
  })
})

test('a refusal says what to do', () => {
  const request = { headers: { origin: 'https://a.example', host: 'b.example' } } as IncomingMessage
  expect(refusalOf(request, 'same')).toEqual({
    status: 403,
    message: 'Origin https://a.example is not allowed; name it in "origins"',
  })
  expect(refusalOf({ headers: {} } as IncomingMessage, 'same')?.message).toBe(
    'The subprotocol syncline.1 must be offered',
  )
})

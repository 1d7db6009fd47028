import type { IncomingMessage } from 'node:http'
import { describe, expect, it, test } from 'vitest'
import { type AllowedOrigins, checkOrigins, refusalOf } from '../../../src/server/request.ts'

const ask = (headers: IncomingMessage['headers'], origins: AllowedOrigins = 'same') =>
  refusalOf({ headers: { 'sec-websocket-protocol': 'syncline.1', ...headers } } as IncomingMessage, origins)
    ?.status

const isOfExample = (origin: string) => origin.endsWith('.example')
/** An async function has not said yes. */
const vague = (async () => true) as unknown as (origin: string) => boolean

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
    ['the same host whose proxy names the port', { origin: 'https://x', host: 'x:443' }, 'same', undefined],
    ['the same host with the port of another scheme', { origin: 'http://x', host: 'x:443' }, 'same', 403],
    ['a host that is none', { origin: 'not an origin', host: 'not an origin' }, 'same', 403],
    ['a file beside a host that is none', { origin: 'file://', host: 'localhost' }, 'same', 403],
    ['an app of its own scheme', { origin: 'app://localhost', host: 'localhost' }, 'same', 403],
    ['any page where the request names no host', { origin: 'https://undefined' }, 'same', 403],
    ['nothing, as servers send none', { host: 'x' }, [], undefined],
    ['nothing, whatever a function would say', { host: 'x' }, () => false, undefined],
    ['one that a function lets in', { origin: 'https://a.example', host: 'x' }, isOfExample, undefined],
    ['one that a function refuses', { origin: 'https://example.evil', host: 'x' }, isOfExample, 403],
    ['one for which a function says what is not true', { origin: 'https://a', host: 'x' }, vague, 403],
  ] as const)('is judged: %s', (...[, headers, origins, status]) => {
    expect(ask(headers, origins)).toBe(status)
  })
})

describe('origins', () => {
  it.each<[string, AllowedOrigins]>([
    ['the words', 'same'],
    ['a list, also an empty one', []],
    ['what browsers send', ['https://a.example', 'http://localhost:5173', 'capacitor://localhost', 'null']],
    ['a function', () => true],
  ])('are taken: %s', (_name, origins) => {
    expect(() => checkOrigins(origins)).not.toThrow()
  })

  it.each([
    ['one alone, which would let in whoever is a part of it', 'https://app.example'],
    ['nothing', null],
    ['a slash at the end', ['https://a.example', 'https://app.example/']],
    ['a path', ['https://app.example/sync']],
    ['a host', ['app.example']],
    ['capitals', ['https://App.example']],
    ['what is no text', [/app/]],
  ])('are refused that match what they do not seem to: %s', (_name, origins) => {
    expect(() => checkOrigins(origins as AllowedOrigins)).toThrow(
      expect.objectContaining({ code: 'bad_options', message: expect.stringContaining('"origins"') }),
    )
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

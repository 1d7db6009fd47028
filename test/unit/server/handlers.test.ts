import { channel, defineRegistry } from 'syncline'
import { expect, test } from 'vitest'
import * as z from 'zod'
import { type AnyHandlers, checkHandlers } from '../../../src/server/handlers.ts'

const { channels } = defineRegistry({
  room: channel('room', { requests: { ask: { input: z.null(), output: z.null() } } }),
  plain: channel('plain', {}),
})

test('handlers that the channel can have are taken', () => {
  const run = () => true
  const all: AnyHandlers[] = [
    {},
    { authorize: run, onPublish: run, requests: { ask: run } },
    { requests: {} },
  ]
  for (const handlers of all) expect(checkHandlers('room', channels.room.spec, handlers)).toBeUndefined()
  expect(checkHandlers('plain', channels.plain.spec, {})).toBeUndefined()
})

test.each<[string, object, string]>([
  ['room', { authorize: true }, '"authorize" is no function'],
  ['room', { onPublish: null }, '"onPublish" is no function'],
  ['room', { requests: { ask: 'yes' } }, 'the handler of "ask" is no function'],
  ['room', { requests: { ask: undefined } }, 'the handler of "ask" is no function'],
  ['room', { requests: { asks: () => null } }, 'the registry has no request "asks" there'],
  ['room', { requests: { toString: () => '' } }, 'the registry has no request "toString" there'],
  ['plain', { requests: { ask: () => null } }, 'the registry has no request "ask" there'],
])('on %s, %j is refused by name', (key, handlers, words) => {
  const { spec } = channels[key as 'room']
  expect(() => checkHandlers(key, spec, handlers as AnyHandlers)).toThrow(
    expect.objectContaining({ code: 'bad_options', message: `hub.serve("${key}", …): ${words}` }),
  )
})

import { channel, defineRegistry, SyncError } from 'syncline'
import { createClient } from 'syncline/client'
import { attachWebSocket, createHub, type HubOptions } from 'syncline/server'
import { manualClock } from 'syncline/testing'
import { expect, onTestFinished, vi } from 'vitest'
import * as z from 'zod'
import { patience, startHttp } from './hub-server.ts'
import { unhandledDuring } from './unhandled.ts'

const said = z.object({ text: z.string() })
const anything = { input: z.unknown(), output: z.unknown() }
export const registry = defineRegistry({
  /** Where all is well. */
  good: channel('good', {
    clientEvents: { said },
    requests: { add: { input: z.number(), output: z.number() } },
  }),
  /** Where one can be present in many places. */
  room: channel('room/:id', { presence: z.object({ name: z.string() }) }),
  /** Where the handlers of a test are. */
  bad: channel('bad', {
    clientEvents: { said },
    requests: { ask: { input: z.unknown(), output: said }, free: anything },
    presence: z.object({ name: z.string() }),
  }),
})

type Handlers = Parameters<ReturnType<typeof createHub<typeof registry>>['serve']>[1]

interface Given {
  readonly authorize?: () => unknown
  readonly onPublish?: () => unknown
  readonly ask?: () => unknown
  readonly free?: () => unknown
}

/** A hub with such handlers for the channel `bad`, and a client that has to do with `good` alone. */
export async function startHub({ ask, free, ...rest }: Given, options: HubOptions = {}) {
  const clock = manualClock()
  const errors: [stage: string, code: string][] = []
  const causes: unknown[] = []
  const http = await startHttp()
  const hub = createHub(registry, {
    clock,
    onError: (error, { stage }) => {
      errors.push([stage, error.code])
      causes.push(error.cause)
    },
    ...options,
  })
  hub.serve('good', { requests: { add: ({ input }) => input + 1 } })
  hub.serve('room', {})
  hub.serve('bad', {
    ...rest,
    requests: { ...(ask && { ask }), ...(free && { free }) },
  } as unknown as Handlers & object)
  attachWebSocket(hub, http.server, { path: '/sync' })
  onTestFinished(() => hub.close({ withinMs: 0 }))
  const url = `ws://127.0.0.1:${http.port}/sync`
  return { hub, clock, errors, causes, url, http }
}

/** A client on a clock that stands, so that it tries nothing again. */
export function startClient(url: string) {
  const errors: [stage: string, code: string, channel: string | undefined][] = []
  const clock = manualClock()
  const client = createClient(registry, {
    url,
    clock,
    onError: ({ code }, { stage, channel: name }) => errors.push([stage, code, name]),
  })
  onTestFinished(() => client.close())
  return { client, clock, errors }
}

export type Started = Awaited<ReturnType<typeof startHub>>

/** Lets a client do what it wants on `bad`, while another one must be served on `good` before, meanwhile and after. */
export async function beside(served: Started, run: () => Promise<void>): Promise<void> {
  const { client, errors } = startClient(served.url)
  const heard: string[] = []
  const good = client.channel('good')
  good.on('said', ({ text }) => heard.push(text))
  let isJoined = false
  good.on('subscribed', () => {
    isJoined = true
  })
  let n = 0
  const live = async () => {
    await good.publish('said', { text: `${++n}` })
    expect(await good.request('add', n)).toBe(n + 1)
    await vi.waitFor(() => expect(heard.at(-1)).toBe(`${n}`), patience)
  }
  const unhandled = await unhandledDuring(async () => {
    await vi.waitFor(() => expect(isJoined).toBe(true), patience)
    await live()
    await Promise.all([run(), live()])
    await live()
  })
  expect(unhandled).toEqual([])
  expect(errors).toEqual([])
  expect([client.status.state, client.stats().counts.connected]).toEqual(['connected', 1])
}

export const cyclic: Record<string, unknown> = { text: 'round' }
cyclic['self'] = cyclic
export const never = new Promise<never>(() => {})
export const hostile = new Proxy(
  {},
  {
    get() {
      throw new Error('a trap')
    },
    has() {
      throw new Error('a trap')
    },
  },
)
export const badIssues = [{ message: 'no', path: [], input: 10n }]

/** Ways to fail that are no answer: nobody outside may hear more than `internal`. */
export const failures: readonly [name: string, fail: () => unknown][] = [
  [
    'throws an Error',
    () => {
      throw new Error('secret')
    },
  ],
  [
    'throws a text',
    () => {
      throw 'secret'
    },
  ],
  [
    'throws nothing',
    () => {
      throw undefined
    },
  ],
  [
    'throws null',
    () => {
      throw null
    },
  ],
  [
    'throws an object with traps',
    () => {
      throw hostile
    },
  ],
  ['rejects', () => Promise.reject(new Error('secret'))],
  ['rejects with nothing', () => Promise.reject()],
  [
    'throws an error with a code of its own',
    () => {
      throw Object.assign(new Error('secret'), { code: 'forbidden' })
    },
  ],
  [
    'throws a code that does not travel',
    () => {
      throw new SyncError('bad_options', 'secret')
    },
  ],
  [
    'gives a thenable that throws',
    () => ({
      // biome-ignore lint/suspicious/noThenProperty: what awaits it is what is tested
      then: () => {
        throw new Error('secret')
      },
    }),
  ],
]

/** What fits no schema, or is no JSON. */
export const shapes: readonly [name: string, make: () => unknown][] = [
  ['undefined', () => undefined],
  ['null', () => null],
  ['a number', () => 7],
  ['another object', () => ({ txt: 'x' })],
  ['a BigInt', () => ({ text: 7n })],
  ['a function', () => () => 'x'],
  ['a symbol', () => Symbol('x')],
  ['an object with traps', () => hostile],
]

import { channel, defineRegistry } from 'syncline'
import * as z from 'zod'
import type { ReqFrame, ReqOptions } from '../../src/protocol/frames.ts'
import type { AnyHandlers } from '../../src/server/handlers.ts'
import { Requests } from '../../src/server/requests.ts'
import { readySession } from './fake-sessions.ts'
import { hubParts } from './hub-parts.ts'

const numbers = z.object({ a: z.number(), b: z.number().default(1) })
const registry = defineRegistry({
  room: channel('room/:id', {
    events: { added: z.object({}) },
    requests: {
      add: { input: numbers, output: z.object({ sum: z.number() }) },
      look: { input: z.null(), output: z.number(), idempotent: true },
      spare: { input: z.null(), output: z.null() },
      constructor: { input: z.null(), output: z.null() },
    },
  }),
})

export type Handler = NonNullable<NonNullable<AnyHandlers['requests']>[string]>
export type Fields = Partial<{ name: string; request: string; data: unknown; options: ReqOptions }>

interface Held {
  readonly request: Parameters<Handler>[0]
  readonly answer: (reply: unknown) => void
  readonly fail: (error: unknown) => void
}

/** The requests of a hub, of which a handler that is not given is answered by the test. */
export function requestsOnTest(handler?: Handler, { authorize, ...options }: Record<string, unknown> = {}) {
  const parts = hubParts(registry, options)
  const held: Held[] = []
  const hold: Handler = (request) => new Promise((answer, fail) => held.push({ request, answer, fail }))
  const handlers = { requests: { add: handler ?? hold, look: handler ?? hold } }
  parts.served.add('room', { ...handlers, ...(authorize ? { authorize: authorize as () => boolean } : {}) })
  const requests = new Requests({ ...parts, owner: 'node 1' })
  const connect = (user = 'ann') => {
    const { session, socket } = readySession(parts.settings, { id: user })
    const ask = (
      ref: number,
      { name = 'room/1', request = 'add', data = { a: 1 }, options }: Fields = {},
    ) => {
      const frame: ReqFrame = ['req', ref, name, request, data]
      if (options) frame[5] = options
      void requests.ask(session, frame)
    }
    return { session, socket, ask, cancel: (ref: number) => requests.cancel(session, ref) }
  }
  return { ...parts, requests, held, connect, ...connect(), settle: () => parts.clock.settle() }
}

export const sum: Handler = ({ input }) => {
  const { a, b } = input as { a: number; b: number }
  return { sum: a + b, secret: 'hunter2' }
}

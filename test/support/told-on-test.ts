import { channel, defineRegistry } from 'syncline'
import { type ClientOptions, createClient } from 'syncline/client'
import { manualClock } from 'syncline/testing'
import { onTestFinished } from 'vitest'
import * as z from 'zod'
import { fakeSockets } from './fake-sockets.ts'

const registry = defineRegistry({
  room: channel('room/:id', {
    messages: {
      typing: z.object({ isTyping: z.boolean() }),
      cursor: z.object({ x: z.number().default(0) }),
    },
  }),
})

/** A client in a room with messages, whose sockets and clocks are the test's. */
export function toldOnTest(options: Partial<ClientOptions> = {}) {
  const clock = manualClock()
  /** How far the client's clock was set, in milliseconds. */
  const set = { ms: 0 }
  const sockets = fakeSockets()
  const errors: { code: string; stage: string; event: string | undefined }[] = []
  const client = createClient(registry, {
    url: 'ws://hub',
    clock: { now: () => clock.now() + set.ms, after: clock.after },
    socket: sockets.factory,
    onError: ({ code }, { stage, event }) => void errors.push({ code, stage, event }),
    ...options,
  })
  onTestFinished(() => client.close())
  const room = client.channel('room', { id: 1 })
  const told = () => sockets.last.sent.flatMap((frame) => (frame[0] === 'tell' ? [frame[3]] : []))
  return {
    clock,
    set,
    sockets,
    errors,
    client,
    room,
    online: () => {
      client.connect()
      sockets.last.welcome()
    },
    /** Accepts the newest subscription. */
    accept: () => {
      const sub = sockets.last.sent.filter(([type]) => type === 'sub').at(-1)!
      sockets.last.receive('subscribed', sub[1] as number, 1, { position: ['epoch', 0, ''], recovered: null })
      sockets.last.receive('live', 1)
    },
    cut: () => sockets.last.listener.closed(1006, ''),
    /** Lets a message of another client arrive. */
    hear: (message: string, data: unknown, from: string | null = 'a') =>
      sockets.last.receive('told', 1, message, data, from),
    /** The data of the messages that went out on the newest connection. */
    told,
  }
}

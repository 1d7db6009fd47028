import { channel, defineRegistry } from 'syncline'
import * as z from 'zod'

/** A registry with something in every section that a client can send or hear. */
export const registry = defineRegistry({
  room: channel('room/:id', {
    events: {
      renamed: z.object({ title: z.string() }),
      opened: z.object({ at: z.string().transform((text) => new Date(text)) }),
    },
    clientEvents: {
      said: z.object({ text: z.string(), tags: z.array(z.object({ label: z.string() })).optional() }),
      shouted: z.object({ text: z.string(), loud: z.boolean().default(true) }),
    },
    messages: { cursor: z.object({ x: z.number() }) },
    requests: {
      add: {
        input: z.object({ a: z.number(), b: z.number() }),
        output: z.object({ sum: z.number().transform((sum) => BigInt(sum)) }),
      },
    },
  }),
  /** Nothing to send here. */
  news: channel('news', { events: { told: z.object({ text: z.string() }) } }),
})

import { channel, defineRegistry } from 'syncline'
import * as z from 'zod'

/** One of every section, with inputs that differ from their outputs, for what must and must not compile. */
export const registry = defineRegistry({
  game: channel('game/:code/:round', {
    events: {
      started: z.object({ at: z.string().transform((text) => new Date(text)) }),
      ended: z.object({ winner: z.string() }),
    },
    clientEvents: { said: z.object({ text: z.string(), loud: z.boolean().default(false) }) },
    messages: { cursor: z.object({ x: z.number() }) },
    requests: {
      join: {
        input: z.object({ since: z.string().transform((text) => new Date(text)) }),
        output: z.object({ seats: z.string().transform((text) => Number(text)) }),
      },
    },
  }),
  lobby: channel('lobby', { events: { opened: z.object({ rooms: z.number() }) } }),
})

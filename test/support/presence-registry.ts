import { channel, defineRegistry } from 'syncline'
import * as z from 'zod'

/** A channel whose members show something that a schema changes, and one without presence. */
export const registry = defineRegistry({
  room: channel('room/:id', {
    events: { said: z.object({ text: z.string() }) },
    presence: z.object({ name: z.string(), since: z.string().default('today') }),
  }),
  news: channel('news', { events: { told: z.object({ text: z.string() }) } }),
})

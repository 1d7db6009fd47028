import { channel, defineRegistry } from 'syncline'
import * as z from 'zod'

/** A small registry with one of each: no parameter, a parameter, a user's own channel. */
export const registry = defineRegistry({
  lobby: channel('lobby', { events: { said: z.object({ text: z.string() }) } }),
  game: channel('game/:code', {
    events: { moved: z.object({ step: z.number() }), ended: z.object({}) },
  }),
  inbox: channel('inbox/:user', { events: { mail: z.object({ subject: z.string() }) } }),
})

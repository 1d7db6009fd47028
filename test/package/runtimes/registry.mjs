import { channel, defineRegistry } from 'syncline'
import * as z from 'zod'

export const registry = defineRegistry({
  game: channel('game/:code', { events: { said: z.object({ text: z.string() }) } }),
})

import { channel, defineRegistry } from 'syncline'
import * as z from 'zod'

export const registry = defineRegistry({
  lobby: channel('lobby', { events: { said: z.object({ text: z.string().max(500) }) } }),
})

import * as z from 'zod'
import { openWith } from './syncline.mjs'

export const open = openWith(
  z.object({
    seq: z.number(),
    player: z.string(),
    team: z.string(),
    points: z.number(),
    position: z.object({ x: z.number(), y: z.number() }),
    tags: z.array(z.string()),
    note: z.string(),
    at: z.number(),
  }),
)

import * as z from 'zod'
import { startWith } from './syncline.mjs'

export const start = () =>
  startWith(
    z.object({
      seq: z.number(),
      at: z.string(),
      player: z.string(),
      team: z.string(),
      points: z.number(),
      position: z.object({ x: z.number(), y: z.number() }),
      tags: z.array(z.string()),
      note: z.string(),
    }),
  )
